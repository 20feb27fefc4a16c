//! Who measures an objective: the engine, or a gateway in front of the model; and what to do where neither can.

use super::Context;
use super::gateway::Gateway;
use super::gateways::{ENGINE, GATEWAY};
use super::slos::Measured;
use crate::catalog::{Found, Signal, SignalSource, View};
use crate::declare::values::Slug;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::{Place, Spanned};

/// What measures an objective.
pub struct Meter<'a> {
    /// Its profile and release.
    pub view: &'a View,
    /// From where the signal is read.
    pub source: &'a SignalSource,
    /// The gateway; `None` for the engine.
    pub gateway: Option<&'a Gateway>,
}

/// Finds who measures a signal for an objective at `place`. What cannot be measured is reported.
pub fn meter<'a>(
    measured: &Measured<'a>,
    signal: Signal,
    written: Option<&Spanned<Slug>>,
    place: Place,
    ctx: &mut Context<'_>,
) -> Option<Meter<'a>> {
    match written {
        None if signal == Signal::Errors && engine(measured, signal).is_none() => {
            instead_of_engine(measured, place, ctx)
        }
        None => of_engine(measured, signal, place, ctx),
        Some(word) if word.as_str() == ENGINE => of_engine(measured, signal, place, ctx),
        Some(word) => {
            let gateway = named(measured, word, ctx)?;
            at(gateway, signal).or_else(|| {
                gateway_cannot(measured, gateway, signal, word.place, ctx);
                None
            })
        }
    }
}

fn engine<'a>(measured: &Measured<'a>, signal: Signal) -> Option<&'a SignalSource> {
    match measured.signals.get(&signal) {
        Some(Found::Here(source)) => Some(source),
        _ => None,
    }
}

fn of_engine<'a>(measured: &Measured<'a>, signal: Signal, place: Place, ctx: &mut Context<'_>) -> Option<Meter<'a>> {
    let source = engine(measured, signal);
    if source.is_none() {
        engine_cannot(measured, signal, place, ctx);
    }
    Some(Meter { view: measured.engine, source: source?, gateway: None })
}

fn at(gateway: &Gateway, signal: Signal) -> Option<Meter<'_>> {
    let source = gateway.source(signal).filter(|_| gateway.measures(signal))?;
    Some(Meter { view: &gateway.kind, source, gateway: Some(gateway) })
}

/// Errors that the engine does not count: the only gateway in front of the model that counts them.
fn instead_of_engine<'a>(measured: &Measured<'a>, place: Place, ctx: &mut Context<'_>) -> Option<Meter<'a>> {
    let able: Vec<&Gateway> = measured.in_front().filter(|g| g.measures(Signal::Errors)).collect();
    match able.as_slice() {
        [only] => at(only, Signal::Errors),
        [] => {
            // A gateway that was refused may have counted them.
            if measured.gateways.faulty.is_empty() {
                engine_cannot(measured, Signal::Errors, place, ctx);
            }
            None
        }
        several => {
            ambiguous(measured, several, place, ctx);
            None
        }
    }
}

/// Returns the gateway that `measured_at` means.
fn named<'a>(measured: &Measured<'a>, word: &Spanned<Slug>, ctx: &mut Context<'_>) -> Option<&'a Gateway> {
    let model = measured.name;
    let in_front: Vec<&Gateway> = measured.in_front().collect();
    if word.as_str() == GATEWAY {
        return match in_front.as_slice() {
            [only] => Some(only),
            [] => {
                let finding = Diagnostic::new(
                    Code::SpecUnknownReference,
                    format!("no gateway stands in front of model `{model}`"),
                    word.place,
                    "expected a gateway that measures it",
                );
                // A gateway that was refused may have been the one.
                if measured.gateways.faulty.is_empty() {
                    let help = "add `[gateways.NAME]` with its kind and version, or leave `measured_at` out";
                    ctx.sink.push(finding.help(help));
                }
                None
            }
            several => {
                ambiguous(measured, several, word.place, ctx);
                None
            }
        };
    }
    let Some(gateway) = measured.gateways.all.get(word.as_str()) else {
        let names = measured.gateways.all.keys().map(String::as_str);
        let finding = Diagnostic::new(
            Code::SpecUnknownReference,
            format!("there is no gateway `{}`", word.as_str()),
            word.place,
            "expected `engine`, `gateway` or the name of a table below [gateways]",
        );
        let near = did_you_mean(word.as_str(), names.chain([ENGINE, GATEWAY]));
        if !measured.gateways.faulty.contains(word.as_str()) {
            ctx.sink.push(match near {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("add `[gateways.{}]` with its kind and version", word.as_str())),
            });
        }
        return None;
    };
    if gateway.fronts(model.as_str()) {
        return Some(gateway);
    }
    let others: Vec<String> = in_front.iter().map(|g| format!("`{}`", g.name)).collect();
    let finding = Diagnostic::new(
        Code::SpecConflict,
        format!("gateway `{}` does not stand in front of model `{model}`", gateway.name),
        word.place,
        "it sees no request to this model",
    )
    .related(gateway.place, "the gateway");
    ctx.sink.push(if others.is_empty() {
        finding.help(format!("add `{model}` to the `models` of the gateway"))
    } else {
        finding.help(format!("in front of it: {}", others.join(", ")))
    });
    None
}

fn ambiguous(measured: &Measured<'_>, able: &[&Gateway], place: Place, ctx: &mut Context<'_>) {
    let names: Vec<&str> = able.iter().map(|g| g.name.as_str()).collect();
    ctx.sink.push(
        Diagnostic::new(
            Code::SpecConflict,
            format!(
                "{} gateways stand in front of model `{}`: {}",
                names.len(),
                measured.name,
                names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
            ),
            place,
            "each sees only the requests that it passes on",
        )
        .help(format!("name one: `measured_at = \"{}\"`", names.first().copied().unwrap_or(GATEWAY))),
    );
}

/// The engine does not measure it: says why, and which gateway does or would.
fn engine_cannot(measured: &Measured<'_>, signal: Signal, place: Place, ctx: &mut Context<'_>) {
    let Some(Found::Missing { why, instead }) = measured.signals.get(&signal) else { return };
    let model = measured.name;
    let message = if signal == Signal::Errors {
        format!("model `{model}` promises a share of errors that its engine does not count")
    } else {
        let (title, release) = (&measured.engine.profile.title, &measured.engine.release);
        format!("model `{model}` has an objective on {}, which {title} {release} does not measure", signal.title())
    };
    let mut finding = Diagnostic::new(Code::SloSignalMissing, message, place, why.trim_end_matches('.').to_owned())
        .help(instead.trim_end_matches('.').to_owned());
    let able: Vec<&Gateway> = measured.in_front().filter(|g| g.measures(signal)).collect();
    for gateway in &able {
        finding = finding.help(format!("or take it where users meet it: `measured_at = \"{}\"`", gateway.name));
    }
    if able.is_empty() {
        let kinds = kinds(signal, ctx);
        if !kinds.is_empty() {
            finding = finding.help(format!(
                "or declare the gateway or router in front of it, if it is of a kind that measures this: {kinds}"
            ));
        }
    }
    ctx.sink.push(finding);
}

/// The gateway does not measure it: says why, and what would.
fn gateway_cannot(measured: &Measured<'_>, gateway: &Gateway, signal: Signal, place: Place, ctx: &mut Context<'_>) {
    let (title, release) = (&gateway.kind.profile.title, &gateway.kind.release);
    let (why, instead) = match gateway.signals.get(&signal) {
        Some(Found::Missing { why, instead }) => (why.as_str(), Some(instead.as_str())),
        _ => ("only the engine measures it", None),
    };
    let mut finding = Diagnostic::new(
        Code::SloSignalMissing,
        format!("gateway `{}` ({title} {release}) does not measure {}", gateway.name, signal.title()),
        place,
        why.trim_end_matches('.').to_owned(),
    );
    if let Some(instead) = instead {
        finding = finding.help(instead.trim_end_matches('.').to_owned());
    }
    if let Some(other) = measured.in_front().find(|g| g.measures(signal)) {
        finding = finding.help(format!("gateway `{}` does: `measured_at = \"{}\"`", other.name, other.name));
    } else if engine(measured, signal).is_some() {
        finding = finding.help("the engine of the model does: leave `measured_at` out");
    } else {
        let kinds = kinds(signal, ctx);
        if !kinds.is_empty() {
            finding = finding.help(format!("gateways of these kinds do: {kinds}"));
        }
    }
    ctx.sink.push(finding);
}

fn kinds(signal: Signal, ctx: &mut Context<'_>) -> String {
    let names = ctx.catalog.gateways_with(signal);
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
