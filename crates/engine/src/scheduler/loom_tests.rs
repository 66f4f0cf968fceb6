//! The scheduler's small protocols in every execution that the memory model
//! allows, with at most three preemptions.
//!
//! ```sh
//! CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" \
//!     cargo test -p parallax-engine --lib loom
//! ```

use super::{Invalidated, Log, Park, ReadySet, Scheduler, State, Status};
use crate::{
    arena::PerWorker,
    deltas::Fees,
    hash::HashKey,
    ids::index_of,
    memory::{AccountCell, Base, Memory, SlotCell, Table, Value, WorkerArenas},
    reads::Read,
    sync::{
        atomic::{AtomicBool, Ordering},
        thread,
    },
    writes::{Ref, bit},
};
use alloy_primitives::Address;
use loom::sync::Arc;

fn model(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

fn empty_log() -> &'static Log {
    // SAFETY: empty slices stay.
    Box::leak(Box::new(unsafe { Log::new(&[], &[], &[], false) }))
}

#[test]
fn a_sleeper_does_not_miss_work() {
    model(|| {
        let shared = Arc::new((Park::default(), ReadySet::full(0), AtomicBool::new(false)));
        let notifier = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            notifier.2.store(true, Ordering::SeqCst);
            notifier.0.notify();
        });
        // Loom reports a deadlock if this sleeps for ever.
        shared.0.sleep_unless(|| shared.2.load(Ordering::SeqCst));
        thread.join().unwrap();
    });
}

#[test]
fn everybody_wakes_at_the_end() {
    model(|| {
        let shared = Arc::new((Park::default(), AtomicBool::new(false)));
        let sleepers: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.0.sleep_unless(|| shared.1.load(Ordering::SeqCst)))
            })
            .collect();
        shared.1.store(true, Ordering::SeqCst);
        shared.0.notify_all();
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
    });
}

#[test]
fn one_of_two_takes_a_ready_transaction() {
    model(|| {
        let ready = Arc::new(ReadySet::full(1));
        let other = Arc::clone(&ready);
        let thread = thread::spawn(move || other.take_lowest(0, 1).is_some());
        let here = ready.take(0);
        assert!(here ^ thread.join().unwrap());
    });
}

fn executed() -> Arc<Status> {
    let status = Status::default();
    assert_eq!(status.begin(), Some(0));
    status.finish(0);
    Arc::new(status)
}

#[test]
fn an_invalidation_beats_a_confirmation() {
    model(|| {
        let status = executed();
        let other = Arc::clone(&status);
        let thread = thread::spawn(move || other.invalidate(0));
        let confirmed = status.confirm(0);
        let (invalidated, state) = if confirmed {
            (Invalidated::Ready, (State::Ready, 1))
        } else {
            (Invalidated::Doomed, (State::Doomed, 0))
        };
        assert_eq!(thread.join().unwrap(), invalidated);
        assert_eq!(status.load(), state);
        assert!(!status.confirm(0));
    });
}

#[test]
fn one_of_two_invalidates() {
    model(|| {
        let status = executed();
        let other = Arc::clone(&status);
        let thread = thread::spawn(move || other.invalidate(0));
        let here = status.invalidate(0);
        let there = thread.join().unwrap();
        assert!((here == Invalidated::Doomed) ^ (there == Invalidated::Doomed));
        assert!((here == Invalidated::No) ^ (there == Invalidated::No));
        assert_eq!(status.rerun(0), 1);
        assert_eq!(status.load(), (State::Running, 1));
    });
}

#[test]
fn a_transaction_is_committed_or_invalidated() {
    model(|| {
        let status = executed();
        assert!(status.confirm(0));
        let other = Arc::clone(&status);
        let thread = thread::spawn(move || other.invalidate(0));
        let committed = status.commit();
        assert_eq!(committed, thread.join().unwrap() == Invalidated::No);
        assert_eq!(status.load().0 == State::Committed, committed);
    });
}

#[test]
fn a_suspicion_does_not_outlive_the_run() {
    model(|| {
        let status = Arc::new(Status::default());
        assert_eq!(status.begin(), Some(0));
        let other = Arc::clone(&status);
        let thread = thread::spawn(move || other.suspect(0));
        status.finish(0);
        thread.join().unwrap();
        assert!(!status.is_suspect());
        assert!(status.confirm(0));
    });
}

/// The waiter is claimed exactly once: by itself, or by the writer that wakes it.
#[test]
fn a_stalled_transaction_is_woken_once() {
    model(|| {
        let scheduler = Arc::new(Scheduler::new(2, 2));
        for tx in 0..2 {
            assert_eq!(scheduler.claim(), Some(tx));
            assert_eq!(scheduler.begin(tx), Some(0));
        }
        let other = Arc::clone(&scheduler);
        let thread = thread::spawn(move || {
            other.finish(0, 0, empty_log(), 0);
            assert!(other.transaction(0).status.confirm(0));
            other.wake_waiters(0);
            other.claim() == Some(1)
        });
        let asleep = scheduler.stall(1, 0, 0);
        let woken = thread.join().unwrap();
        assert_eq!(asleep, woken, "claimed by both or by nobody");
        assert_eq!(scheduler.begin(1), Some(0));
    });
}

/// The memory of a block with one account, and the fees of `scheduler`.
fn with_account(scheduler: &Scheduler, test: impl FnOnce(&'static AccountCell, Fees<'_>)) {
    let accounts = Box::leak(Box::new(Table::<AccountCell>::default()));
    let slots = Box::leak(Box::new(Table::<SlotCell>::default()));
    accounts.reset(0);
    let arenas = PerWorker::new(1, |_| WorkerArenas::default());
    let arenas = Box::leak(Box::new(arenas));
    let memory = Memory::new(HashKey::random(), accounts, slots, arenas);
    // SAFETY: only this thread uses the arenas.
    let own = unsafe { arenas.get(0) };
    let cell = memory.account(Address::ZERO, 0, own);
    cell.set_base(own.bases.alloc(Base::new(None)));
    let fees = Fees {
        beneficiary: Address::repeat_byte(1),
        scheduler,
        separate: true,
    };
    test(cell, fees);
}

/// A writer publishes and then looks for readers; a reader finishes and then
/// looks at what it read. If the reader ends DONE, it has seen the new value.
fn a_writer_and_a_reader_meet(likely: bool) {
    model(move || {
        let scheduler: &'static Scheduler = Box::leak(Box::new(Scheduler::new(2, 2)));
        for tx in 0..2 {
            assert_eq!(scheduler.begin(tx), Some(0));
        }
        with_account(scheduler, |cell, fees| {
            let fees: Fees<'static> = Fees { scheduler, ..fees };
            let writer = thread::spawn(move || write_nonce(scheduler, cell, fees, likely));
            let seen = read_nonce(scheduler, cell, fees);
            writer.join().unwrap();
            if scheduler.transaction(1).status.load() == (State::Done, 0) {
                assert_eq!(seen, 7, "a stale read was confirmed");
            }
        });
    });
}

#[test]
fn a_writer_and_a_reader_do_not_miss_each_other() {
    a_writer_and_a_reader_meet(false);
}

#[test]
fn a_writer_that_expects_a_conflict_and_a_reader_do_not_miss_each_other() {
    a_writer_and_a_reader_meet(true);
}

/// Transaction 0 sets the nonce to 7.
fn write_nonce(
    scheduler: &'static Scheduler,
    cell: &'static AccountCell,
    fees: Fees<'static>,
    likely: bool,
) {
    let nodes = Box::leak(Box::default());
    let value = Box::leak(Box::new(Value::Nonce(7)));
    assert!(cell.nonce.publish(index_of(0), value, nodes));
    scheduler.finish(0, 0, empty_log(), 0);
    let mut changed = [0; 8];
    changed[0] = 1 << bit(cell.hash, 1);
    let holds = |read: &Read, reader| read.holds(index_of(reader), &fees);
    scheduler.push(0, &changed, likely, holds, |_, _| ());
    assert!(scheduler.transaction(0).status.confirm(0));
}

/// Transaction 1 reads the nonce.
fn read_nonce(scheduler: &'static Scheduler, cell: &'static AccountCell, fees: Fees<'_>) -> u64 {
    let transaction = scheduler.transaction(1);
    transaction.signature.insert(bit(cell.hash, 1));
    let seen = match cell.nonce.latest(index_of(1)) {
        Some((_, Value::Nonce(nonce))) => *nonce,
        _ => 0,
    };
    // SAFETY: all of it is leaked.
    let (reads, log) = unsafe {
        let reads = Box::leak(Box::new([Read::Nonce(Ref::new(cell), seen)]));
        let log = Box::leak(Box::new(Log::new(reads, &[], &[], false)));
        (reads, log)
    };
    scheduler.finish(1, 0, log, 0);
    if reads[0].holds(index_of(1), &fees) {
        transaction.status.confirm(0);
    }
    seen
}
