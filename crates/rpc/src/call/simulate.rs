//! `eth_simulateV1`: blocks that might come.

mod block;
mod payload;
mod transfers;

use super::Session;
use crate::{api::Api, error::RpcError, json, params::Params, target::Target};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, U256, map::HashMap};
use alloy_rpc_types_eth::{
    TransactionRequest,
    simulate::{SimBlock, SimulatePayload},
};
use parallax_chain::Fork;
use parallax_node::{Moment, SealedBlock};
use payload::sanitize;
use serde_json::Value;
use std::sync::Arc;

/// Seconds between blocks of which nobody says when they are.
const SECONDS: u64 = 12;

/// Blocks that one request may have, those between included.
const MOST_BLOCKS: u64 = 256;

/// Errors of the specification.
mod code {
    pub(super) const NONCE_TOO_LOW: i64 = -38010;
    pub(super) const NONCE_TOO_HIGH: i64 = -38011;
    pub(super) const FEE_TOO_LOW: i64 = -38012;
    pub(super) const INTRINSIC_GAS: i64 = -38013;
    pub(super) const FUNDS: i64 = -38014;
    pub(super) const BLOCK_GAS: i64 = -38015;
    pub(super) const NUMBER_ORDER: i64 = -38020;
    pub(super) const TIME_ORDER: i64 = -38021;
    pub(super) const NOT_AN_EOA: i64 = -38024;
    pub(super) const INITCODE: i64 = -38025;
    pub(super) const TOO_MANY: i64 = -38026;
    pub(super) const REVERTED: i64 = 3;
    pub(super) const VM: i64 = -32015;
}

/// What goes on from block to block.
struct Simulation<'a> {
    api: &'a Api,
    session: Session,
    base: Arc<SealedBlock>,
    parent: Header,
    parent_hash: B256,
    parent_fork: Fork,
    /// Transactions are checked as those of blocks are.
    is_validated: bool,
    traces_transfers: bool,
    /// That all calls together may still use.
    gas: u64,
    senders: HashMap<B256, Address>,
}

impl Api {
    /// `eth_simulateV1`.
    pub(crate) fn simulate(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let payload: SimulatePayload = params.next()?;
        let base = self.target(params.optional()?)?.block;
        if payload.block_state_calls.is_empty() {
            return Err(RpcError::params("empty input"));
        }
        let blocks = sanitize(payload.block_state_calls, &base)?;
        let target = Target {
            block: Arc::clone(&base),
            is_pending: false,
        };
        let (env, fork) = self.env(&target);
        let state = self.node.state_at(Moment::Block(base.number()));
        let mut simulation = Simulation {
            session: Session::new(state, env, fork),
            parent: base.header.clone(),
            parent_hash: base.hash,
            parent_fork: base.fork,
            is_validated: payload.validation,
            traces_transfers: payload.trace_transfers,
            gas: self.config.call_gas,
            senders: HashMap::default(),
            api: self,
            base,
        };
        let blocks = blocks.into_iter().map(|block| {
            let (block, calls) = simulation.block(block)?;
            let mut json = json::block::block(&block, payload.return_full_transactions);
            json["calls"] = Value::Array(calls);
            Ok(json)
        });
        Ok(Value::Array(blocks.collect::<Result<_, RpcError>>()?))
    }
}

/// What is wanted of a block, with number and time.
struct Wanted {
    number: u64,
    timestamp: u64,
    block: SimBlock<TransactionRequest>,
}

impl Wanted {
    fn empty(number: u64, timestamp: u64) -> Self {
        Self {
            number,
            timestamp,
            block: SimBlock::default(),
        }
    }
}

/// A number that a block can have.
fn small(number: U256) -> Result<u64, RpcError> {
    u64::try_from(number).map_err(|_| RpcError::params("block number too large"))
}
