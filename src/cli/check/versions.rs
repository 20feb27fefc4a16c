//! `--engine NAME@VERSION`: what is deployed, where no llmobs.toml says so.

use crate::catalog::{BUILTIN, Catalog, Matched, Release};
use crate::cli::exit::Failure;
use crate::diag::{Code, Diagnostic, did_you_mean, shorten};
use crate::infer::{Target, Targets};

/// Reads the flags. Findings say where a version is newer than what is known.
///
/// # Errors
/// There is no such exporter, or no such version of it.
pub fn declared(flags: &[String]) -> Result<(Targets, Vec<Diagnostic>), Failure> {
    let (mut targets, mut findings) = (Targets::default(), Vec::new());
    let mut catalog = Catalog::default();
    for flag in flags {
        let (name, version) = flag.split_once('@').map_or((flag.as_str(), None), |(n, v)| (n, Some(v)));
        let profile = catalog.profile(name).ok_or_else(|| unknown(name))?;
        let newest = profile.releases.last().cloned();
        let wanted = match version {
            Some(text) => Release::parse(text).ok_or_else(|| {
                Failure::new(format!("`{}` is no version", shorten(text)))
                    .help("Write `--engine NAME@VERSION`, for example `--engine vllm@0.12`")
            })?,
            None => newest.clone().ok_or_else(|| unknown(name))?,
        };
        let selected = profile.select(&wanted, None).ok_or_else(|| {
            let oldest = profile.releases.first().map(Release::to_string).unwrap_or_default();
            Failure::new(format!("no release of {} as old as {wanted} is known", profile.name))
                .help(format!("The oldest is {oldest}"))
        })?;
        if let (Matched::Newer, Some(newest)) = (selected.matched, newest) {
            let message = format!("{} {wanted} is newer than the newest release that is known, {newest}", profile.name);
            let finding = Diagnostic::without_place(Code::VersionNewerThanKnown, message);
            findings.push(finding.help(format!("llmobs takes it for {newest}")));
        }
        targets.add(Target {
            profile: profile.name.clone(),
            release: selected.view.release,
            generation: selected.view.generation,
            declared_by: format!("`--engine {}`", shorten(flag)),
            named_by: Vec::new(),
            own_fields: false,
            mig: None,
            fields: Vec::new(),
        });
    }
    Ok((targets, findings))
}

fn unknown(name: &str) -> Failure {
    let names = || BUILTIN.iter().flat_map(|b| std::iter::once(b.name).chain(b.aliases.iter().copied()));
    let failure = Failure::new(format!("there is no exporter `{}`", shorten(name)));
    match did_you_mean(name, names()) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => {
            let all: Vec<String> = BUILTIN.iter().map(|b| format!("`{}`", b.name)).collect();
            failure.help(format!("there are: {}", all.join(", ")))
        }
    }
}
