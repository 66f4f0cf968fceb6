//! The blocks of the chain: the last ones in memory, the others in the log.

use crate::{NodeError, block::SealedBlock};
use alloy_primitives::{
    B256,
    map::{B256HashMap, HashMap},
};
use lru::LruCache;
use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc};

/// Blocks that are kept in memory at most.
const RECENT: usize = 256;

/// Memory of blocks from which on only the last few are kept.
const RECENT_BYTES: usize = 256 << 20;

/// Blocks that are kept even if they are large.
const AT_LEAST: usize = 8;

/// Older blocks that were asked for.
const OLD: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

/// Blocks in memory, and where to find them.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Oldest first, without gaps; at least one.
    recent: VecDeque<Arc<SealedBlock>>,
    bytes: usize,
    numbers: B256HashMap<u64>,
    transactions: B256HashMap<(u64, usize)>,
    old: LruCache<u64, Arc<SealedBlock>>,
    sizes: HashMap<u64, usize>,
}

impl Chain {
    pub(crate) fn new(blocks: impl IntoIterator<Item = Arc<SealedBlock>>) -> Self {
        let mut chain = Self {
            recent: VecDeque::new(),
            bytes: 0,
            numbers: B256HashMap::default(),
            transactions: B256HashMap::default(),
            old: LruCache::new(OLD),
            sizes: HashMap::default(),
        };
        blocks.into_iter().for_each(|block| chain.push(block));
        chain
    }

    pub(crate) fn head(&self) -> &Arc<SealedBlock> {
        self.recent.back().expect("there is at least one block")
    }

    pub(crate) fn push(&mut self, block: Arc<SealedBlock>) {
        let number = block.number();
        self.numbers.insert(block.hash, number);
        for (index, tx) in block.transactions.iter().enumerate() {
            self.transactions
                .insert(*tx.signed.tx_hash(), (number, index));
        }
        let bytes = block.memory_bytes();
        self.sizes.insert(number, bytes);
        self.bytes += bytes;
        self.recent.push_back(block);
        while self.recent.len() > RECENT
            || (self.recent.len() > AT_LEAST && self.bytes > RECENT_BYTES)
        {
            if let Some(oldest) = self.recent.pop_front() {
                self.forget(&oldest);
            }
        }
    }

    fn forget(&mut self, block: &SealedBlock) {
        self.bytes -= self.sizes.remove(&block.number()).unwrap_or_default();
        self.numbers.remove(&block.hash);
        for tx in &block.transactions {
            self.transactions.remove(tx.signed.tx_hash());
        }
    }

    /// Drops the blocks from `next` on. The last one that stays must be given if it is not
    /// in memory.
    pub(crate) fn rewind(&mut self, head: &Arc<SealedBlock>) {
        while let Some(last) = self
            .recent
            .pop_back_if(|last| last.number() > head.number())
        {
            self.forget(&last);
        }
        self.old.clear();
        if self.recent.is_empty() {
            self.push(Arc::clone(head));
        }
    }

    pub(crate) fn recent(&self, number: u64) -> Option<Arc<SealedBlock>> {
        let first = self.recent.front()?.number();
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.recent.get(index).cloned()
    }

    pub(crate) fn old(&mut self, number: u64) -> Option<Arc<SealedBlock>> {
        self.old.get(&number).cloned()
    }

    pub(crate) fn remember(&mut self, block: Arc<SealedBlock>) {
        self.old.put(block.number(), block);
    }

    pub(crate) fn number_of(&self, hash: &B256) -> Option<u64> {
        self.numbers.get(hash).copied()
    }

    pub(crate) fn place_of(&self, transaction: &B256) -> Option<(u64, usize)> {
        self.transactions.get(transaction).copied()
    }
}

/// Finds where an error belongs.
pub(crate) fn stored(number: u64) -> impl FnOnce() -> NodeError {
    move || NodeError::Stored { number }
}
