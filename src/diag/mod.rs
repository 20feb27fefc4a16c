//! Findings: what is wrong, where, and what to do about it.
//!
//! A stage pushes [`Diagnostic`]s into a [`Sink`] and goes on; it never stops at the first. Nothing here prints.

mod code;
mod diagnostic;
mod printable;
pub mod render;
mod select;
mod sink;
mod suggest;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Fix, Label, Safety, Suppressed};
pub use printable::printable;
pub use select::{UnknownCode, codes_of};
pub use sink::Sink;
pub use suggest::{did_you_mean, shorten};
