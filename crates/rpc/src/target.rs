//! Which block, and which state, a request is about.

use crate::{api::Api, error::RpcError};
use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag, RpcBlockHash};
use alloy_evm::EvmEnv;
use parallax_chain::{Fork, block_env, cfg};
use parallax_node::{Moment, SealedBlock, StateView};
use std::sync::Arc;

/// A block and the state after it; of the pending one, the block before.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) block: Arc<SealedBlock>,
    pub(crate) is_pending: bool,
}

impl Api {
    /// The block that is meant; `None` if there is none.
    pub(crate) fn find(&self, id: BlockId) -> Result<Option<Arc<SealedBlock>>, RpcError> {
        Ok(match id {
            BlockId::Hash(RpcBlockHash { block_hash, .. }) => {
                self.node.block_by_hash(&block_hash)?
            }
            BlockId::Number(number) => match number {
                BlockNumberOrTag::Number(number) => self.node.block(number)?,
                BlockNumberOrTag::Earliest => self.node.block(0)?,
                // What is in the log is final: there is one maker of blocks.
                BlockNumberOrTag::Latest
                | BlockNumberOrTag::Finalized
                | BlockNumberOrTag::Safe
                | BlockNumberOrTag::Pending => Some(self.node.head()),
            },
        })
    }

    /// The block and the state that are meant; the latest if nobody says.
    pub(crate) fn target(&self, id: Option<BlockId>) -> Result<Target, RpcError> {
        let id = id.unwrap_or_default();
        let block = self.find(id)?;
        Ok(Target {
            block: block.ok_or_else(|| RpcError::server("header not found"))?,
            is_pending: id.is_pending(),
        })
    }

    pub(crate) fn state(&self, target: &Target) -> StateView {
        let is_edited =
            || self.node.is_edited() && self.node.head().number() == target.block.number();
        self.node.state_at(match target.is_pending || is_edited() {
            true => Moment::Pending,
            false => Moment::Block(target.block.number()),
        })
    }

    /// What the EVM sees of the block.
    pub(crate) fn env(&self, target: &Target) -> (EvmEnv, Fork) {
        match target.is_pending {
            true => {
                let (header, fork) = self.node.next_header();
                (self.env_of(&header, fork), fork)
            }
            false => {
                let block = &target.block;
                (self.env_of(&block.header, block.fork), block.fork)
            }
        }
    }

    pub(crate) fn env_of(&self, header: &Header, fork: Fork) -> EvmEnv {
        let schedule = self.node.schedule();
        EvmEnv {
            cfg_env: cfg(&schedule, fork),
            block_env: block_env(&schedule, fork, header),
        }
    }
}
