//! Makes wrong and odd queries out of good ones. The same input gives the same output.

/// A small generator of pseudo-random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }
}

/// Pieces of the language that are put in.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "==",
    "!=",
    "=~",
    "!~",
    "!",
    "<",
    ">",
    "<=",
    ">=",
    "</",
    ">/",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "@",
    "#",
    "\n",
    " ",
    "\"",
    "'",
    "`",
    "\\",
    ".",
    "_",
    "0",
    "1",
    "5m",
    "1h30m",
    "0x1f",
    "0x1e",
    "1e",
    "1_000",
    "1e5",
    ".5",
    "010",
    "Inf",
    "NaN",
    "inf",
    "5mm",
    "1.5m",
    "0s",
    "\"x\"",
    "'y'",
    "`z`",
    "\"\"",
    "foo",
    "foo:bar",
    ":",
    "__name__",
    "__name__=\"x\"",
    "a=\"b\"",
    "a=~\"b|c\"",
    "a=~\"(\"",
    "a!~\".*\"",
    "\"q\"=\"r\"",
    "$x",
    "$__interval",
    "and",
    "or",
    "unless",
    "atan2",
    "sum",
    "topk",
    "count_values",
    "quantile",
    "limitk",
    "by",
    "without",
    "by (a)",
    "on",
    "on (a)",
    "ignoring (a, b)",
    "group_left",
    "group_left (c)",
    "group_right",
    "fill",
    "fill (0)",
    "fill_left (1)",
    "fill_right (-1)",
    "bool",
    "offset",
    "offset 5m",
    "offset -5m",
    "offset 0s",
    "offset (1m)",
    "offset -(1m)",
    "offset step()",
    "offset -max_of(1m, 2m)",
    "anchored",
    "smoothed",
    "@ 1",
    "@ start()",
    "@ end()",
    "start()",
    "end",
    "step()",
    "range()",
    "max_of(1, 2)",
    "min_of(1m, 2m)",
    "[5m]",
    "[5m:]",
    "[5m:1m]",
    "[step()]",
    "[step():5m]",
    "[5m + 3m]",
    "[-1m]",
    "[300]",
    "rate(foo[5m])",
    "rate(",
    "vector(1)",
    "time()",
    "scalar(foo)",
    "absent(",
    "info(foo, {a=\"b\"})",
    "label_replace(foo, \"a\", \"b\", \"c\", \"d\")",
    "histogram_quantile(0.9, ",
    "SUM",
    "AND",
    "Offset",
    "{{",
    "&&",
    "||",
    "\u{a0}",
    "\u{201c}",
    "\u{fffd}",
    "\\xff",
    "\\u00e9",
    "\\z",
    "é",
    "1 2",
    "a b",
    "(1)",
    "-",
    "--",
    "+-",
    "^-",
];

/// Returns `count` queries made of the seeds: pieces are put in, taken out, doubled, exchanged, joined.
pub fn all(seeds: &[String], count: usize) -> Vec<String> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut out = Vec::with_capacity(count);
    while out.len() < count && !seeds.is_empty() {
        let mut query = seeds[random.below(seeds.len())].clone();
        if query.len() > 2_000 {
            query.clear();
        }
        for _ in 0..=random.below(3) {
            change(&mut query, seeds, &mut random);
        }
        out.push(query);
    }
    out
}

fn change(query: &mut String, seeds: &[String], random: &mut Random) {
    let bounds = token_bounds(query);
    let at = bounds[random.below(bounds.len())];
    let to = bounds.iter().copied().find(|b| *b > at).unwrap_or(at);
    let piece = PIECES[random.below(PIECES.len())];
    match random.below(8) {
        0 => query.insert_str(at, piece),
        1 => query.insert_str(at, &format!(" {piece} ")),
        2 => query.replace_range(at..to, ""),
        3 => query.replace_range(at..to, piece),
        4 => {
            let part = query[at..to].to_owned();
            query.insert_str(at, &part);
        }
        5 => query.truncate(at),
        6 => {
            let other = &seeds[random.below(seeds.len())];
            if other.len() < 500 {
                query.insert_str(at, other);
            }
        }
        _ => {
            let part = query[at..to].to_owned();
            query.replace_range(at..to, "");
            let bounds = token_bounds(query);
            query.insert_str(bounds[random.below(bounds.len())], &part);
        }
    }
}

/// Returns where words and signs begin and end, with the ends of the text; sometimes inside of words.
fn token_bounds(text: &str) -> Vec<usize> {
    let mut bounds = vec![0];
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if !(word(c) && word(last)) {
            bounds.push(at);
        }
        last = c;
    }
    bounds.push(text.len());
    bounds.dedup();
    bounds
}
