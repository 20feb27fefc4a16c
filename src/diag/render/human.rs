//! The format for people: the line, the caret, what was expected and found, what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::change;
use crate::diag::{Diagnostic, Fix, Label, Safety, Severity};
use crate::source::{Place, Sources, Span};

/// Longest line that is shown whole, in bytes. A longer one is cut around the place.
const MAX_LINE: usize = 400;
/// Bytes kept on each side of the place in a line that is cut.
const KEEP: usize = 60;

/// Renders findings with excerpts. `colour` adds ANSI codes.
pub fn human(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(diagnostic, sources, &renderer));
        out.push_str("\n\n");
    }
    out
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name());
    let mut excerpts: Vec<Excerpt> = Vec::new();
    if let Some(primary) = &diagnostic.primary {
        excerpts.extend(Excerpt::of(primary, sources, true));
    }
    for label in &diagnostic.related {
        excerpts.extend(Excerpt::of(label, sources, false));
    }
    let mut group = Group::with_title(title);
    for excerpt in &excerpts {
        let kind = if excerpt.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let mut annotation = kind.span(excerpt.span.range());
        if !excerpt.label.is_empty() {
            annotation = annotation.label(excerpt.label.as_str());
        }
        group = group.element(
            Snippet::source(excerpt.text.as_str())
                .path(excerpt.path.as_str())
                .line_start(excerpt.line)
                .annotation(annotation),
        );
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let fix = diagnostic.fix.as_ref().map(|f| fix(f, sources));
    if let Some(fix) = &fix {
        group = group.element(Level::HELP.message(fix.as_str()));
    }
    renderer.render(&[group])
}

/// Says what a fix does and how to apply it.
fn fix(fix: &Fix, sources: &Sources) -> String {
    let flag = if fix.safety == Safety::Safe { "--fix" } else { "--fix-unsafe" };
    format!("fix: {}; apply with `{flag}`", change(fix, sources))
}

/// The lines around one place, with the span moved to them.
struct Excerpt {
    path: String,
    text: String,
    line: usize,
    span: Span,
    label: String,
    primary: bool,
}

impl Excerpt {
    fn of(label: &Label, sources: &Sources, primary: bool) -> Option<Self> {
        let Place { file, span } = label.place;
        let source = sources.get(file)?;
        let text = source.text.as_str();
        let floor = |mut i: usize| {
            i = i.min(text.len());
            while !text.is_char_boundary(i) {
                i -= 1;
            }
            i
        };
        let (start, end) = (floor(span.start), floor(span.end));
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        // A span over several lines is shown by its first line: tables can be a thousand lines long.
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let end = end.min(line_end).max(start);
        let (line, column) = source.line_column(start);
        let (mut from, mut to) = (line_start, line_end);
        if line_end - line_start > MAX_LINE {
            from = floor(start.saturating_sub(KEEP).max(line_start));
            to = floor((start + KEEP).min(line_end)).max(start);
        }
        let shown_end = end.min(to);
        let cut = if from > line_start || to < line_end {
            format!(" (column {column}, line shortened)")
        } else {
            String::new()
        };
        let (before, inside) = (visible(&text[from..start]), visible(&text[start..shown_end]));
        Some(Self {
            path: source.name.clone(),
            text: format!("{before}{inside}{}", visible(&text[shown_end..to])),
            line,
            span: Span::new(before.len(), before.len() + inside.len()),
            label: format!("{}{cut}", label.text),
            primary,
        })
    }
}

/// Puts a mark in place of the control characters that the renderer knows nothing of: some terminals obey them.
fn visible(text: &str) -> String {
    text.replace(|c: char| ('\u{80}'..='\u{9f}').contains(&c), "\u{fffd}")
}
