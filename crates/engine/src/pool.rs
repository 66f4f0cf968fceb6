//! Threads that live as long as the engine and work on one block at a time.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

/// A job for the helpers. The `'static` is a lie that [`Pool::run`] keeps: it
/// does not return before all that have begun it are done with it.
type Job = &'static (dyn Fn(usize) + Sync);

/// Helper threads, numbered from 1; the caller of [`Pool::run`] is number 0.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Copies of `State::round` and `State::running`, for those who look before
    /// they sleep: the parts of a block follow each other closely.
    round: AtomicU64,
    running: AtomicUsize,
    /// A job was posted, or the pool is closing.
    posted: Condvar,
    /// The last helper has finished the job.
    finished: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    job: Option<Job>,
    /// Counts jobs, so that a helper takes each one once.
    round: u64,
    /// Helpers that may take part in this job.
    wanted: usize,
    /// Helpers that have begun it and not ended yet.
    running: usize,
    closing: bool,
    panic: Option<Box<dyn Any + Send>>,
}

/// How often a thread looks for what it waits for before it sleeps: some 20
/// microseconds, less than it takes to wake it.
const LOOKS: usize = 400;

/// Looks for a moment whether `done`.
fn look_out(done: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if done() {
            return;
        }
        std::hint::spin_loop();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panicking job is caught; the state is consistent at every unlock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Starts `helpers` threads.
    ///
    /// # Errors
    /// If the system refuses to.
    pub(crate) fn new(helpers: usize) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let mut pool = Self {
            shared,
            threads: Vec::new(),
        };
        for number in 1..=helpers {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new()
                .name(format!("parallax-{number}"))
                .spawn(move || help(&shared, number))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Runs `helper(1)`, ..., `helper(helpers)` on the helpers and `main` here.
    /// Returns when all have ended; a panic of any of them continues here. Helpers
    /// that have not begun when `main` ends are let off: waking a thread can take
    /// longer than the work.
    ///
    /// `main` and the helpers must end without waiting for each other's end.
    pub(crate) fn run<R>(
        &self,
        helpers: usize,
        helper: &(dyn Fn(usize) + Sync),
        main: impl FnOnce() -> R,
    ) -> R {
        let helpers = helpers.min(self.threads.len());
        if helpers == 0 {
            return main();
        }
        // SAFETY: only the lifetime changes. On every way out of this function
        // `Finish` takes the job away and waits for the helpers that have begun it.
        let job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Job>(helper) };
        {
            let mut state = self.shared.lock();
            debug_assert!(state.job.is_none(), "one job at a time");
            state.job = Some(job);
            state.round += 1;
            state.wanted = helpers;
            state.running = 0;
            self.shared.round.store(state.round, Ordering::Relaxed);
        }
        self.shared.posted.notify_all();
        let finish = Finish(&self.shared);
        let result = catch_unwind(AssertUnwindSafe(main));
        let helper_panic = finish.wait();
        match (result, helper_panic) {
            (Ok(result), None) => result,
            (Err(panic), _) | (Ok(_), Some(panic)) => resume_unwind(panic),
        }
    }
}

/// Waits for the helpers, at the latest when dropped.
struct Finish<'a>(&'a Shared);

impl Finish<'_> {
    fn wait(&self) -> Option<Box<dyn Any + Send>> {
        // Nobody begins from now on.
        self.0.lock().job = None;
        look_out(|| self.0.running.load(Ordering::Relaxed) == 0);
        let mut state = self.0.lock();
        while state.running > 0 {
            state = self
                .0
                .finished
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.panic.take()
    }
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.wait();
    }
}

fn help(shared: &Shared, number: usize) {
    let mut seen = 0;
    loop {
        look_out(|| shared.round.load(Ordering::Relaxed) != seen);
        let job = {
            let mut state = shared.lock();
            loop {
                if state.closing {
                    return;
                }
                if state.round != seen {
                    seen = state.round;
                    if number <= state.wanted
                        && let Some(job) = state.job
                    {
                        state.running += 1;
                        shared.running.store(state.running, Ordering::Relaxed);
                        break job;
                    }
                }
                state = shared
                    .posted
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        };
        let ended = catch_unwind(AssertUnwindSafe(|| job(number)));
        let mut state = shared.lock();
        if let Err(panic) = ended {
            state.panic.get_or_insert(panic);
        }
        state.running -= 1;
        shared.running.store(state.running, Ordering::Relaxed);
        if state.running == 0 {
            shared.finished.notify_all();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.posted.notify_all();
        for thread in self.threads.drain(..) {
            // A helper catches the panics of its jobs and has none of its own.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_helper_runs_a_job_twice() {
        let pool = Pool::new(3).expect("threads");
        for round in 0..50 {
            let helpers = round % 4;
            let count = AtomicUsize::new(0);
            let numbers = AtomicUsize::new(0);
            let help = |number: usize| {
                count.fetch_add(1, Ordering::Relaxed);
                numbers.fetch_or(1 << number, Ordering::Relaxed);
            };
            let main = pool.run(helpers, &help, || {
                // Every other time they are waited for.
                while round % 2 == 0 && count.load(Ordering::Relaxed) < helpers {
                    std::thread::yield_now();
                }
                7
            });
            assert_eq!(main, 7);
            let (count, numbers) = (count.into_inner(), numbers.into_inner());
            assert_eq!(count, numbers.count_ones() as usize);
            assert_eq!(numbers & !(((1 << (helpers + 1)) - 1) & !1), 0);
            assert!(round % 2 == 1 || count == helpers);
        }
    }

    #[test]
    fn panics_reach_the_caller_and_the_pool_survives() {
        let pool = Pool::new(2).expect("threads");
        let begun = AtomicUsize::new(0);
        let helper = |number: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            assert_ne!(number, 2, "on purpose");
        };
        let wait = || {
            while begun.load(Ordering::Relaxed) < 2 {
                std::thread::yield_now();
            }
        };
        let panicked = catch_unwind(AssertUnwindSafe(|| pool.run(2, &helper, wait)));
        assert!(panicked.is_err());
        let panicked = catch_unwind(AssertUnwindSafe(|| pool.run(2, &|_| (), || panic!("main"))));
        assert!(panicked.is_err());
        assert_eq!(pool.run(2, &|_| (), || 3), 3);
    }
}
