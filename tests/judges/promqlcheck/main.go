// Promqlcheck says what Prometheus's own parser, with every experimental feature on, makes of queries.
//
//	promqlcheck parse        reads one JSON string per line; prints one verdict per line, as JSON
//	promqlcheck extract DIR  prints the queries in the tests of Prometheus's sources, one JSON string per line
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// Verdict is what the parser makes of one query.
type Verdict struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	// Canon is the query with every grouping spelled out, so that two spellings of one tree are equal.
	Canon string `json:"canon,omitempty"`
}

func main() {
	err := fmt.Errorf("use: promqlcheck parse | promqlcheck extract DIR")
	switch {
	case len(os.Args) == 2 && os.Args[1] == "parse":
		err = parse()
	case len(os.Args) == 3 && os.Args[1] == "extract":
		err = extract(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "promqlcheck:", err)
		os.Exit(1)
	}
}

func parse() error {
	p := parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		ExperimentalDurationExpr:     true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	})
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var query string
		if err := json.Unmarshal(in.Bytes(), &query); err != nil {
			return err
		}
		var verdict Verdict
		expr, err := p.ParseExpr(query)
		if err != nil {
			verdict.Error = err.Error()
		} else {
			verdict = Verdict{OK: true, Canon: canon(expr)}
		}
		if err := encoder.Encode(verdict); err != nil {
			return err
		}
	}
	return in.Err()
}

// canon prints a tree without its own parentheses, with one pair around every operation. The name of a metric becomes a
// matcher: where it was written is not part of what it means.
func canon(expr parser.Expr) string {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return canon(e.Expr)
	case *parser.BinaryExpr:
		return "(" + canon(e.LHS) + " " + e.ShortString() + " " + canon(e.RHS) + ")"
	case *parser.UnaryExpr:
		return "(" + e.Op.String() + canon(e.Expr) + ")"
	case *parser.AggregateExpr:
		arguments := []parser.Expr{e.Expr}
		if e.Param != nil {
			arguments = []parser.Expr{e.Param, e.Expr}
		}
		return e.ShortString() + list(arguments)
	case *parser.Call:
		return e.Func.Name + list(e.Args)
	case *parser.SubqueryExpr:
		return canon(e.Expr) + e.ShortString()
	case *parser.MatrixSelector:
		selector := *e.VectorSelector.(*parser.VectorSelector)
		selector.Name = ""
		matrix := *e
		matrix.VectorSelector = &selector
		return matrix.String()
	case *parser.VectorSelector:
		selector := *e
		selector.Name = ""
		return selector.String()
	default:
		return expr.String()
	}
}

func list(exprs []parser.Expr) string {
	var parts []string
	for _, e := range exprs {
		parts = append(parts, canon(e))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func extract(dir string) error {
	scripts, err := filepath.Glob(filepath.Join(dir, "promql/promqltest/testdata/*.test"))
	if err != nil || len(scripts) == 0 {
		return fmt.Errorf("%s: no test scripts (%v)", dir, err)
	}
	var queries []string
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		queries = append(queries, fromScript(string(text))...)
	}
	for _, name := range []string{"parse_test.go", "printer_test.go", "prettier_test.go"} {
		inputs, err := fromSource(filepath.Join(dir, "promql/parser", name))
		if err != nil {
			return err
		}
		queries = append(queries, inputs...)
	}
	slices.Sort(queries)
	encoder := json.NewEncoder(os.Stdout)
	for _, query := range slices.Compact(queries) {
		if err := encoder.Encode(query); err != nil {
			return err
		}
	}
	return nil
}

var evaluation = regexp.MustCompile(`^eval(?:_fail|_warn|_info|_ordered)* (?:instant(?: at \S+)?|range from \S+ to \S+ step \S+) +(.+)$`)

// fromScript returns what a test script evaluates.
func fromScript(text string) []string {
	var queries []string
	for line := range strings.Lines(text) {
		if match := evaluation.FindStringSubmatch(strings.TrimSpace(line)); match != nil {
			queries = append(queries, match[1])
		}
	}
	return queries
}

// fromSource returns the strings that a Go file gives as input or output of a test.
func fromSource(path string) ([]string, error) {
	file, err := goparser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	var queries []string
	ast.Inspect(file, func(node ast.Node) bool {
		pair, ok := node.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if key, ok := pair.Key.(*ast.Ident); !ok || !slices.Contains([]string{"input", "in", "out", "expr"}, key.Name) {
			return true
		}
		if text, ok := constant(pair.Value); ok {
			queries = append(queries, text)
		}
		return true
	})
	return queries, nil
}

// constant returns the value of a string literal or of a sum of such.
func constant(expr ast.Expr) (string, bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok1 := constant(e.X)
		right, ok2 := constant(e.Y)
		return left + right, ok1 && ok2 && e.Op == token.ADD
	}
	return "", false
}
