//! Which blocks have logs of an address or with a topic, or a transaction.

use crate::{
    error::StateError,
    flat::Flat,
    store::{Store, Table, sealed},
};
use alloy_primitives::{Address, B256, Log};
use std::ops::{ControlFlow, RangeInclusive};
use twox_hash::XxHash3_64;

/// What postings are kept by. Different keys may have the same one: then a block is looked
/// at in vain.
pub type Digest = [u8; 8];

/// What blocks can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKey {
    /// The contract that emitted a log.
    Address(Address),
    /// A topic of a log at a position, from 0 on.
    Topic(u8, B256),
    /// The hash of a transaction.
    Transaction(B256),
    /// The hash of the block.
    Block(B256),
}

/// What the preimages of digests begin with; topics have their position and one more.
const TRANSACTION: u8 = 0xfe;
const BLOCK: u8 = 0xff;

impl LogKey {
    fn preimage(&self) -> [u8; 33] {
        let mut preimage = [0; 33];
        let mut put = |kind, hash: &B256| {
            preimage[0] = kind;
            preimage[1..].copy_from_slice(hash.as_slice());
        };
        match self {
            Self::Address(address) => preimage[13..].copy_from_slice(address.as_slice()),
            Self::Topic(position, topic) => put(position.saturating_add(1), topic),
            Self::Transaction(hash) => put(TRANSACTION, hash),
            Self::Block(hash) => put(BLOCK, hash),
        }
        preimage
    }
}

/// Of all keys, in ascending order, each once.
fn digests(keys: impl Iterator<Item = LogKey>) -> Vec<Digest> {
    let digest = |key: LogKey| XxHash3_64::oneshot(&key.preimage());
    let mut digests: Vec<u64> = keys.map(digest).collect();
    digests.sort_unstable();
    digests.dedup();
    digests.into_iter().map(u64::to_be_bytes).collect()
}

/// What a block can be found by: its logs, its transactions, its own hash.
pub(crate) fn postings(logs: &[&Log], transactions: &[B256], block: B256) -> Vec<Digest> {
    let transactions = transactions.iter().copied().map(LogKey::Transaction);
    let logs = logs.iter().flat_map(|log| {
        let topics = (0..).zip(log.topics());
        let topics = topics.map(|(position, topic)| LogKey::Topic(position, *topic));
        std::iter::once(LogKey::Address(log.address)).chain(topics)
    });
    digests(logs.chain(transactions).chain([LogKey::Block(block)]))
}

/// The key of a posting.
pub(crate) fn posting_key(digest: &Digest, block: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(digest);
    key[8..].copy_from_slice(&block.to_be_bytes());
    key
}

impl<S: Store> Flat<S> {
    /// Blocks among `blocks` that can be found by one of `keys`, in ascending order, and now
    /// and then one that cannot. Which logs have it, their receipts say.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn blocks_with(
        &self,
        keys: &[LogKey],
        blocks: &RangeInclusive<u64>,
    ) -> Result<Vec<u64>, StateError> {
        let digests = digests(keys.iter().copied());
        let mut found = Vec::new();
        for digest in &digests {
            let first = posting_key(digest, *blocks.start());
            let last = posting_key(digest, *blocks.end());
            sealed::scan(&self.store, Table::Postings, &first, &mut |key, _| {
                if key > &last[..] {
                    return Ok(ControlFlow::Break(()));
                }
                let block = key.get(8..).and_then(|block| block.try_into().ok());
                found.extend(block.map(u64::from_be_bytes));
                Ok(ControlFlow::Continue(()))
            })?;
        }
        for undo in self.undos().filter(|undo| blocks.contains(&undo.block)) {
            let has = |digest| undo.postings.binary_search(digest).is_ok();
            found.extend(digests.iter().any(has).then_some(undo.block));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}
