//! The arenas of one worker.

use super::{AccountCell, Base, Code, Node, SlotCell, Value};
use crate::{
    access_list::Listed,
    arena::Arena,
    hints::Subject,
    reads::Read,
    scheduler::Log,
    writes::{Access, Write},
};
use alloy_primitives::U256;

/// One worker's memory for a block.
#[derive(Debug, Default)]
pub(crate) struct WorkerArenas {
    /// Whose: the worker's number.
    pub(crate) number: u16,
    pub(crate) accounts: Arena<AccountCell>,
    pub(crate) slots: Arena<SlotCell>,
    pub(crate) nodes: Arena<Node>,
    pub(crate) values: Arena<Value>,
    pub(crate) codes: Arena<Code>,
    pub(crate) bases: Arena<Base>,
    pub(crate) words: Arena<U256>,
    pub(crate) reads: Arena<Read>,
    pub(crate) writes: Arena<Write>,
    pub(crate) accesses: Arena<Access>,
    pub(crate) logs: Arena<Log>,
    pub(crate) listed: Arena<Listed>,
    pub(crate) subjects: Arena<Subject>,
}

impl WorkerArenas {
    pub(crate) fn new(worker: usize) -> Self {
        Self {
            number: worker as u16,
            ..Self::default()
        }
    }

    /// Keeps what an incarnation has read, written and accessed.
    pub(crate) fn log(
        &self,
        reads: &[Read],
        writes: &[Write],
        accesses: &[Access],
        looks_at_credits: bool,
    ) -> &Log {
        // SAFETY: the slices are cleared together with the log, here.
        let log = unsafe {
            Log::new(
                self.reads.alloc_slice(reads),
                self.writes.alloc_slice(writes),
                self.accesses.alloc_slice(accesses),
                looks_at_credits,
            )
        };
        self.logs.alloc(log)
    }

    pub(crate) fn clear(&mut self) {
        self.accounts.clear();
        self.slots.clear();
        self.nodes.clear();
        self.values.clear();
        self.codes.clear();
        self.bases.clear();
        self.words.clear();
        self.reads.clear();
        self.writes.clear();
        self.accesses.clear();
        self.logs.clear();
        self.listed.clear();
        self.subjects.clear();
    }

    pub(crate) fn capacity_bytes(&self) -> usize {
        self.accounts.capacity_bytes()
            + self.slots.capacity_bytes()
            + self.nodes.capacity_bytes()
            + self.values.capacity_bytes()
            + self.codes.capacity_bytes()
            + self.bases.capacity_bytes()
            + self.words.capacity_bytes()
            + self.reads.capacity_bytes()
            + self.writes.capacity_bytes()
            + self.accesses.capacity_bytes()
            + self.logs.capacity_bytes()
            + self.listed.capacity_bytes()
            + self.subjects.capacity_bytes()
    }
}
