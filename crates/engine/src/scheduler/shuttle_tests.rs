//! The whole schedule under shuttle: random and prioritised interleavings (PCT,
//! Burckhardt et al. 2010) of every use of `crate::sync`.
//!
//! ```sh
//! CARGO_TARGET_DIR=target/shuttle RUSTFLAGS="--cfg shuttle" \
//!     PARALLAX_SEEDS=100000 cargo test -p parallax-engine --lib shuttle
//! ```
//!
//! A failure names the block's seed and the schedule, which `shuttle::replay`
//! takes.

use super::model::{self, Block, Mistake};
use shuttle::{
    Config, MaxSteps, Runner,
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Interleavings of each block.
const SCHEDULES: usize = 4;

fn seeds() -> u64 {
    let seeds = std::env::var("PARALLAX_SEEDS").ok();
    seeds.map_or(2_000, |n| n.parse().expect("PARALLAX_SEEDS is a number"))
}

fn check(seed: u64, scheduler: impl Scheduler + 'static, mistake: Option<Mistake>) {
    check_block(Block::random(seed), seed, scheduler, mistake);
}

fn check_block(
    block: Block,
    seed: u64,
    scheduler: impl Scheduler + 'static,
    mistake: Option<Mistake>,
) {
    let expected = block.execute();
    let workers = 2 + (seed % 2) as usize;
    let window = 1 + (seed % 7) as usize;
    let mut config = Config::new();
    // Nothing takes a hundredth of it, unless it goes in circles.
    config.max_steps = MaxSteps::FailAfter(1_000_000);
    Runner::new(scheduler, config).run(move || {
        let got = model::execute(&block, workers, window, None, mistake);
        assert_eq!(got, expected, "seed {seed}: {block:?}");
    });
}

#[test]
fn made_up_blocks_end_as_they_do_in_order() {
    for seed in 0..seeds() {
        check(seed, RandomScheduler::new_from_seed(seed, SCHEDULES), None);
    }
}

#[test]
fn made_up_blocks_end_as_they_do_in_order_when_workers_lag() {
    for seed in 0..seeds() {
        let depth = 2 + (seed % 4) as usize;
        check(
            seed,
            PctScheduler::new_from_seed(seed, depth, SCHEDULES),
            None,
        );
    }
}

/// A worker was slow to tell readers what its transaction had changed. Meanwhile
/// the transaction was invalidated and run again by another worker, which found
/// nothing changed, told nobody and was done: a stale reader was committed.
#[test]
fn a_transaction_is_not_run_again_while_its_worker_still_tells() {
    let rounds = seeds() as usize;
    for depth in 2..6 {
        let pct = PctScheduler::new_from_seed(depth as u64, depth, rounds);
        // Three workers, and a window that keeps nobody waiting.
        check_block(Block::slow_teller(), 27, pct, None);
    }
}

/// The model would be worth nothing if it could not see what is wrong.
fn is_noticed(mistake: Mistake) {
    let noticed = (0..100_000).find(|seed| {
        let random = RandomScheduler::new_from_seed(*seed, SCHEDULES);
        let pct = PctScheduler::new_from_seed(*seed, 4, SCHEDULES);
        catch_unwind(AssertUnwindSafe(|| check(*seed, random, Some(mistake)))).is_err()
            || catch_unwind(AssertUnwindSafe(|| check(*seed, pct, Some(mistake)))).is_err()
    });
    println!("{mistake:?} was noticed at seed {noticed:?}");
    assert!(noticed.is_some());
}

#[test]
fn a_writer_that_does_not_push_is_noticed() {
    is_noticed(Mistake::DoesNotPush);
}

#[test]
fn a_reader_that_does_not_check_is_noticed() {
    is_noticed(Mistake::DoesNotCheck);
}

#[test]
fn a_waiter_that_is_not_woken_is_noticed() {
    is_noticed(Mistake::DoesNotWake);
}

#[test]
fn a_forgotten_bound_is_noticed() {
    is_noticed(Mistake::ForgetsBound);
}

#[test]
fn a_wake_up_that_an_excluded_worker_keeps_is_noticed() {
    is_noticed(Mistake::KeepsWakeUp);
}
