//! How numbers are written in everything that is generated.

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
