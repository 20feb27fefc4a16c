//! The functions of PromQL: arguments, type of the result, and since when. What they compute is not known here.

use super::check::Type;

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Types of its arguments; the last is that of all further ones if `variadic` is not 0.
    pub arguments: &'static [Type],
    /// How many arguments may be left out or added: 0 none; `n` from one fewer up to `n - 1` more; -1 from one fewer without end.
    pub variadic: i8,
    /// Type of the result.
    pub returns: Type,
    /// Whether it needs the feature flag `promql-experimental-functions`.
    pub experimental: bool,
    /// First release of Prometheus that knows it, major and minor version, from Prometheus's changelog (releases 2.16 to 3.14;
    /// the functions of native histograms came with those in 2.40). `None` if it is older or not stated there.
    pub since: Option<(u8, u8)>,
}

const V: Type = Type::Vector;
const M: Type = Type::Range;
const S: Type = Type::Scalar;
const T: Type = Type::String;

const fn f(
    name: &'static str,
    arguments: &'static [Type],
    variadic: i8,
    returns: Type,
    experimental: bool,
    since: Option<(u8, u8)>,
) -> Function {
    Function { name, arguments, variadic, returns, experimental, since }
}

/// Every function of Prometheus 3.15, sorted by name.
const FUNCTIONS: &[Function] = &[
    f("abs", &[V], 0, V, false, None),
    f("absent", &[V], 0, V, false, None),
    f("absent_over_time", &[M], 0, V, false, Some((2, 16))),
    f("acos", &[V], 0, V, false, Some((2, 31))),
    f("acosh", &[V], 0, V, false, Some((2, 31))),
    f("asin", &[V], 0, V, false, Some((2, 31))),
    f("asinh", &[V], 0, V, false, Some((2, 31))),
    f("atan", &[V], 0, V, false, Some((2, 31))),
    f("atanh", &[V], 0, V, false, Some((2, 31))),
    f("avg_over_time", &[M], 0, V, false, None),
    f("ceil", &[V], 0, V, false, None),
    f("changes", &[M], 0, V, false, None),
    f("clamp", &[V, S, S], 0, V, false, Some((2, 26))),
    f("clamp_max", &[V, S], 0, V, false, None),
    f("clamp_min", &[V, S], 0, V, false, None),
    f("cos", &[V], 0, V, false, Some((2, 31))),
    f("cosh", &[V], 0, V, false, Some((2, 31))),
    f("count_over_time", &[M], 0, V, false, None),
    f("day_of_month", &[V], 1, V, false, None),
    f("day_of_week", &[V], 1, V, false, None),
    f("day_of_year", &[V], 1, V, false, None),
    f("days_in_month", &[V], 1, V, false, None),
    f("deg", &[V], 0, V, false, Some((2, 31))),
    f("delta", &[M], 0, V, false, None),
    f("deriv", &[M], 0, V, false, None),
    f("double_exponential_smoothing", &[M, S, S], 0, V, true, Some((3, 0))),
    f("end", &[], 0, S, true, Some((3, 12))),
    f("exp", &[V], 0, V, false, None),
    f("first_over_time", &[M], 0, V, false, Some((3, 7))),
    f("floor", &[V], 0, V, false, None),
    f("histogram_avg", &[V], 0, V, false, Some((2, 51))),
    f("histogram_count", &[V], 0, V, false, Some((2, 40))),
    f("histogram_fraction", &[S, S, V], 0, V, false, Some((2, 40))),
    f("histogram_quantile", &[S, V], 0, V, false, None),
    f("histogram_quantiles", &[V, T, S, S], 9, V, true, Some((3, 11))),
    f("histogram_stddev", &[V], 0, V, false, Some((2, 47))),
    f("histogram_stdvar", &[V], 0, V, false, Some((2, 47))),
    f("histogram_sum", &[V], 0, V, false, Some((2, 40))),
    f("hour", &[V], 1, V, false, None),
    f("idelta", &[M], 0, V, false, None),
    f("increase", &[M], 0, V, false, None),
    f("info", &[V, V], 1, V, true, Some((3, 0))),
    f("irate", &[M], 0, V, false, None),
    f("label_join", &[V, T, T, T], -1, V, false, None),
    f("label_replace", &[V, T, T, T, T], 0, V, false, None),
    f("last_over_time", &[M], 0, V, false, Some((2, 26))),
    f("ln", &[V], 0, V, false, None),
    f("log10", &[V], 0, V, false, None),
    f("log2", &[V], 0, V, false, None),
    f("mad_over_time", &[M], 0, V, true, Some((2, 49))),
    f("max_of", &[S, S], 0, S, true, Some((3, 13))),
    f("max_over_time", &[M], 0, V, false, None),
    f("min_of", &[S, S], 0, S, true, Some((3, 13))),
    f("min_over_time", &[M], 0, V, false, None),
    f("minute", &[V], 1, V, false, None),
    f("month", &[V], 1, V, false, None),
    f("pi", &[], 0, S, false, Some((2, 31))),
    f("predict_linear", &[M, S], 0, V, false, None),
    f("present_over_time", &[M], 0, V, false, Some((2, 29))),
    f("quantile_over_time", &[S, M], 0, V, false, None),
    f("rad", &[V], 0, V, false, Some((2, 31))),
    f("range", &[], 0, S, true, Some((3, 12))),
    f("rate", &[M], 0, V, false, None),
    f("resets", &[M], 0, V, false, None),
    f("round", &[V, S], 1, V, false, None),
    f("scalar", &[V], 0, S, false, None),
    f("sgn", &[V], 0, V, false, Some((2, 26))),
    f("sin", &[V], 0, V, false, Some((2, 31))),
    f("sinh", &[V], 0, V, false, Some((2, 31))),
    f("sort", &[V], 0, V, false, None),
    f("sort_by_label", &[V, T], -1, V, true, Some((2, 49))),
    f("sort_by_label_desc", &[V, T], -1, V, true, Some((2, 49))),
    f("sort_desc", &[V], 0, V, false, None),
    f("sqrt", &[V], 0, V, false, None),
    f("start", &[], 0, S, true, Some((3, 12))),
    f("start_timestamp", &[V], 0, V, true, Some((3, 14))),
    f("stddev_over_time", &[M], 0, V, false, None),
    f("stdvar_over_time", &[M], 0, V, false, None),
    f("step", &[], 0, S, true, Some((3, 12))),
    f("sum_over_time", &[M], 0, V, false, None),
    f("tan", &[V], 0, V, false, Some((2, 31))),
    f("tanh", &[V], 0, V, false, Some((2, 31))),
    f("time", &[], 0, S, false, None),
    f("timestamp", &[V], 0, V, false, None),
    f("ts_of_first_over_time", &[M], 0, V, true, Some((3, 7))),
    f("ts_of_last_over_time", &[M], 0, V, true, Some((3, 5))),
    f("ts_of_max_over_time", &[M], 0, V, true, Some((3, 5))),
    f("ts_of_min_over_time", &[M], 0, V, true, Some((3, 5))),
    f("vector", &[S], 0, V, false, None),
    f("year", &[V], 1, V, false, None),
];

/// For each letter, the first function that begins with it or a later one.
const FIRST: [usize; 27] = {
    let mut first = [FUNCTIONS.len(); 27];
    let mut at = FUNCTIONS.len();
    while at > 0 {
        at -= 1;
        let letter = (FUNCTIONS[at].name.as_bytes()[0] - b'a') as usize;
        let mut earlier = letter + 1;
        while earlier > 0 && first[earlier - 1] > at {
            earlier -= 1;
            first[earlier] = at;
        }
    }
    first
};

/// Returns a function by its name, which is in lower case.
pub fn function(name: &str) -> Option<&'static Function> {
    let letter = usize::from(name.bytes().next()?.checked_sub(b'a')?);
    let range = *FIRST.get(letter)?..*FIRST.get(letter + 1)?;
    FUNCTIONS.get(range)?.iter().find(|f| f.name == name)
}

/// Returns the names of all functions, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|f| f.name)
}

/// Returns whether a function wants a range vector.
pub fn takes_range(name: &str) -> bool {
    function(name).is_some_and(|f| f.arguments.contains(&Type::Range))
}

impl Function {
    /// Returns the smallest and largest number of arguments; `None` if there is no largest.
    pub fn count(&self) -> (usize, Option<usize>) {
        let listed = self.arguments.len();
        match self.variadic {
            0 => (listed, Some(listed)),
            n => (listed - 1, usize::try_from(n).ok().map(|n| listed - 1 + n)),
        }
    }

    /// Returns how it is called, for messages: `clamp(vector, scalar, scalar)`.
    pub fn signature(&self) -> String {
        let (least, most) = self.count();
        let mut out = format!("{}(", self.name);
        for (n, argument) in self.arguments.iter().enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            out.push_str(argument.word());
            if n >= least {
                out.push('?');
            }
        }
        if most.is_none_or(|most| most > self.arguments.len()) {
            out.push_str(", ...");
        }
        out.push(')');
        out
    }
}
