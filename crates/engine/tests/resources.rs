//! Memory and threads: what an engine holds is bounded, and is given back.

mod common;

use common::{engine, in_time};
use parallax_engine::Engine;
use parallax_workload::{Kind, Workload, catalogue, generate};
use std::{
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// One test at a time: they look at the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resident memory of the process in KiB; `None` where the system does not say.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Helper threads of engines in this process; `None` where the system does not
/// say.
fn helpers() -> Option<usize> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let names = tasks
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("comm")));
    Some(
        names
            .flatten()
            .filter(|name| name.starts_with("parallax-"))
            .count(),
    )
}

/// In a test with a time limit.
fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::yield_now();
    }
}

fn small_blocks() -> Vec<Workload> {
    // One transaction as long as a block would be all that takes time here.
    let kinds = catalogue().iter().filter(|kind| **kind != Kind::LongLast);
    kinds
        .flat_map(|kind| (0..2).map(|seed| generate(*kind, 8, seed)))
        .collect()
}

/// Which worker executes what differs from block to block, so what two workers
/// hold is not a constant. But none ever needs more than a few times what one
/// needs for everything, however many blocks there are.
#[test]
fn ten_thousand_blocks_need_no_more_memory_than_a_few() {
    let _alone = alone();
    in_time(|| {
        let blocks = small_blocks();
        let run = |engine: &Engine, count: usize| {
            for workload in blocks.iter().cycle().take(count) {
                engine.replay(&workload.block, &workload.state).unwrap();
            }
            engine.memory_bytes()
        };
        let alone = engine(1);
        let bound = run(&alone, blocks.len());
        assert_eq!(run(&alone, 1_000), bound);

        let engine = engine(2);
        run(&engine, 1_000);
        let before = resident();
        let held = run(&engine, 9_000);
        assert!(held <= 4 * bound, "{held} bytes, one worker {bound}");
        if let (Some(before), Some(after)) = (before, resident()) {
            let grown = after.saturating_sub(before);
            assert!(grown < 8 * 1024, "{grown} KiB more than {before} KiB");
        }
    });
}

/// The table of hashes has 16,384 entries of 128 bytes, for each worker that has worked.
#[test]
fn caches_are_counted() {
    let _alone = alone();
    in_time(|| {
        let engine = engine(1);
        assert!(engine.memory_bytes() < 1 << 20);
        let workload = generate(Kind::Transfers, 2, 1);
        engine.replay(&workload.block, &workload.state).unwrap();
        assert!(engine.memory_bytes() > 2 << 20);
    });
}

/// Failing blocks give back what they took, too.
#[test]
fn failing_blocks_leak_nothing() {
    let _alone = alone();
    in_time(|| {
        let engine = engine(2);
        let mut workload = generate(Kind::Mixed, 40, 1);
        workload.block.transactions[20].nonce = 1_000;
        let run = |count: usize| {
            for _ in 0..count {
                engine.replay(&workload.block, &workload.state).unwrap_err();
            }
        };
        run(300);
        let before = resident();
        run(2_000);
        if let (Some(before), Some(after)) = (before, resident()) {
            let grown = after.saturating_sub(before);
            assert!(grown < 8 * 1024, "{grown} KiB more than {before} KiB");
        }
    });
}

#[test]
fn dropping_an_engine_ends_its_threads() {
    let _alone = alone();
    in_time(|| {
        if helpers().is_none() {
            println!("skipped: the system does not list threads");
            return;
        }
        let before = helpers();
        let engine = engine(5);
        let workload = generate(Kind::Transfers, 50, 1);
        engine.replay(&workload.block, &workload.state).unwrap();
        // A thread has its name a moment after it was started.
        wait_until(|| helpers() == before.map(|before| before + 4));
        drop(engine);
        wait_until(|| helpers() == before);
        // Also if it has never executed anything.
        for _ in 0..50 {
            drop(common::engine(4));
        }
        wait_until(|| helpers() == before);
    });
}
