//! What has changed since the last checkpoint, in memory.

use crate::{
    account::{Account, SlotKey, slot_key},
    history::Undo,
};
use alloy_primitives::{B256, U256, map::B256HashMap};
use parallax_trie::Prefix;
use revm::state::Bytecode;
use std::{collections::BTreeMap, sync::Arc};

/// Shards of a layer: one for each first byte of a hashed key.
pub(crate) const SHARDS: usize = 256;

pub(crate) type Accounts = BTreeMap<B256, Option<Account>>;
pub(crate) type Slots = BTreeMap<SlotKey, U256>;

/// Rough size of an entry in a sorted map, with what is around it.
const ACCOUNT_BYTES: usize = size_of::<(B256, Option<Account>)>() * 3 / 2;
const SLOT_BYTES: usize = size_of::<(SlotKey, U256)>() * 3 / 2;

/// Accounts, words and code that are newer than those below.
#[derive(Debug)]
pub(crate) struct Layer {
    /// By first byte of the hashed address.
    pub(crate) accounts: Vec<Accounts>,
    /// By first byte of the hashed slot.
    pub(crate) slots: Vec<Slots>,
    pub(crate) codes: B256HashMap<Bytecode>,
    /// Storage that went, with the block.
    pub(crate) dead: Vec<(u64, u64)>,
    /// One for each block of the layer.
    pub(crate) undos: Vec<Arc<Undo>>,
    /// First block that is not part of it.
    pub(crate) next: u64,
    /// Of the state at its end.
    pub(crate) root: B256,
    pub(crate) next_id: u64,
    /// Of undos and code.
    other_bytes: usize,
}

impl Layer {
    pub(crate) fn new(next: u64, root: B256, next_id: u64) -> Self {
        Self {
            accounts: vec![Accounts::new(); SHARDS],
            slots: vec![Slots::new(); SHARDS],
            codes: B256HashMap::default(),
            dead: Vec::new(),
            undos: Vec::new(),
            next,
            root,
            next_id,
            other_bytes: 0,
        }
    }

    /// Whether no block is in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.undos.is_empty()
    }

    pub(crate) fn account(&self, key: &B256) -> Option<&Option<Account>> {
        self.accounts[usize::from(key[0])].get(key)
    }

    pub(crate) fn slot(&self, key: &SlotKey) -> Option<&U256> {
        self.slots[usize::from(key[8])].get(key)
    }

    pub(crate) fn add_code(&mut self, hash: B256, code: &Bytecode) {
        if self.codes.insert(hash, code.clone()).is_none() {
            self.other_bytes += code.len();
        }
    }

    pub(crate) fn add_undo(&mut self, undo: Arc<Undo>) {
        self.other_bytes += undo.bytes();
        self.undos.push(undo);
    }

    /// Forgets the undos of blocks from `next` on, and which storage went with them.
    pub(crate) fn drop_undos(&mut self, next: u64) {
        self.dead.retain(|(block, _)| *block < next);
        let kept = self.undos.partition_point(|undo| undo.block < next);
        let dropped = self.undos.drain(kept..);
        self.other_bytes -= dropped.map(|undo| undo.bytes()).sum::<usize>();
    }

    /// Bytes of memory, roughly.
    pub(crate) fn bytes(&self) -> usize {
        let accounts: usize = self.accounts.iter().map(BTreeMap::len).sum();
        let slots: usize = self.slots.iter().map(BTreeMap::len).sum();
        accounts * ACCOUNT_BYTES + slots * SLOT_BYTES + self.other_bytes
    }

    /// Accounts whose keys begin so, in ascending order.
    pub(crate) fn accounts_with(
        &self,
        prefix: &Prefix,
    ) -> impl Iterator<Item = (B256, Option<Account>)> + '_ {
        let (first, last) = (prefix.first(), prefix.last());
        self.accounts[usize::from(first[0])..=usize::from(last[0])]
            .iter()
            .flat_map(move |shard| shard.range(first..=last))
            .map(|(key, account)| (*key, *account))
    }

    /// Words of an account whose keys begin so, in ascending order; zero: there is none.
    pub(crate) fn slots_with(
        &self,
        id: u64,
        prefix: &Prefix,
    ) -> impl Iterator<Item = (SlotKey, U256)> + '_ {
        let (first, last) = (prefix.first(), prefix.last());
        let (from, to) = (slot_key(id, &first), slot_key(id, &last));
        self.slots[usize::from(first[0])..=usize::from(last[0])]
            .iter()
            .flat_map(move |shard| shard.range(from..=to))
            .map(|(key, word)| (*key, *word))
    }
}
