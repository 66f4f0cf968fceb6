//! A whole schedule with made-up transactions, for model checking.
//!
//! Scheduler, memory, interner, read predicates and fees are the engine's own.
//! The interpreter is replaced by [`machine`], and [`Worker`] follows
//! `crate::worker` and `crate::commit` step by step. Under std it pauses here
//! and there to shake the threads; under shuttle every use of `crate::sync` is a
//! place where another worker may go on.

mod commit;
mod machine;
mod program;

use super::{Handoff, Log, Scheduler};
use crate::{
    arena::PerWorker,
    deltas::{self, Fees},
    hash::HashKey,
    ids::{FIRST, index_of},
    memory::{AccountCell, Base, Memory, SlotCell, Table, Visible, WorkerArenas},
    reads::Read,
    sync::{Mutex, thread},
    writes::{Write, bit},
};
use alloy_primitives::{Address, U256};
use machine::{Execution, Stop};
#[cfg(not(shuttle))]
use program::Rng;
use program::{ACCOUNTS, SLOTS};
pub(super) use program::{Block, Outcome};
use revm::state::AccountInfo;
use std::cell::Cell;

/// Something that the protocol must not do; the model has to notice each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// A writer does not tell readers.
    DoesNotPush,
    /// A reader does not check its own reads.
    DoesNotCheck,
    /// Whoever waits for a transaction stays asleep.
    DoesNotWake,
    /// A bound that was relied on is forgotten when the exact balance is read.
    ForgetsBound,
    /// A worker that is excluded keeps a wake-up for itself.
    KeepsWakeUp,
}

fn address(account: usize) -> Address {
    Address::with_last_byte(account as u8)
}

/// Slots have the bits below.
fn hash(account: usize) -> u64 {
    SLOTS + account as u64
}

thread_local! {
    static NOISE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets others go first: under shuttle rarely, but then for long, as a worker
/// that the system has put aside.
#[cfg(shuttle)]
fn pause() {
    use shuttle::rand::{Rng as _, thread_rng};
    if thread_rng().gen_range(0..16) == 0 {
        (0..thread_rng().gen_range(0..400)).for_each(|_| thread::yield_now());
    }
}

/// Lets other threads go first, now and then.
#[cfg(not(shuttle))]
fn pause() {
    let Some(seed) = NOISE.get() else { return };
    let mut rng = Rng(seed);
    match rng.below(16) {
        0 => std::thread::yield_now(),
        1..4 => (0..rng.below(300)).for_each(|_| std::hint::spin_loop()),
        _ => {}
    }
    NOISE.set(Some(rng.0));
}

#[derive(Debug)]
struct Verdict {
    acc: u64,
    valid: bool,
}

#[derive(Debug, Default)]
struct Commits {
    included: Vec<(usize, u64)>,
    gas_used: u64,
    fees: U256,
}

/// What the workers of a block share.
struct Run<'m> {
    block: &'m Block,
    memory: &'m Memory<'m>,
    scheduler: &'m Scheduler,
    fees: Fees<'m>,
    verdicts: Box<[Handoff<Verdict>]>,
    commits: Mutex<Commits>,
    mistake: Option<Mistake>,
}

/// Executes `block` on `workers` threads.
pub(super) fn execute(
    block: &Block,
    workers: usize,
    window: usize,
    noise: Option<u64>,
    mistake: Option<Mistake>,
) -> Outcome {
    let (mut accounts, mut slots) = (
        Table::<AccountCell>::default(),
        Table::<SlotCell>::default(),
    );
    accounts.reset(0);
    slots.reset(0);
    let arenas = PerWorker::new(workers + 1, |_| WorkerArenas::default());
    let memory = Memory::new(HashKey::random(), &accounts, &slots, &arenas);
    let mut scheduler = Scheduler::new(block.transactions.len(), workers);
    scheduler.window = window;
    // SAFETY: the last arenas belong to this thread, the others to one worker each.
    let own = unsafe { arenas.get(workers) };
    for (i, balance) in block.balances.iter().enumerate() {
        let info = AccountInfo::from_balance(U256::from(*balance));
        let base = own.bases.alloc(Base::new(Some(info)));
        memory.account(address(i), hash(i), own).set_base(base);
    }
    let run = Run {
        block,
        memory: &memory,
        scheduler: &scheduler,
        fees: Fees {
            beneficiary: address(0),
            scheduler: &scheduler,
            separate: true,
        },
        verdicts: block
            .transactions
            .iter()
            .map(|_| Handoff::default())
            .collect(),
        commits: Mutex::new(Commits::default()),
        mistake,
    };
    thread::scope(|scope| {
        for number in 0..workers {
            let run = &run;
            scope.spawn(move || {
                NOISE.set(noise.map(|seed| seed.wrapping_add(number as u64)));
                // SAFETY: as above.
                let arenas = unsafe { run.memory.arenas.get(number) };
                Worker {
                    run,
                    arenas,
                    number,
                    workers,
                }
                .work();
            });
        }
    });
    run.outcome(own)
}

impl<'m> Run<'m> {
    /// The state after the last transaction.
    fn outcome(&self, arenas: &'m WorkerArenas) -> Outcome {
        let end = index_of(self.block.transactions.len());
        let account = |i: usize| self.memory.account(address(i), hash(i), arenas);
        let balance = |i: usize| {
            deltas::balance(account(i), end, &self.fees, |_| Ok(()))
                .expect("every fee is known")
                .to()
        };
        let slot = |slot: usize| {
            let key = U256::from(slot);
            let cell = self.memory.slot(account(1), key, slot as u64, arenas);
            match cell.visible(end, None) {
                Visible::Written(value, _) => value.to(),
                Visible::Cleared | Visible::Base => self.block.slots[slot],
            }
        };
        let commits = self.commits.lock().expect("no worker has panicked");
        Outcome {
            included: commits.included.clone(),
            slots: std::array::from_fn::<_, { SLOTS as usize }, _>(slot),
            balances: std::array::from_fn::<_, ACCOUNTS, _>(balance),
        }
    }
}

/// See `crate::worker::Worker`; the methods have the same names.
struct Worker<'m, 'r> {
    run: &'r Run<'m>,
    arenas: &'m WorkerArenas,
    number: usize,
    workers: usize,
}

impl Worker<'_, '_> {
    fn work(&self) {
        let scheduler = self.run.scheduler;
        let mut claimed = (0, 0u64);
        while !scheduler.is_finished() {
            if scheduler.excludes(self.number) && claimed.1 == 0 {
                match self.run.mistake == Some(Mistake::KeepsWakeUp) {
                    true => scheduler.nap(self.number),
                    false => scheduler.stay_away(self.number),
                }
                continue;
            }
            match next_of(&mut claimed).or_else(|| scheduler.claim()) {
                Some(tx) => {
                    // Now and then two more with it.
                    if claimed.1 == 0 && tx % 3 == 0 {
                        claimed = (tx + 1, scheduler.claim_run(tx + 1, 2));
                    }
                    self.run_transaction(tx);
                    // Whatever conflicts would make of it.
                    scheduler.set_width(1 + (tx * 7 + self.number) % self.workers);
                }
                None if scheduler.is_head_done() => thread::yield_now(),
                None => {
                    scheduler.wait_for_work();
                    scheduler.wake_another();
                }
            }
            self.commit_prefix();
        }
        scheduler.release_all();
    }

    fn run_transaction(&self, tx: usize) {
        let scheduler = self.run.scheduler;
        let Some(mut incarnation) = scheduler.begin(tx) else {
            return;
        };
        loop {
            let speculative = scheduler.committed() != tx;
            let mut execution = Execution::new(self.run, tx, speculative, self.arenas);
            match program::run(&self.run.block.transactions[tx], &mut execution) {
                Ok(acc) => {
                    self.publish(tx, incarnation, acc, &execution);
                    let stale = speculative && !self.own_reads_hold(tx);
                    pause();
                    if stale || !scheduler.transaction(tx).status.confirm(incarnation) {
                        incarnation = scheduler.rerun(tx, incarnation);
                        continue;
                    }
                    if self.run.mistake != Some(Mistake::DoesNotWake) {
                        scheduler.wake_waiters(tx);
                    }
                    return;
                }
                Err(Stop::Stale) => incarnation = scheduler.restart(tx, incarnation),
                Err(Stop::Stall(on)) => {
                    let on = (on - FIRST) as usize;
                    if scheduler.stall(tx, incarnation, on) {
                        return;
                    }
                    let Some(next) = scheduler.begin(tx) else {
                        return;
                    };
                    incarnation = next;
                }
            }
        }
    }

    fn publish(&self, tx: usize, incarnation: u32, acc: u64, execution: &Execution<'_>) {
        let scheduler = self.run.scheduler;
        let fee = program::fee(acc);
        let writes = if fee.is_some() {
            execution.writes()
        } else {
            Vec::new()
        };
        let amount = u128::from(fee.unwrap_or(0));
        let before = scheduler.log(tx);
        let mut changed = [0; 8];
        if before.is_none() || scheduler.last_fee(tx) != amount {
            mark(&mut changed, hash(0) as usize);
        }
        let reads = if execution.speculative {
            execution.reads()
        } else {
            Vec::new()
        };
        let log = self.arenas.log(&reads, &writes, &[], false);
        self.publish_writes(tx, log.writes(), before, &mut changed);
        let valid = fee.is_some();
        // SAFETY: this worker runs the transaction.
        unsafe { self.run.verdicts[tx].put(Verdict { acc, valid }) };
        pause();
        scheduler.finish(tx, incarnation, log, amount);
        pause();
        self.tell(tx, &changed);
    }

    fn publish_writes(
        &self,
        tx: usize,
        writes: &[Write],
        before: Option<&Log>,
        changed: &mut [u64; 8],
    ) {
        let index = index_of(tx);
        for write in writes {
            let location = write.target.location();
            if location.publish(index, &write.value, &self.arenas.nodes) {
                mark(changed, write.target.bit());
            }
            pause();
        }
        for write in before.map_or(&[][..], Log::writes) {
            if write.target.location().withdraw(index, &write.value) {
                mark(changed, write.target.bit());
            }
        }
    }

    fn tell(&self, tx: usize, changed: &[u64; 8]) {
        if self.run.mistake == Some(Mistake::DoesNotPush) {
            return;
        }
        let holds = |read: &Read, reader: usize| {
            let holds = read.holds(index_of(reader), &self.run.fees);
            pause();
            holds
        };
        self.run
            .scheduler
            .push(tx, changed, tx.is_multiple_of(2), holds, |_, _| ());
    }

    fn own_reads_hold(&self, tx: usize) -> bool {
        let reads = self.run.scheduler.log(tx).map_or(&[][..], Log::reads);
        self.run.mistake == Some(Mistake::DoesNotCheck)
            || reads
                .iter()
                .all(|read| read.holds(index_of(tx), &self.run.fees))
    }
}

/// The next of the transactions that were claimed together.
fn next_of(claimed: &mut (usize, u64)) -> Option<usize> {
    let (start, bits) = *claimed;
    if bits == 0 {
        return None;
    }
    let skip = bits.trailing_zeros();
    *claimed = (
        start + skip as usize + 1,
        bits.checked_shr(skip + 1).unwrap_or(0),
    );
    Some(start + skip as usize)
}

fn mark(changed: &mut [u64; 8], place: usize) {
    let place = bit(place as u64, 0);
    changed[place / 64] |= 1 << (place % 64);
}
