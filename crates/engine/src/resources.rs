//! What outlives blocks: memory and caches.

use crate::{
    arena::PerWorker,
    block::Block,
    hash::HashKey,
    memory::{AccountCell, SlotCell, Table, WorkerArenas},
    scheduler::Scheduler,
    vm::{CodeCache, KeccakCache},
};
use std::cell::RefCell;

/// What a block needs and the next one can use again.
pub(crate) struct Resources {
    pub(crate) key: HashKey,
    pub(crate) accounts: Table<AccountCell>,
    pub(crate) slots: Table<SlotCell>,
    pub(crate) arenas: PerWorker<WorkerArenas>,
    pub(crate) caches: PerWorker<WorkerCaches>,
    pub(crate) scheduler: Scheduler,
}

/// A worker's caches between blocks.
#[derive(Debug, Default)]
pub(crate) struct WorkerCaches(RefCell<Option<(CodeCache, KeccakCache)>>);

impl WorkerCaches {
    pub(crate) fn take(&self) -> (CodeCache, KeccakCache) {
        self.0.take().unwrap_or_default()
    }

    pub(crate) fn put(&self, caches: (CodeCache, KeccakCache)) {
        self.0.replace(Some(caches));
    }

    fn capacity_bytes(&mut self) -> usize {
        let caches = self.0.get_mut().as_ref();
        caches.map_or(0, |(codes, keccak)| {
            codes.capacity_bytes() + keccak.capacity_bytes()
        })
    }
}

/// Transactions whose gas limits say how large tables should be.
const SAMPLE: usize = 512;

impl Resources {
    /// For so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            key: HashKey::random(),
            accounts: Table::default(),
            slots: Table::default(),
            arenas: PerWorker::new(workers, WorkerArenas::new),
            caches: PerWorker::new(workers, |_| WorkerCaches::default()),
            scheduler: Scheduler::default(),
        }
    }

    /// Bytes of memory held.
    pub(crate) fn capacity_bytes(&mut self) -> usize {
        let arenas = self.arenas.iter_mut().map(|arenas| arenas.capacity_bytes());
        let caches = self.caches.iter_mut().map(WorkerCaches::capacity_bytes);
        arenas.chain(caches).sum::<usize>()
            + self.accounts.capacity_bytes()
            + self.slots.capacity_bytes()
            + self.scheduler.capacity_bytes()
    }

    /// Empties everything and sizes it for `block`.
    pub(crate) fn reset(&mut self, block: &Block, workers: usize) {
        let transactions = block.transactions.len();
        self.scheduler.reset(transactions, workers);
        // An estimate from some of them: each is a cache line from far away.
        let step = transactions.div_ceil(SAMPLE).max(1);
        let some = block.transactions.iter().step_by(step);
        let gas: u64 = some.map(|tx| tx.gas_limit.min(1 << 24)).sum();
        let slots = usize::try_from(gas / 20_000).unwrap_or(usize::MAX);
        let slots = slots.saturating_mul(step);
        self.accounts.reset(transactions.saturating_mul(2));
        self.slots.reset(slots.max(transactions));
        for arenas in self.arenas.iter_mut() {
            arenas.clear();
        }
    }
}
