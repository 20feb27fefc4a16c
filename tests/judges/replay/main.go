// Replay lets Prometheus live through the past: it stores samples scrape by scrape and evaluates rule groups in between, each at its
// own interval, with the rule engine and the storage of Prometheus. So alerts wait, fire and resolve as they would have, recorded
// series are there when later rules read them, and what vanishes is marked as stale.
//
//	replay -data DIR [-eval DURATION] [-rules FILE]... SAMPLES
//
// SAMPLES is a text of OpenMetrics with timestamps in whole seconds; all samples of one second are one scrape. FILE is relative
// to the working directory, and decides with the name of a group by how much its evaluations lag, as in Prometheus. DIR gets a
// storage that a Prometheus can open. Prints a report as JSON. Exit status: 0, or 1 if something cannot be read, stored or evaluated.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Firing is one alert from when it fires until it does not any more.
type Firing struct {
	Labels map[string]string `json:"labels"`
	// Unix times in seconds; To is missing if it fires at the end.
	From int64  `json:"from"`
	To   *int64 `json:"to,omitempty"`
}

// Report is what was seen.
type Report struct {
	Samples     int      `json:"samples"`
	Evaluations int      `json:"evaluations"`
	Firings     []Firing `json:"firings"`
	// Minutes in which recorded series were NaN: any of them, and each.
	NaNMinutes int            `json:"nan_minutes"`
	NaN        map[string]int `json:"nan"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run() error {
	var files []string
	data := flag.String("data", "", "folder of the storage")
	interval := flag.Duration("eval", 30*time.Second, "interval of groups that name none")
	flag.Func("rules", "rule file", func(f string) error { files = append(files, f); return nil })
	flag.Parse()
	if *data == "" || flag.NArg() != 1 {
		return errors.New("use: replay -data DIR [-eval DURATION] [-rules FILE]... SAMPLES")
	}
	scrapes, err := read(flag.Arg(0))
	if err != nil {
		return err
	}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = 0 // nothing is too old
	options.WALSegmentSize = -1   // all of it becomes a block at the end
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	db, err := tsdb.Open(*data, quiet, nil, options, nil)
	if err != nil {
		return err
	}
	db.DisableCompactions()
	p := &past{db: db, nan: map[string]map[int64]bool{}, firing: map[string]*Firing{}}
	if err := p.load(files, *interval, quiet); err != nil {
		return err
	}
	if err := p.live(scrapes); err != nil {
		return err
	}
	head := db.Head()
	if err := db.CompactHead(tsdb.NewRangeHead(head, head.MinTime(), head.MaxTime())); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(p.report())
}

// A sample of one of the series that were read.
type sample struct {
	series int
	value  float64
}

// Scrapes are the samples of each second, in order.
type scrapes struct {
	series []labels.Labels
	times  []int64 // milliseconds
	at     map[int64][]sample
}

// read reads line by line: the text goes by time in windows, so that families do not stay together.
func read(path string) (*scrapes, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &scrapes{at: map[int64][]sample{}}
	known := map[string]int{}
	symbols := labels.NewSymbolTable()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := in.Bytes()
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		// `name{labels} value time`: neither value nor time has a blank.
		end := bytes.LastIndexByte(line, ' ')
		middle := bytes.LastIndexByte(line[:max(end, 0)], ' ')
		if middle < 0 {
			return nil, fmt.Errorf("%s: no sample: %s", path, line)
		}
		number, err := strconv.ParseFloat(string(line[middle+1:end]), 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", path, err, line)
		}
		seconds, err := strconv.ParseInt(string(line[end+1:]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", path, err, line)
		}
		index, is := known[string(line[:middle])]
		if !is {
			p := textparse.NewOpenMetricsParser(append(bytes.Clone(line), "\n# EOF\n"...), symbols)
			if entry, err := p.Next(); err != nil || entry != textparse.EntrySeries {
				return nil, fmt.Errorf("%s: %w: %s", path, err, line)
			}
			var l labels.Labels
			p.Labels(&l)
			index = len(s.series)
			s.series = append(s.series, l)
			known[string(line[:middle])] = index
		}
		ms := seconds * 1000
		if _, is := s.at[ms]; !is {
			s.times = append(s.times, ms)
		}
		s.at[ms] = append(s.at[ms], sample{index, number})
	}
	slices.Sort(s.times)
	return s, in.Err()
}

// The past as far as it has been lived through.
type past struct {
	db          *tsdb.DB
	groups      []*rules.Group
	samples     int
	evaluations int
	nan         map[string]map[int64]bool
	firing      map[string]*Firing
	over        []Firing
}

func (p *past) load(files []string, interval time.Duration, quiet *slog.Logger) error {
	queries := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: 2 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: queries,
	})
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(engine, p.db),
		Appendable: p, Queryable: p.db, Context: context.Background(), Logger: quiet, Parser: queries,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	groups, errs := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, files...)
	if errs != nil {
		return errors.Join(errs...)
	}
	for _, group := range groups {
		p.groups = append(p.groups, group)
	}
	return nil
}

// live stores each scrape, and evaluates what is due until the next one.
func (p *past) live(s *scrapes) error {
	if len(s.times) == 0 {
		return errors.New("no samples")
	}
	due := make([]time.Time, len(p.groups))
	for i, group := range p.groups {
		due[i] = group.EvalTimestamp(s.times[0] * int64(time.Millisecond)).Add(group.Interval())
	}
	var before []sample
	for n, at := range s.times {
		now := s.at[at]
		if err := p.store(s, at, now, before); err != nil {
			return err
		}
		before = now
		end := time.UnixMilli(at + 1)
		if n+1 < len(s.times) {
			end = time.UnixMilli(s.times[n+1])
		}
		for {
			next := -1
			for i := range p.groups {
				if due[i].Before(end) && (next < 0 || due[i].Before(due[next]) ||
					due[i].Equal(due[next]) && p.groups[i].Name() < p.groups[next].Name()) {
					next = i
				}
			}
			if next < 0 {
				break
			}
			if err := p.evaluate(p.groups[next], due[next]); err != nil {
				return err
			}
			due[next] = due[next].Add(p.groups[next].Interval())
		}
	}
	return nil
}

// store appends a scrape; what was in the one before and is not in this one is stale, as when a target is gone.
func (p *past) store(s *scrapes, at int64, now, before []sample) error {
	app := p.db.Appender(context.Background())
	seen := make(map[int]bool, len(now))
	for _, one := range now {
		seen[one.series] = true
		if _, err := app.Append(0, s.series[one.series], at, one.value); err != nil {
			return fmt.Errorf("%s at %d: %w", s.series[one.series], at, err)
		}
	}
	for _, one := range before {
		if !seen[one.series] {
			if _, err := app.Append(0, s.series[one.series], at, math.Float64frombits(value.StaleNaN)); err != nil {
				return err
			}
		}
	}
	p.samples += len(now)
	return app.Commit()
}

func (p *past) evaluate(group *rules.Group, at time.Time) error {
	group.Eval(context.Background(), at)
	p.evaluations++
	fires := map[string]bool{}
	for _, rule := range group.Rules() {
		if err := rule.LastError(); err != nil {
			return fmt.Errorf("%s at %s: %w", rule.Name(), at, err)
		}
		alerting, is := rule.(*rules.AlertingRule)
		if !is {
			continue
		}
		for _, alert := range alerting.ActiveAlerts() {
			if alert.State != rules.StateFiring {
				continue
			}
			key := group.Name() + alert.Labels.String()
			fires[key] = true
			if p.firing[key] == nil {
				p.firing[key] = &Firing{Labels: alert.Labels.Map(), From: at.Unix()}
			}
		}
	}
	for key, firing := range p.firing {
		if !fires[key] && strings.HasPrefix(key, group.Name()+"{") {
			to := at.Unix()
			firing.To = &to
			p.over = append(p.over, *firing)
			delete(p.firing, key)
		}
	}
	return nil
}

func (p *past) report() Report {
	minutes, any := map[string]int{}, map[int64]bool{}
	for series, all := range p.nan {
		minutes[series] = len(all)
		maps.Copy(any, all)
	}
	for _, firing := range p.firing {
		p.over = append(p.over, *firing)
	}
	slices.SortFunc(p.over, func(a, b Firing) int {
		if a.From != b.From {
			return int(a.From - b.From)
		}
		return strings.Compare(labels.FromMap(a.Labels).String(), labels.FromMap(b.Labels).String())
	})
	return Report{Samples: p.samples, Evaluations: p.evaluations, Firings: append([]Firing{}, p.over...), NaNMinutes: len(any), NaN: minutes}
}

// Appender gives rules an appender that notices NaN.
func (p *past) Appender(ctx context.Context) storage.Appender {
	return &watched{Appender: p.db.Appender(ctx), past: p}
}

type watched struct {
	storage.Appender
	past *past
}

func (w *watched) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if math.IsNaN(v) && !value.IsStaleNaN(v) {
		series := l.String()
		if w.past.nan[series] == nil {
			w.past.nan[series] = map[int64]bool{}
		}
		w.past.nan[series][t/60_000] = true
	}
	return w.Appender.Append(ref, l, t, v)
}
