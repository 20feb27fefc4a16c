//! Lines of text formats: a series' text, a value, and a timestamp where the format has one.

/// Decimal places that are kept of a number.
const PLACES: f64 = 1e6;
/// From here on an f64 has no room for a fraction that matters.
const LARGE: f64 = 1e9;

/// Writes lines of one moment.
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    /// What follows the value: a timestamp or nothing, and the end of the line.
    end: Vec<u8>,
    whole: itoa::Buffer,
    float: zmij::Buffer,
}

impl<'a> Line<'a> {
    /// Writes into `out`; `unix` is the timestamp in whole seconds, `None` for pages.
    pub fn new(out: &'a mut Vec<u8>, unix: Option<i64>) -> Self {
        let end = unix.map_or_else(|| b"\n".to_vec(), |at| format!(" {at}\n").into_bytes());
        Self { out, end, whole: itoa::Buffer::new(), float: zmij::Buffer::new() }
    }

    /// Writes a line with a whole number.
    pub fn whole(&mut self, series: &str, value: u64) {
        self.out.extend_from_slice(series.as_bytes());
        self.out.extend_from_slice(self.whole.format(value).as_bytes());
        self.out.extend_from_slice(&self.end);
    }

    /// Writes a line with a number, rounded to six places.
    pub fn float(&mut self, series: &str, value: f64) {
        let value = if value.abs() < LARGE { (value * PLACES).round() / PLACES } else { value.round() };
        self.out.extend_from_slice(series.as_bytes());
        if value.fract() == 0.0 && value.abs() < 1e15 {
            self.out.extend_from_slice(self.whole.format(value as i64).as_bytes());
        } else {
            self.out.extend_from_slice(self.float.format(value).as_bytes());
        }
        self.out.extend_from_slice(&self.end);
    }

    /// Writes a line as it is.
    pub fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Writes the value of a label or, with quotes left as they are, a help text.
pub fn escaped(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

/// Writes a series up to its value: name, labels, blank.
pub fn series(name: &str, labels: &[(String, String)]) -> Box<str> {
    let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escaped(v, true))).collect();
    if pairs.is_empty() { format!("{name} ") } else { format!("{name}{{{}}} ", pairs.join(",")) }.into()
}
