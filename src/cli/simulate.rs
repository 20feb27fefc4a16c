//! `llmobs simulate`: serves the pages of declared servers, or writes a past period of them. Holds the only clock of the simulation.

use std::fs::File;
use std::io::{self, BufWriter};
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Instant;

use super::exit::{Exit, Failure};
use super::project::{self, Project};
use super::serve::{self, Answer};
use super::shell::Shell;
use crate::Program;
use crate::diag::render;
use crate::simulate::{History, Planned, SCENARIOS, Settings, Simulation, Unusable, Wanted};
use crate::units::Duration;

/// Seconds of a tick while pages are served at the speed of the clock.
const TICK: f64 = 1.0;
/// Longest tick, in simulated seconds: queues build up within.
const LONGEST_TICK: f64 = 30.0;
/// Fastest that simulated time runs.
const FASTEST: f64 = 10_000.0;

/// Simulate the declared servers, to try dashboards and alerts without a GPU
///
/// Serves the metrics page of every replica and GPU node of the project, as the declared releases write it, with a load that has
/// days and nights, at /targets/JOB/INSTANCE/metrics; / lists them, and /scrape_config.yaml is a configuration for Prometheus. With
/// --openmetrics it writes a past period instead, for `promtool tsdb create-blocks-from openmetrics`.
#[derive(clap::Args)]
#[command(after_help = scenarios())]
pub struct Arguments {
    /// The llmobs.toml, or the folder with it
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Serve pages at this address; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9400", conflicts_with = "openmetrics")]
    listen: String,
    /// Let simulated time run this many times faster
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, conflicts_with = "openmetrics")]
    speed: f64,
    /// Write a past period to this file as OpenMetrics; `-` is stdout
    #[arg(long, value_name = "FILE")]
    openmetrics: Option<PathBuf>,
    /// Begin of the simulated time, such as 2026-01-05T00:00:00Z; now for pages, and the duration ago for a period
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<i64>,
    /// Length of the period
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration, requires = "openmetrics")]
    duration: Duration,
    /// Time between samples, in whole seconds; the scrape interval of the project by default
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "openmetrics")]
    step: Option<Duration>,
    /// Only the series that rules and dashboards read
    #[arg(long)]
    used_only: bool,
    /// Make trouble: NAME[:MODEL or POOL]@START+LENGTH, with START after the begin; can be repeated
    #[arg(long = "scenario", value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Replicas of each model; fewer where the declared GPUs are too few
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replicas: u32,
    /// Seed of the noise: the same gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// The list of scenarios for the help.
fn scenarios() -> String {
    let list: Vec<String> = SCENARIOS.iter().map(|s| format!("  {:<15} {}", s.name, s.about)).collect();
    format!("Scenarios, for example `--scenario kv-pressure:chat@10m+5m`:\n{}", list.join("\n"))
}

fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text)
}

/// Reads a time as seconds since 1970.
fn time(text: &str) -> Result<i64, String> {
    let time = text.parse::<jiff::Timestamp>();
    time.map(jiff::Timestamp::as_second).map_err(|_| "expected a time such as 2026-01-05T00:00:00Z".to_owned())
}

/// Runs the command.
///
/// # Errors
/// The llmobs.toml cannot be read, a scenario cannot be used, the address is taken, or the file cannot be written.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let compilation = Project::at(&arguments.path).compile()?;
    project::tell(&compilation, shell);
    let Some(program) = compilation.program.as_ref() else {
        shell.complain(&format!("{}; nothing is simulated\n", render::summary(&compilation.diagnostics)));
        return Ok(Exit::Findings);
    };
    let planned: Result<Vec<Planned>, Unusable> =
        arguments.scenarios.iter().map(|text| Planned::parse(text, &program.plan)).collect();
    let scenarios = planned.map_err(|u| Failure::new(u.message).help(u.help))?;
    let wanted = if arguments.used_only { Wanted::used(program) } else { Wanted::All };
    let settings =
        Settings { begin: 0, tick: TICK, replicas: arguments.replicas, seed: arguments.seed, stored: false, scenarios };
    match &arguments.openmetrics {
        Some(file) if file.as_os_str() == "-" => write(arguments, program, settings, &wanted, None, shell),
        Some(file) => write(arguments, program, settings, &wanted, Some(file), shell),
        None => serve(arguments, program, settings, &wanted, shell),
    }
}

fn write(
    arguments: &Arguments,
    program: &Program,
    mut settings: Settings,
    wanted: &Wanted,
    file: Option<&PathBuf>,
    shell: &Shell,
) -> Result<Exit, Failure> {
    let step = arguments.step.unwrap_or(program.plan.prometheus.scrape_interval);
    let history = History { duration: arguments.duration.whole_secs(), step: step.whole_secs() };
    if history.step == 0 || step.secs_f64() != history.step as f64 {
        return Err(Failure::new(format!("--step is {step}, and must be whole seconds")));
    }
    if history.duration < history.step {
        return Err(Failure::new(format!("--duration is {}, less than one step of {step}", arguments.duration)));
    }
    let ago = i64::try_from(history.duration).unwrap_or(i64::MAX);
    settings.begin = arguments.from.unwrap_or_else(|| jiff::Timestamp::now().as_second().saturating_sub(ago));
    let start = Instant::now();
    let written = match file {
        Some(path) => File::create(path)
            .and_then(|f| history.write(program, &settings, wanted, &mut BufWriter::with_capacity(1 << 20, f))),
        None => history.write(program, &settings, wanted, &mut io::stdout().lock()),
    };
    let shown = file.map_or_else(|| "stdout".to_owned(), |f| f.display().to_string());
    let progress = match written {
        Ok(progress) => progress,
        // A reader that has seen enough is no error.
        Err(e) if file.is_none() && e.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Clean),
        Err(e) => return Err(Failure::new(format!("cannot write to {shown}: {e}"))),
    };
    shell.talk(&format!(
        "wrote {} samples of {} targets to {shown} in {:.1} s\n",
        progress.samples,
        progress.targets,
        start.elapsed().as_secs_f64()
    ));
    Ok(Exit::Clean)
}

fn serve(
    arguments: &Arguments,
    program: &Program,
    mut settings: Settings,
    wanted: &Wanted,
    shell: &mut Shell,
) -> Result<Exit, Failure> {
    let speed = arguments.speed;
    if !(speed > 0.0 && speed <= FASTEST) {
        return Err(Failure::new(format!("--speed is {speed}, and must be above 0 and at most {FASTEST}")));
    }
    let cannot = |e: io::Error| Failure::new(format!("cannot listen on {}: {e}", arguments.listen));
    let listener = TcpListener::bind(&arguments.listen)
        .map_err(|e| cannot(e).help("Name a free address, for example `--listen 127.0.0.1:0`"))?;
    let address = listener.local_addr().map_err(cannot)?.to_string();
    settings.begin = arguments.from.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    settings.tick = (TICK * speed).clamp(TICK, LONGEST_TICK);
    let simulation = Simulation::new(program, &settings, wanted);
    let paths: Vec<String> = simulation.targets().iter().map(crate::simulate::Known::path).collect();
    let list: String = paths.iter().map(|p| format!("http://{address}{p}\n")).collect();
    let list = format!("http://{address}/scrape_config.yaml\n{list}");
    let config = simulation.scrape_config(program, &address);
    shell.result(format!("http://{address}/\n"));
    shell.finish()?;
    shell.talk(&format!("serving {} targets; stop with Ctrl-C\n", paths.len()));
    let start = Instant::now();
    let answer = |path: &str| match path {
        "/" => Answer::Text(list.clone()),
        "/scrape_config.yaml" => Answer::Text(config.clone()),
        _ => match paths.iter().position(|p| p == path) {
            Some(n) => simulation.page(n, start.elapsed().as_secs_f64() * speed).map_or(Answer::Down, Answer::Page),
            None => Answer::Missing,
        },
    };
    serve::serve(&listener, answer).map_err(cannot)?;
    Ok(Exit::Clean)
}
