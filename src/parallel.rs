//! The same work on many things, on all cores. Knows nothing of the work; the order of the results never depends on the cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads that are started at most.
const MAX_THREADS: usize = 8;

/// Does `work` on every item and returns the results in the order of the items. A thread is started for every `few` of them: as many
/// as are worth its start, some 50 microseconds.
pub fn map<T: Sync, R: Send>(items: &[T], few: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let n_cores = thread::available_parallelism().map_or(1, NonZero::get);
    let n_threads = n_cores.min(MAX_THREADS).min(items.len() / few.max(1));
    if n_threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut all: Vec<(usize, R)> = thread::scope(|scope| {
        // A thread that does not start leaves its share to the others.
        let others: Vec<_> = (1..n_threads).filter_map(|_| builder().spawn_scoped(scope, share).ok()).collect();
        let mut all = share();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Other threads get the stack that the first one has: what is read may be nested deeply.
fn builder() -> thread::Builder {
    thread::Builder::new().stack_size(8 << 20)
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1_000).collect();
        let squares: Vec<u64> = items.iter().map(|n| n * n).collect();
        assert_eq!(map(&items, 4, |n| n * n), squares);
        assert_eq!(map(&items[..3], 4, |n| n * n), squares[..3]);
        assert_eq!(map(&[] as &[u64], 1, |n| n * n), [0; 0]);
    }
}
