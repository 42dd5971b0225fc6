//! Each thread has one event loop, kept for the thread's next run, with the threads that do a
//! guest's file operations. The loop supports timers only: guests get no sockets, so the loop needs
//! no file descriptor.

use crate::failure::Failure;
use crate::ffi;
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Operations on files that one guest may have at the same time.
const MAX_THREADS: usize = 8;
/// The maximum number of blocked threads that all ended guests together may leave behind.
const MAX_LEFT: usize = 64;
/// How long the end of a run waits for threads that are not blocked.
const GRACE: Duration = Duration::from_millis(20);

struct EventLoop {
    runtime: Runtime,
    threads: Arc<AtomicUsize>,
}

thread_local! {
    static EVENT_LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// Threads of guests that are gone, by event loop.
static LEFT: Mutex<Vec<Arc<AtomicUsize>>> = Mutex::new(Vec::new());

/// How many threads of ended guests are still blocked on a file or pipe that does not respond.
pub fn left() -> usize {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.retain(|threads| threads.load(Ordering::Acquire) != 0);
    left.iter().map(|threads| threads.load(Ordering::Acquire)).sum()
}

impl EventLoop {
    fn new() -> Result<EventLoop, Failure> {
        let threads = Arc::new(AtomicUsize::new(0));
        let (started, ended) = (threads.clone(), threads.clone());
        let runtime = Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(MAX_THREADS)
            .on_thread_start(move || {
                started.fetch_add(1, Ordering::AcqRel);
            })
            .on_thread_stop(move || {
                ended.fetch_sub(1, Ordering::AcqRel);
            })
            .build();
        let runtime = runtime.map_err(|error| {
            Failure::new(ffi::RUNTIME_ERROR, format!("cannot start an event loop: {error}"))
        })?;
        Ok(EventLoop { runtime, threads })
    }

    /// Ends the loop without waiting for blocked threads, and returns how many there are.
    fn end(self) -> usize {
        self.runtime.shutdown_timeout(GRACE);
        let blocked = self.threads.load(Ordering::Acquire);
        if blocked != 0 {
            LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(self.threads);
        }
        blocked
    }
}

/// Runs `body` with this thread's event loop. The second result is how many threads it left behind.
pub fn with<T>(
    body: impl FnOnce(&Runtime) -> Result<T, Failure>,
) -> Result<(Result<T, Failure>, usize), Failure> {
    EVENT_LOOP.with(|event_loop| {
        let mut event_loop = event_loop.try_borrow_mut().map_err(|_| {
            Failure::argument(
                "expected a thread that runs no guest, given one inside a guest's call",
            )
        })?;
        let left = left();
        if left >= MAX_LEFT {
            return Err(Failure::new(
                ffi::BUSY,
                format!(
                    "expected less than {MAX_LEFT} threads that guests left behind, blocked in a \
                     file or pipe that does not respond; given {left}"
                ),
            ));
        }
        // Dropped if `body` panics: the threads are then waited for.
        let this = match event_loop.take() {
            Some(this) => this,
            None => EventLoop::new()?,
        };
        let result = body(&this.runtime);
        let mut blocked = 0;
        if this.threads.load(Ordering::Acquire) == 0 {
            *event_loop = Some(this);
        } else {
            blocked = this.end();
        }
        Ok((result, blocked))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A run that leaves so many threads blocked; they go on once the result is dropped.
    fn leave(count: usize) -> (usize, Vec<mpsc::Sender<()>>) {
        let mut senders = Vec::new();
        let (_, blocked) = with(|runtime| {
            let (begun, has_begun) = mpsc::channel();
            for _ in 0..count {
                let (sender, receiver) = mpsc::channel::<()>();
                senders.push(sender);
                let begun = begun.clone();
                runtime.spawn_blocking(move || {
                    begun.send(()).unwrap();
                    let _ = receiver.recv();
                });
            }
            for _ in 0..count {
                has_begun.recv().unwrap();
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{}", failure.text));
        (blocked, senders)
    }

    #[test]
    fn blocked_threads_are_counted_and_bounded() {
        assert_eq!(leave(0).0, 0);
        let mut kept = Vec::new();
        for round in 0..MAX_LEFT / MAX_THREADS {
            assert_eq!(left(), round * MAX_THREADS);
            let (blocked, senders) = leave(MAX_THREADS);
            assert_eq!(blocked, MAX_THREADS);
            kept.push(senders);
        }
        let refused = with(|_| Ok(())).err().unwrap();
        assert_eq!(refused.code, ffi::BUSY);
        assert!(refused.text.contains("given 64"), "{}", refused.text);
        drop(kept);
        while left() != 0 {
            std::thread::yield_now();
        }
        assert!(with(|_| Ok(())).is_ok());
    }

    #[test]
    fn threads_that_are_done_are_not_left() {
        let (result, blocked) =
            with(|runtime| Ok(runtime.block_on(runtime.spawn_blocking(|| 7)).unwrap()))
                .unwrap_or_else(|failure| panic!("{}", failure.text));
        assert_eq!((result.ok(), blocked), (Some(7), 0));
    }

    #[test]
    fn it_takes_no_file_descriptor() {
        let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        // Other tests open files at the same time; one of many tries is not disturbed.
        let same = (0..1000).any(|_| {
            let before = count();
            let event_loop = EventLoop::new().unwrap_or_else(|failure| panic!("{}", failure.text));
            let with_it = count();
            drop(event_loop);
            before == with_it
        });
        assert!(same);
    }
}
