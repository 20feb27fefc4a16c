//! What `llmobs catalog` answers: lists, one metric, two releases against each other, a page against the catalogue.
//!
//! Pure: values in, reports out, each printed for people and as JSON. What is true stands in `catalog`.

mod compare;
mod diff;
mod list;
mod page;
mod patch;
mod show;
mod text;
mod verify;

pub use diff::{Diff, diff};
pub use list::{Entry, Match, list, list_text, search, search_text};
pub use patch::patch;
pub use show::{Shown, show};
pub use verify::{Difference, Kind, Report, Wanted, verify};
