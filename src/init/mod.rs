//! A first llmobs.toml: from `/metrics` pages of running servers, or from flags alone.
//!
//! Pure: pages come in as texts, the file goes out as text. What a page shows is decided by the catalogue (`profiles/`) only; no
//! engine is known here by name, except that vLLM is the engine of a starter. What a page cannot show (selectors, namespaces,
//! prices) is written as a plausible value with a comment that says so.
//!
//! Lines that begin with `#` and no blank are keys to switch on; lines that begin with `# ` are prose. The file compiles as it
//! is, and with every such key switched on.

mod detect;
mod draft;
mod evidence;
mod gpu_page;
mod model_page;
mod options;
mod write;

pub use detect::{Detected, detect, same_bounds, same_type};
pub use evidence::{Evidence, Seen, finite_bounds};
pub use options::Options;

use crate::catalog::{Catalog, GpuTable, Kind};
use crate::diag::{Code, Diagnostic, Sink, shorten};
use crate::metrics_page::{self, Page};
use crate::source::{FileId, Place, Sources, Span};
use draft::Draft;

/// Why no file could be written.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The pages, for rendering the findings.
    pub sources: Sources,
    /// What was wrong, sorted; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// Writes a llmobs.toml from flags alone. Call [`Options::check`] first: a wrong flag is written as it stands, and compiling the
/// file reports it.
pub fn from_flags(options: &Options) -> String {
    write::write(&draft::starter(options), options)
}

/// Writes a llmobs.toml from pages, each a name (shown in findings and in the file) and a text.
///
/// # Errors
/// Flags that cannot be used, lines that cannot be read, pages without samples, and pages that no profile owns.
pub fn from_pages(pages: &[(String, String)], options: &Options) -> Result<String, Rejected> {
    let mut sink = Sink::default();
    sink.extend(options.check());
    let mut sources = Sources::default();
    let mut catalog = Catalog::default();
    let gpus = GpuTable::builtin();
    let mut draft = Draft { pages: pages.iter().map(|(name, _)| shorten(name)).collect(), ..Draft::default() };
    for (name, text) in pages {
        let file = sources.add(name.clone(), text.clone());
        let mut findings = Sink::default();
        let page = metrics_page::read(text, file, &mut findings);
        let failed = findings.has_errors();
        sink.extend(findings.into_sorted());
        if !failed {
            one_page(&page, file, &mut catalog, &gpus, options, &mut draft, &mut sink);
        }
    }
    if pages.is_empty() {
        sink.push(Diagnostic::without_place(Code::PageEmpty, "no metrics page was given"));
    }
    if sink.has_errors() {
        return Err(Rejected { sources, diagnostics: sink.into_sorted() });
    }
    draft.complete(options);
    Ok(write::write(&draft, options))
}

fn one_page(
    page: &Page<'_>,
    file: FileId,
    catalog: &mut Catalog,
    gpus: &GpuTable,
    options: &Options,
    draft: &mut Draft,
    sink: &mut Sink,
) {
    let start = Place { file, span: Span::default() };
    let Some(first) = page.samples.first() else {
        sink.push(
            Diagnostic::new(Code::PageEmpty, "the page has no samples", start, "nothing is exported")
                .help("turn the metrics of the server on, send one request, and save the page again"),
        );
        return;
    };
    let names: Vec<String> = catalog.engine_names().into_iter().chain(catalog.gpu_exporter_names()).collect();
    let mut owned = false;
    for profile in names.iter().filter_map(|name| catalog.profile(name)) {
        let evidence = Evidence::of(page, &profile);
        if evidence.is_empty() {
            continue;
        }
        owned = true;
        let Some(detected) = detect(&profile, &evidence) else { continue };
        match profile.kind {
            Kind::Gpu => gpu_page::add(page, detected, gpus, draft),
            _ => model_page::add(page, detected, options, draft),
        }
    }
    if !owned {
        sink.push(unknown(page, first.place, &names, catalog));
    }
}

/// Most beginnings of names that a message lists.
const MAX_PREFIXES: usize = 12;

fn unknown(page: &Page<'_>, place: Place, names: &[String], catalog: &mut Catalog) -> Diagnostic {
    let mut prefixes: Vec<String> = Vec::new();
    let mut more = false;
    let mut last = "";
    for sample in &page.samples {
        let prefix = evidence::prefix(&sample.name);
        if prefix == last {
            continue;
        }
        last = prefix;
        let shown = format!("`{}`", shorten(prefix));
        if prefixes.contains(&shown) {
            continue;
        }
        if prefixes.len() == MAX_PREFIXES {
            more = true;
            break;
        }
        prefixes.push(shown);
    }
    let known: Vec<String> = names
        .iter()
        .filter_map(|name| catalog.profile(name))
        .map(|p| {
            let own: Vec<String> = p.prefixes.iter().map(|x| format!("`{x}`")).collect();
            format!("{} for {}", own.join(", "), p.title)
        })
        .collect();
    let more = if more { " and others" } else { "" };
    Diagnostic::new(
        Code::PageUnknownExporter,
        format!("no profile owns the metrics of this page: their names begin with {}{more}", prefixes.join(", ")),
        place,
        "the first of them",
    )
    .help(format!("give the page of an engine or GPU exporter that has a profile: {}", known.join("; ")))
    .help("or write a profile of your own and name it in `[profiles] paths` of llmobs.toml")
}
