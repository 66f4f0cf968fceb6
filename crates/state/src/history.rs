//! What was there before each block: states of the past, and where logs are.

mod at;
mod postings;
mod prune;
mod rows;

pub use at::At;
pub(crate) use at::Headers;
pub(crate) use postings::postings;
pub use postings::{Digest, LogKey};
pub(crate) use prune::{bury, dead_key, forget, forget_from};
pub(crate) use rows::put;

use crate::{
    account::{Account, SlotKey, slot_key},
    prepare::Prepared,
};
use alloy_primitives::{B256, U256};

/// Which states of the past are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// Those after so many of the last blocks, at least; older ones are dropped.
    Blocks(u64),
    /// All.
    Archive,
}

impl History {
    /// The first block whose state is to be kept when `next` comes next.
    pub(crate) const fn first_kept(self, next: u64) -> u64 {
        match self {
            Self::Blocks(blocks) => next.saturating_sub(blocks.saturating_add(1)),
            Self::Archive => 0,
        }
    }
}

/// What a block has changed, as it was before.
#[derive(Debug)]
pub(crate) struct Undo {
    pub(crate) block: u64,
    /// By hashed address.
    pub(crate) accounts: Vec<(B256, Option<Account>)>,
    /// By account id and hashed slot.
    pub(crate) slots: Vec<(SlotKey, U256)>,
    /// What its logs can be found by, in ascending order.
    pub(crate) postings: Vec<Digest>,
}

impl Undo {
    pub(crate) const fn new(block: u64) -> Self {
        Self {
            block,
            accounts: Vec::new(),
            slots: Vec::new(),
            postings: Vec::new(),
        }
    }

    /// Adds what was there before some changes, which come after those before.
    pub(crate) fn add(&mut self, prepared: &Prepared) {
        let accounts = prepared.accounts.iter();
        self.accounts
            .extend(accounts.map(|changed| (changed.key, changed.before)));
        for changed in &prepared.accounts {
            if let Some(account) = changed.after {
                let slots = changed.slots.iter();
                let slots = slots.map(|slot| (slot_key(account.id, &slot.key), slot.before));
                self.slots.extend(slots);
            }
        }
    }

    /// Sorts it; of what changed more than once the first value counts.
    pub(crate) fn end(mut self, postings: Vec<Digest>) -> Self {
        self.accounts.sort_by_key(|(key, _)| *key);
        self.accounts.dedup_by_key(|(key, _)| *key);
        self.slots.sort_by_key(|(key, _)| *key);
        self.slots.dedup_by_key(|(key, _)| *key);
        self.postings = postings;
        self
    }

    pub(crate) fn account(&self, key: &B256) -> Option<&Option<Account>> {
        let index = self.accounts.binary_search_by_key(key, |(key, _)| *key);
        Some(&self.accounts[index.ok()?].1)
    }

    pub(crate) fn slot(&self, key: &SlotKey) -> Option<&U256> {
        let index = self.slots.binary_search_by_key(key, |(key, _)| *key);
        Some(&self.slots[index.ok()?].1)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.accounts.capacity() * size_of::<(B256, Option<Account>)>()
            + self.slots.capacity() * size_of::<(SlotKey, U256)>()
            + self.postings.capacity() * size_of::<Digest>()
    }
}
