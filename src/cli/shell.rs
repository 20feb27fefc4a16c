//! The two streams: results to stdout, talk to stderr, colours only where they are wanted.

use std::io::{self, ErrorKind, Write as _};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use super::exit::Failure;

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where a command prints.
#[derive(Debug)]
pub struct Shell {
    color: Color,
    quiet: bool,
    /// First failed write to stdout, apart from a reader that went away.
    failed: Option<io::Error>,
    /// Whether the reader of stdout went away; the command goes on, for its files and its exit code.
    closed: bool,
}

impl Shell {
    /// Makes a shell.
    pub fn new(color: Color, quiet: bool) -> Self {
        Self { color, quiet, failed: None, closed: false }
    }

    /// Returns whether to colour what goes to stdout.
    pub fn colours_results(&self) -> bool {
        self.colours(AutoStream::choice(&io::stdout()))
    }

    /// Returns whether to colour what goes to stderr.
    pub fn colours_talk(&self) -> bool {
        self.colours(AutoStream::choice(&io::stderr()))
    }

    fn colours(&self, auto: ColorChoice) -> bool {
        match self.color {
            Color::Auto => auto != ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        }
    }

    /// Prints a result to stdout, as it is.
    pub fn result(&mut self, text: impl AsRef<[u8]>) {
        if self.closed || self.failed.is_some() {
            return;
        }
        match io::stdout().lock().write_all(text.as_ref()) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(e) => self.failed = Some(e),
            Ok(()) => {}
        }
    }

    /// Tells something on stderr, unless quiet.
    pub fn talk(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Tells something on stderr that must be told.
    pub fn complain(&self, text: &str) {
        // If stderr is gone there is nobody left to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Returns whether only errors are to be told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells why the command failed.
    pub fn error(&self, failure: &Failure) {
        let (red, bold, end) =
            if self.colours_talk() { ("\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
        let help: String = failure.help.iter().map(|h| format!("  {bold}help{end}: {h}\n")).collect();
        self.complain(&format!("{red}error{end}: {}\n{help}", failure.message));
    }

    /// Flushes stdout.
    ///
    /// # Errors
    /// A result could not be written, for example to a full disk.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let flushed = match io::stdout().lock().flush() {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(e),
            _ => Ok(()),
        };
        self.failed.take().map_or(flushed, Err).map_err(|e| Failure::new(format!("cannot write to stdout: {e}")))
    }
}
