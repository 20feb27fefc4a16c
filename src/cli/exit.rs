//! Exit codes, and what makes a command stop before it has a result.

use crate::diag::printable;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing to say.
    Clean,
    /// 1: findings of severity error, or differences where they were asked for.
    Findings,
    /// 2: wrong usage or an internal error.
    Failure,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failure => 2,
        })
    }
}

/// Why a command could not do its work. Ends the program with code 2.
#[derive(Clone, Debug)]
pub struct Failure {
    /// One line without a final full stop.
    pub message: String,
    /// What to do.
    pub help: Vec<String>,
}

impl Failure {
    /// Makes a failure.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: printable(message.into()), help: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(printable(help.into()));
        self
    }

    /// Makes a failure that is our own mistake.
    pub fn bug(what: &str) -> Self {
        Self::new(format!("internal error, a bug in llmobs: {what}")).help(format!(
            "Please report it with the command and the llmobs.toml that caused it: {}/issues",
            env!("CARGO_PKG_REPOSITORY")
        ))
    }
}
