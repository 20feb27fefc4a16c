//! What is known about the value of an expression.

use std::sync::Arc;

use super::labels::Labels;
use super::metrics::Resolved;
use super::quantity::Quantity;

/// Type of a value, as Prometheus knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// One number.
    Scalar,
    /// Series with one sample each.
    Vector,
    /// Series with the samples of a window.
    Matrix,
    /// A text.
    Text,
    /// A Grafana variable can be anything.
    Any,
}

/// What a value is, beyond its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Nothing is known.
    Unknown,
    /// A number that stands in the query.
    Constant,
    /// A total that grows and begins again.
    Counter,
    /// A growth per second.
    Rate,
    /// A growth over a window.
    Increase,
    /// A value of now.
    Gauge,
    /// Bucket counters of a histogram, or a sum of them.
    Buckets,
    /// Growth of the buckets of a histogram.
    BucketRates,
    /// A native histogram, or a sum of such.
    Histogram,
    /// A quantile of a distribution.
    Quantile,
    /// A mean: growth of a sum over growth of its count.
    Mean,
    /// A quotient of two of a kind.
    Share,
    /// Constant 1; the labels are the information.
    Info,
    /// A unix time.
    Timestamp,
    /// 0 or 1.
    Flag,
    /// A count over a window that slides: it falls again.
    WindowCount,
    /// The last value of something, such as a code.
    LastValue,
    /// The largest value so far.
    HighWaterMark,
    /// A gauge that only grows: a rate of it makes sense.
    Accumulator,
    /// A gauge that is a rate already.
    GivenRate,
}

impl Nature {
    /// Returns the words for a finding.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "a value",
            Self::Constant => "a number",
            Self::Counter => "a counter",
            Self::Rate => "a rate",
            Self::Increase => "an increase",
            Self::Gauge => "a gauge",
            Self::Buckets => "bucket counters",
            Self::BucketRates => "rates of buckets",
            Self::Histogram => "a native histogram",
            Self::Quantile => "a quantile",
            Self::Mean => "a mean",
            Self::Share => "a ratio",
            Self::Info => "an info metric (always 1)",
            Self::Timestamp => "a unix time",
            Self::Flag => "a flag (0 or 1)",
            Self::WindowCount => "a count over a sliding window, which falls again",
            Self::LastValue => "the value of the latest event",
            Self::HighWaterMark => "a high-water mark",
            Self::Accumulator => "an accumulating gauge",
            Self::GivenRate => "a rate already",
        }
    }

    /// Returns whether it only grows, so that `rate` makes sense.
    pub fn grows(self) -> bool {
        matches!(self, Self::Counter | Self::Buckets | Self::Accumulator | Self::Histogram)
    }
}

/// Bounds of a value; open where `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Smallest possible value.
    pub min: Option<f64>,
    /// Largest possible value.
    pub max: Option<f64>,
}

impl Bounds {
    /// Makes bounds.
    pub fn between(min: f64, max: f64) -> Self {
        Self { min: Some(min), max: Some(max) }
    }

    /// Not negative.
    pub fn positive() -> Self {
        Self { min: Some(0.0), max: None }
    }

    /// Returns the bounds after a monotonous change of both ends.
    #[must_use]
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (self.min.map(&change), self.max.map(&change));
        if let (Some(x), Some(y)) = (a, b) {
            return Self::between(x.min(y), x.max(y));
        }
        // A half-open range turns around if the change falls.
        if change(1.0) < change(0.0) { Self { min: b, max: a } } else { Self { min: a, max: b } }
    }
}

/// Everything known about the value of an expression.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Type.
    pub value: ValueType,
    /// Nature.
    pub nature: Nature,
    /// Quantity; `None` if not known.
    pub unit: Option<Quantity>,
    /// Whether nature and unit come from the catalogue; otherwise from a name that follows Prometheus's conventions.
    pub sure: bool,
    /// Bounds.
    pub bounds: Bounds,
    /// Labels of the series.
    pub labels: Arc<Labels>,
    /// The number, if it is one that can be computed here.
    pub constant: Option<f64>,
    /// The metric whose values or distribution it shows, if there is exactly one.
    pub metric: Option<Arc<Resolved>>,
    /// Whether series were added up: what the value is of several.
    pub summed: bool,
    /// Window in seconds that a rate or increase was taken over, if fixed.
    pub window: Option<f64>,
    /// Whether it is a comparison that filters: the value of its left side where the condition holds.
    pub condition: bool,
}

impl Facts {
    /// Nothing is known but the type.
    pub fn unknown(value: ValueType) -> Self {
        Self {
            value,
            nature: Nature::Unknown,
            unit: None,
            sure: false,
            bounds: Bounds::default(),
            labels: Arc::new(Labels::unknown()),
            constant: None,
            metric: None,
            summed: false,
            window: None,
            condition: false,
        }
    }

    /// A number.
    pub fn number(value: f64) -> Self {
        Self {
            nature: Nature::Constant,
            sure: true,
            bounds: Bounds::between(value, value),
            labels: Arc::new(Labels::none()),
            constant: Some(value),
            ..Self::unknown(ValueType::Scalar)
        }
    }

    /// Returns whether it is a number, or `vector(number)`.
    pub fn is_constant(&self) -> bool {
        self.constant.is_some()
    }
}
