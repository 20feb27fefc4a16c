//! The small part of RE2 that `model_pattern` in the GPU table uses: `^`, `$`, letters, and groups of alternatives with or
//! without `?`. Must not grow into an expression engine: a pattern with anything else fits nothing, and a test says so.

/// Returns whether `name` fits `pattern`. A blank also fits a dash, because dcgm-exporter can be told to replace blanks
/// (`DCGM_EXPORTER_REPLACE_BLANKS_IN_MODEL_NAME`).
pub fn fits(pattern: &str, name: &str) -> bool {
    // Real names have some thirty letters; longer ones are no GPU.
    let Some(body) = pattern.strip_prefix('^').filter(|_| name.len() <= 128) else { return false };
    let (body, whole) = body.strip_suffix('$').map_or((body, false), |b| (b, true));
    rest_fits(body, name, whole)
}

fn rest_fits(pattern: &str, name: &str, whole: bool) -> bool {
    let Some(first) = pattern.chars().next() else { return !whole || name.is_empty() };
    if let Some(group) = pattern.strip_prefix('(') {
        let Some((alternatives, after)) = group.split_once(')') else { return false };
        let (after, optional) = after.strip_prefix('?').map_or((after, false), |a| (a, true));
        return (optional && rest_fits(after, name, whole))
            || alternatives.split('|').any(|a| literal(a, name).is_some_and(|n| rest_fits(after, n, whole)));
    }
    let after = &pattern[first.len_utf8()..];
    // A quantifier or class after the letter is not supported.
    if r"\[]{}*+?.|)$^".contains(first) || after.starts_with(['?', '*', '+', '{']) {
        return false;
    }
    literal(&pattern[..first.len_utf8()], name).is_some_and(|n| rest_fits(after, n, whole))
}

/// Takes a literal text from the front of a name.
fn literal<'n>(text: &str, name: &'n str) -> Option<&'n str> {
    let mut rest = name.chars();
    for c in text.chars() {
        let found = rest.next()?;
        if found != c && !(c == ' ' && found == '-') {
            return None;
        }
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn optional_groups_and_anchors() {
        for (pattern, name, expected) in [
            ("^(NVIDIA |Tesla )?T4$", "Tesla T4", true),
            ("^(NVIDIA |Tesla )?T4$", "T4", true),
            ("^(NVIDIA |Tesla )?T4$", "T4G", false),
            ("^NVIDIA A10$", "NVIDIA A10G", false),
            ("^NVIDIA H200", "NVIDIA H200 NVL", true),
            ("^NVIDIA A100 80GB PCIe$", "NVIDIA-A100-80GB-PCIe", true),
            ("^NVIDIA .*$", "NVIDIA X", false),
            ("NVIDIA H200", "NVIDIA H200", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn every_pattern_of_the_table_fits_its_own_names() {
        for gpu in super::super::GpuTable::builtin().gpus {
            let Some(pattern) = &gpu.model_pattern else { continue };
            assert!(gpu.model_names.iter().all(|n| fits(pattern, n)), "{}: {pattern}", gpu.id);
        }
    }
}
