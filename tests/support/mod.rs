//! Helpers of the test drivers. They judge nothing themselves: what is right is said by the drivers and by the judges.

// Each driver is a crate of its own and uses a part of this.
#![allow(dead_code)]

pub mod history;
pub mod http;
pub mod judge;
pub mod live;
pub mod load;
pub mod page;
pub mod panels;
pub mod project;
pub mod prometheus;
pub mod replay;

/// What a helper returns: a value, or what a person must read to mend the test.
pub type Result<T = ()> = std::result::Result<T, String>;

/// Says what was attempted when it failed.
pub trait Context<T> {
    /// Puts `what` before the error.
    fn context(self, what: impl std::fmt::Display) -> Result<T>;
}

impl<T, E: std::fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl std::fmt::Display) -> Result<T> {
        self.map_err(|e| format!("{what}: {e}"))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl std::fmt::Display) -> Result<T> {
        self.ok_or_else(|| what.to_string())
    }
}
