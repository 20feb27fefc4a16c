//! How numbers are written in everything that is generated.

/// Writes a bucket bound as Prometheus 3 and Python's client spell `le`: `2.5`, `1.0`, `1e+06`, `+Inf`.
///
/// From Go's `strconv.FormatFloat(x, 'g', -1, 64)`, with `.0` where neither point nor exponent shows that it is a float.
pub fn bucket_bound(bound: f64) -> String {
    if bound.is_infinite() {
        return "+Inf".to_owned();
    }
    let magnitude = bound.abs();
    if bound != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        let text = format!("{bound:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = format!("{bound}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Writes a share as a person does, with up to six digits after the point: `0.1%`, `144%`.
pub fn percent(share: f64) -> String {
    format!("{}%", number((share * 1e8).round() / 1e6))
}

/// Writes a finite number in the shortest form that reads back the same, without exponent for ordinary sizes.
///
/// Whole numbers have no decimal point: `5`, `0.025`, `1e-7`.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if (1e-6..1e15).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}
