//! Turns a panic into a message that says whose mistake it is.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs a function.
///
/// # Errors
/// Message and place of a panic in it.
pub fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let seen = Arc::new(Mutex::new(String::new()));
    let slot = Arc::clone(&seen);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let what = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let what = what.unwrap_or("no message");
        let place = info.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = format!("{what}{place}");
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(before);
    done.map_err(|_| seen.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_becomes_a_message_with_its_place() {
        let message = guarded(|| -> u8 { panic!("lost {}", 1) });
        assert!(message.is_err_and(|m| m.starts_with("lost 1 at src")));
        assert_eq!(guarded(|| 7), Ok(7));
    }
}
