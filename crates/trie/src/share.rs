//! Jobs for some threads.

use crate::hashing::Scratch;
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// Does all `jobs` on so many threads; the first error, if there are some.
pub(crate) fn share<J: Send, E: Send>(
    jobs: Vec<J>,
    scratch: &mut Vec<Scratch>,
    threads: usize,
    work: impl Fn(J, &mut Scratch) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let threads = threads.clamp(1, jobs.len().max(1));
    if scratch.len() < threads {
        scratch.resize_with(threads, Scratch::default);
    }
    let jobs = Mutex::new(jobs.into_iter());
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    let all = |scratch: &mut Scratch| {
        while let Some(job) = next() {
            work(job, scratch)?;
        }
        Ok(())
    };
    let (own, others) = scratch[..threads].split_at_mut(1);
    thread::scope(|scope| {
        let all = &all;
        let helpers: Vec<_> = others
            .iter_mut()
            .map(|scratch| scope.spawn(move || all(scratch)))
            .collect();
        let mut result = all(&mut own[0]);
        for helper in helpers {
            match helper.join() {
                Ok(helped) => result = result.and(helped),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        result
    })
}
