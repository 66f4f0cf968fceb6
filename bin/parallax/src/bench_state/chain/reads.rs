//! Reading: from the store, from the cache, proofs.

use super::{Made, at};
use crate::{bench_state::figure::Figure, cli::StateBenchArguments, harness::statistics::Times};
use alloy_primitives::U256;
use eyre::Result;
use indicatif::ProgressBar;
use parallax_state::{State, StateError};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Words that are read in a run.
const READS: usize = 10_000;

/// Proofs that are made in a run.
const PROOFS: usize = 1_000;

/// Everything that is read, and how long one thread takes.
fn read(state: &State, made: &Made, first: usize, count: usize) -> Result<Duration, StateError> {
    let begun = Instant::now();
    let token = Made::token();
    for index in first..first + count {
        // One after the other in no order: their addresses are hashes.
        let (_, slot) = made.holder(index);
        std::hint::black_box(state.flat().word(&token, &slot)?);
    }
    Ok(begun.elapsed())
}

pub(super) fn measure(
    state: &State,
    made: &Made,
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    at(bar, "reads");
    let runs = arguments.runs();
    let stored = (0..=runs).map(|run| read(state, made, run * READS, READS));
    let stored: Vec<_> = stored.collect::<Result<_, _>>()?;
    let stored: Times = stored.into_iter().skip(1).collect();
    let what = "a word that is not in the cache: hash, MDBX (pages in memory), into the cache";
    figures.push(Figure::each("read-store", &stored, READS, what));
    let cached = (0..runs).map(|_| read(state, made, 0, READS));
    let cached: Times = cached.collect::<Result<_, _>>()?;
    let what = "a word that is in the cache, one thread";
    figures.push(Figure::each("read-cache", &cached, READS, what));
    let threads = arguments.threads();
    let mut all = Vec::new();
    for _ in 0..runs {
        let begun = Instant::now();
        thread::scope(|scope| {
            let readers: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| read(state, made, 0, READS)))
                .collect();
            readers
                .into_iter()
                .try_for_each(|reader| match reader.join() {
                    Ok(read) => read.map(|_| ()),
                    Err(panic) => std::panic::resume_unwind(panic),
                })
        })?;
        all.push(begun.elapsed());
    }
    let all: Times = all.into_iter().collect();
    let what = format!("words in the cache, {threads} threads together");
    figures.push(Figure::rate("reads-cache", &all, READS * threads, what));

    at(bar, "proofs");
    let mut proofs = Vec::new();
    for run in 0..runs {
        let begun = Instant::now();
        for index in 0..PROOFS {
            let (holder, slot) = made.holder(run * PROOFS + index);
            std::hint::black_box(state.proof(&holder, &[])?);
            std::hint::black_box(state.proof(&Made::token(), &[slot, U256::ZERO])?);
        }
        proofs.push(begun.elapsed());
    }
    let proofs: Times = proofs.into_iter().collect();
    let what = "an account without words, or with two, on average";
    figures.push(Figure::each("proof", &proofs, 2 * PROOFS, what));
    Ok(())
}
