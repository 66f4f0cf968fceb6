//! Logs.

use crate::{api::Api, error::RpcError, json::log::log, params::Params};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Bloom, Log};
use alloy_rpc_types_eth::{Filter, FilterBlockOption};
use parallax_node::SealedBlock;
use parallax_state::LogKey;
use serde_json::Value;
use std::ops::RangeInclusive;

impl Api {
    /// `eth_getLogs`.
    pub(crate) fn logs(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let filter: Filter = params.next()?;
        Ok(Value::Array(self.logs_of(&filter)?))
    }

    /// All logs that a filter lets through.
    pub(crate) fn logs_of(&self, filter: &Filter) -> Result<Vec<Value>, RpcError> {
        let (from, to) = match &filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let block = self.node.block_by_hash(hash)?;
                let block = block.ok_or_else(|| RpcError::server("unknown block"))?;
                let mut found = Vec::new();
                self.matching(&block, filter, &mut found)?;
                return Ok(found);
            }
            FilterBlockOption::Range {
                from_block,
                to_block,
            } => (*from_block, *to_block),
        };
        let head = self.node.head().number();
        let number = |tag: Option<BlockNumberOrTag>| match tag.unwrap_or_default() {
            BlockNumberOrTag::Number(number) => number,
            BlockNumberOrTag::Earliest => 0,
            _ => head,
        };
        let (from, to) = (number(from), number(to));
        if from > to {
            return Err(RpcError::params("invalid block range params"));
        }
        if to > head {
            return Err(RpcError::params(
                "block range extends beyond current head block",
            ));
        }
        self.logs_in(&(from..=to), filter)
    }

    /// All logs of some blocks that a filter lets through.
    pub(crate) fn logs_in(
        &self,
        blocks: &RangeInclusive<u64>,
        filter: &Filter,
    ) -> Result<Vec<Value>, RpcError> {
        let count = blocks.end().saturating_sub(*blocks.start());
        let candidates: Vec<u64> = match keys(filter) {
            Some(keys) => self.node.blocks_with(&keys, blocks)?,
            None if count >= self.config.log_blocks => {
                return Err(RpcError::limit(format!(
                    "a filter without address and topics may look through {} blocks",
                    self.config.log_blocks
                )));
            }
            None => blocks.clone().collect(),
        };
        let mut found = Vec::new();
        for number in candidates {
            if let Some(block) = self.node.block(number)? {
                self.matching(&block, filter, &mut found)?;
            }
        }
        Ok(found)
    }

    fn matching(
        &self,
        block: &SealedBlock,
        filter: &Filter,
        found: &mut Vec<Value>,
    ) -> Result<(), RpcError> {
        if block.header.logs_bloom == Bloom::ZERO {
            return Ok(());
        }
        for_each_matching(block, filter, |entry, index, number| {
            found.push(log(entry, block, index, number, false));
        });
        match found.len() > self.config.logs {
            true => Err(RpcError::limit(format!(
                "query returned more than {} results",
                self.config.logs
            ))),
            false => Ok(()),
        }
    }
}

/// The logs of a block that a filter lets through, with the place of their transaction and
/// their own.
pub(crate) fn for_each_matching(
    block: &SealedBlock,
    filter: &Filter,
    mut each: impl FnMut(&Log, usize, u64),
) {
    let mut number = 0;
    for (index, receipt) in block.receipts.iter().enumerate() {
        for entry in &receipt.logs {
            if filter.matches_address(entry.address) && filter.matches_topics(entry.topics()) {
                each(entry, index, number);
            }
            number += 1;
        }
    }
}

/// What blocks with such logs can be found by; `None`: nothing.
fn keys(filter: &Filter) -> Option<Vec<LogKey>> {
    // What there is least of comes first: topics after the first, addresses, the first.
    let topics = filter.topics.iter().enumerate().rev();
    let topics = topics.filter(|(position, topics)| *position > 0 && !topics.is_empty());
    if let Some((position, topics)) = topics.last() {
        let position = u8::try_from(position).ok()?;
        let keys = topics.iter().map(|topic| LogKey::Topic(position, *topic));
        return Some(keys.collect());
    }
    if !filter.address.is_empty() {
        return Some(
            filter
                .address
                .iter()
                .map(|address| LogKey::Address(*address))
                .collect(),
        );
    }
    let first = filter.topics.first().filter(|topics| !topics.is_empty())?;
    Some(first.iter().map(|topic| LogKey::Topic(0, *topic)).collect())
}
