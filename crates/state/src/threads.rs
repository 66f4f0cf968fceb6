//! Work for some threads.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    thread,
};

/// Does `work` for all `jobs` on so many threads, the caller's among them; the first error,
/// if there are some.
pub(crate) fn share<J: Send, E: Send>(
    jobs: impl IntoIterator<Item = J, IntoIter: Send>,
    threads: usize,
    work: impl Fn(J) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let all = || {
        while let Some(job) = next() {
            work(job)?;
        }
        Ok(())
    };
    if threads <= 1 {
        return all();
    }
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(all)).collect();
        let mut result = all();
        for helper in helpers {
            match helper.join() {
                Ok(helped) => result = result.and(helped),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        result
    })
}

/// The end of work that cannot fail.
pub(crate) fn sure(result: Result<(), Infallible>) {
    match result {
        Ok(()) => {}
        Err(never) => match never {},
    }
}
