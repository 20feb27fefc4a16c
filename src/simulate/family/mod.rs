//! Families of a page: metrics of the catalogue with their series, and the choice of what each series shows.

mod gateway;
mod labels;
mod meter;

pub use gateway::of_gateway;
pub use labels::{Holder, Labels, of_model, of_node};
pub use meter::{of_engine, of_gpu, of_window};

use super::series::{Meter, Series};
use super::{Wanted, write};
use crate::catalog::{LeSpelling, Metric, MetricType};

/// A metric with its series.
#[derive(Clone, Debug)]
pub struct Family {
    /// Name as scraped; histograms by base name.
    pub name: String,
    /// HELP and TYPE lines.
    pub head: String,
    /// The series.
    pub series: Vec<Series>,
}

/// How the labels of a series are written.
pub struct Form<'a> {
    /// Labels of the target, sorted, for series as they are stored; `None` for pages.
    pub target: Option<&'a [(String, String)]>,
    /// Whether labels of the page win over those of the target (`honor_labels`).
    pub honor: bool,
    /// How the exporter spells bounds.
    pub spelling: LeSpelling,
    /// Whether Prometheus stores bounds as `1.0`, however they are spelled on the page.
    pub normalised: bool,
    /// Which series are written; by the name with its suffix.
    pub wanted: &'a Wanted,
}

impl Family {
    /// Makes a family without series.
    pub fn new(metric: &Metric) -> Self {
        let (name, help) = (&metric.name, write::escaped(&metric.help, false));
        let head = format!("# HELP {name} {help}\n# TYPE {name} {}\n", metric.kind.word());
        Self { name: name.clone(), head, series: Vec::new() }
    }

    /// Adds a series, as far as it is wanted.
    pub fn add(&mut self, metric: &Metric, unit: usize, labels: Labels, mut meter: Meter, form: &Form<'_>) {
        let labels = form.scraped(labels);
        let name = &metric.name;
        let lines = match &mut meter {
            Meter::Histogram(d) => {
                let mut lines = Vec::new();
                d.buckets = metric.kind == MetricType::Histogram && form.wanted.has(&format!("{name}_bucket"));
                if d.buckets {
                    let bucket = format!("{name}_bucket");
                    for bound in metric.buckets.iter().copied().chain([f64::INFINITY]) {
                        let mut labels = labels.clone();
                        labels.push(("le".to_owned(), form.bound(bound)));
                        lines.push(write::series(&bucket, &labels));
                    }
                }
                let wanted = |s: &str| form.wanted.has(&format!("{name}{s}"));
                if wanted("_count") || wanted("_sum") {
                    lines.extend(["_count", "_sum"].map(|s| write::series(&format!("{name}{s}"), &labels)));
                }
                lines
            }
            _ if form.wanted.has(name) => vec![write::series(name, &labels)],
            _ => Vec::new(),
        };
        if !lines.is_empty() {
            self.series.push(Series { unit, lines, meter });
        }
    }
}

impl Form<'_> {
    /// Does to the labels of a series what a scrape does: a label that the target has, too, is renamed, or wins.
    fn scraped(&self, labels: Labels) -> Labels {
        let Some(target) = self.target else { return labels };
        let mut all: Labels = target.to_vec();
        // An empty label is no label.
        for (label, value) in labels.into_iter().filter(|(_, v)| !v.is_empty()) {
            match all.iter_mut().find(|(l, _)| *l == label) {
                Some(own) if self.honor => own.1 = value,
                Some(_) => all.push((format!("exported_{label}"), value)),
                None => all.push((label, value)),
            }
        }
        all
    }

    fn bound(&self, bound: f64) -> String {
        if bound.is_infinite() {
            return "+Inf".to_owned();
        }
        let float = self.spelling == LeSpelling::Float || (self.target.is_some() && self.normalised);
        if !float {
            return format!("{bound}");
        }
        if bound.abs() >= 1e6 && bound.fract() == 0.0 {
            // Python's client changes to exponents.
            let text = format!("{bound:e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            return format!("{mantissa}e+{exponent:0>2}");
        }
        format!("{bound:?}")
    }
}
