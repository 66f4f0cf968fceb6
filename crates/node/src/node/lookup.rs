//! Finding blocks and transactions.

use super::{Node, open::load};
use crate::{NodeError, block::SealedBlock, chain::stored, view::read};
use alloy_primitives::B256;
use parallax_log::LogError;
use parallax_state::{LogKey, StateError};
use std::{ops::RangeInclusive, sync::Arc};

impl Node {
    /// A block by its number; `None` if there is none yet.
    ///
    /// # Errors
    /// If it cannot be read, or was pruned.
    pub fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, NodeError> {
        {
            let chain = self.chain();
            if let Some(block) = chain.recent(number) {
                return Ok(Some(block));
            }
            if number > chain.head().number() {
                return Ok(None);
            }
        }
        if let Some(block) = self.chain_mut().old(number) {
            return Ok(Some(block));
        }
        let loaded = match load(&read(&self.state), &self.schedule(), number) {
            Ok(loaded) => loaded,
            Err(StateError::Log(LogError::Unknown { .. })) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let block = Arc::new(loaded.ok_or_else(stored(number))?);
        self.chain_mut().remember(Arc::clone(&block));
        Ok(Some(block))
    }

    /// A block by its hash.
    ///
    /// # Errors
    /// As [`Node::block`].
    pub fn block_by_hash(&self, hash: &B256) -> Result<Option<Arc<SealedBlock>>, NodeError> {
        let number = self.chain().number_of(hash);
        if let Some(number) = number {
            return self.block(number);
        }
        for number in self.blocks_with(&[LogKey::Block(*hash)], &self.older())? {
            if let Some(block) = self.block(number)?.filter(|block| block.hash == *hash) {
                return Ok(Some(block));
            }
        }
        // The first block came before there was anything to find it by.
        let first = self.block(0)?;
        Ok(first.filter(|block| block.hash == *hash))
    }

    /// The block of a transaction, and its place there.
    ///
    /// # Errors
    /// As [`Node::block`].
    pub fn transaction(&self, hash: &B256) -> Result<Option<(Arc<SealedBlock>, usize)>, NodeError> {
        let place = self.chain().place_of(hash);
        if let Some((number, index)) = place {
            return Ok(self.block(number)?.map(|block| (block, index)));
        }
        for number in self.blocks_with(&[LogKey::Transaction(*hash)], &self.older())? {
            let Some(block) = self.block(number)? else {
                continue;
            };
            let is_it = |tx: &crate::block::Transaction| tx.signed.tx_hash() == hash;
            if let Some(index) = block.transactions.iter().position(is_it) {
                return Ok(Some((block, index)));
            }
        }
        Ok(None)
    }

    /// Blocks in a range that may have logs of one of these keys.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn blocks_with(
        &self,
        keys: &[LogKey],
        blocks: &RangeInclusive<u64>,
    ) -> Result<Vec<u64>, NodeError> {
        Ok(read(&self.state).flat().blocks_with(keys, blocks)?)
    }

    fn older(&self) -> RangeInclusive<u64> {
        0..=self.head().number()
    }
}
