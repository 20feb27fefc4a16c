//! Arguments to library calls to exit codes.
#![allow(clippy::print_stdout)]
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let world = llmobs::source::DiskWorld { root: ".".into() };
    let c = llmobs::compile(&path, text, &world);
    println!("{}", llmobs::diag::render::human(&c.diagnostics, &c.sources, false));
    if let Some(p) = c.program {
        for a in p.artifacts() {
            println!("=== {}\n{}", a.path, a.text);
        }
    }
}
