//! What transactions cost.

use crate::{api::Api, error::RpcError, json::quantity, params::Params};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{U64, U256};
use parallax_chain::{blob_price, header};
use parallax_node::SealedBlock;
use serde_json::{Value, json};

/// Blocks that one `eth_feeHistory` tells of at most.
const MOST_BLOCKS: u64 = 1024;

/// Blocks from which a tip is suggested.
const TIP_BLOCKS: u64 = 20;

/// What is suggested if nobody has paid anything.
const USUAL_TIP: u128 = 1_000_000_000;

impl Api {
    /// `eth_gasPrice`.
    pub(crate) fn gas_price(&self) -> Result<Value, RpcError> {
        let (header, _) = self.node.next_header();
        let base_fee = u128::from(header.base_fee_per_gas.unwrap_or_default());
        Ok(quantity(base_fee + self.suggested_tip()?))
    }

    /// `eth_maxPriorityFeePerGas`.
    pub(crate) fn tip(&self) -> Result<Value, RpcError> {
        Ok(quantity(self.suggested_tip()?))
    }

    /// The median of what the last blocks were paid beyond the base fee.
    pub(crate) fn suggested_tip(&self) -> Result<u128, RpcError> {
        let head = self.node.head().number();
        let mut tips = Vec::new();
        for number in head.saturating_sub(TIP_BLOCKS - 1)..=head {
            if let Some(block) = self.node.block(number)? {
                tips.extend(sorted_tips(&block).first().map(|(tip, _)| *tip));
            }
        }
        tips.sort_unstable();
        Ok(tips.get(tips.len() / 2).copied().unwrap_or(USUAL_TIP))
    }

    /// `eth_baseFee`.
    pub(crate) fn base_fee(&self) -> Value {
        let (header, _) = self.node.next_header();
        quantity(header.base_fee_per_gas.unwrap_or_default())
    }

    /// `eth_blobBaseFee`.
    pub(crate) fn blob_base_fee(&self) -> Value {
        let (header, fork) = self.node.next_header();
        let excess = header.excess_blob_gas.unwrap_or_default();
        let price = blob_price(&self.node.schedule(), fork, excess);
        quantity(price.map_or(0, |price| price.blob_gasprice))
    }

    /// `eth_feeHistory`.
    pub(crate) fn fee_history(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let count: Value = params.next()?;
        let count = match &count {
            Value::Number(number) => number.as_u64(),
            text => serde_json::from_value::<U64>(text.clone())
                .ok()
                .map(|n| n.to()),
        };
        let count = count.ok_or_else(|| RpcError::params("invalid argument 0: not a number"))?;
        let newest: BlockNumberOrTag = params.next()?;
        let percentiles: Vec<f64> = params.optional()?.unwrap_or_default();
        let is_ascending = percentiles.windows(2).all(|pair| pair[0] <= pair[1]);
        if !is_ascending || percentiles.iter().any(|p| !(0.0..=100.0).contains(p)) {
            return Err(RpcError::server(
                "invalid reward percentile: they must ascend from 0 to 100",
            ));
        }
        let newest = self.find(newest.into())?;
        let newest = newest.ok_or_else(|| RpcError::server("request beyond head block"))?;
        let oldest = (newest.number() + 1).saturating_sub(count.min(MOST_BLOCKS));
        self.history(oldest, &newest, &percentiles)
    }

    fn history(
        &self,
        oldest: u64,
        newest: &SealedBlock,
        percentiles: &[f64],
    ) -> Result<Value, RpcError> {
        let schedule = self.node.schedule();
        let mut fees = Vec::new();
        let mut ratios = Vec::new();
        let mut blob_fees = Vec::new();
        let mut blob_ratios = Vec::new();
        let mut rewards = Vec::new();
        for number in oldest..=newest.number() {
            let Some(block) = self.node.block(number)? else {
                return Err(RpcError::server("header not found"));
            };
            let own = &block.header;
            fees.push(quantity(own.base_fee_per_gas.unwrap_or_default()));
            ratios.push(own.gas_used as f64 / own.gas_limit.max(1) as f64);
            let excess = own.excess_blob_gas.unwrap_or_default();
            let price = blob_price(&schedule, block.fork, excess);
            blob_fees.push(quantity(price.map_or(0, |price| price.blob_gasprice)));
            let most = schedule
                .blobs(block.fork)
                .map_or(0, |b| b.max_blob_gas_per_block());
            let used = own.blob_gas_used.unwrap_or_default();
            blob_ratios.push(if most == 0 {
                0.0
            } else {
                used as f64 / most as f64
            });
            rewards.push(reward(&block, percentiles));
        }
        let fork = self.node.fork_after(newest, newest.header.timestamp + 1);
        let next = header::next_base_fee(fork, &newest.header, newest.fork);
        fees.push(quantity(next.unwrap_or_default()));
        let excess = schedule.blobs(fork).map_or(0, |blobs| {
            header::next_excess_blob_gas(&blobs, &newest.header)
        });
        let price = blob_price(&schedule, fork, excess);
        blob_fees.push(quantity(price.map_or(0, |price| price.blob_gasprice)));
        let mut json = json!({
            "oldestBlock": quantity(oldest),
            "baseFeePerGas": fees,
            "gasUsedRatio": ratios,
            "baseFeePerBlobGas": blob_fees,
            "blobGasUsedRatio": blob_ratios,
        });
        if !percentiles.is_empty() {
            json["reward"] = json!(rewards);
        }
        Ok(json)
    }
}

/// What the transactions of a block paid beyond the base fee, and the gas of each, lowest
/// first.
fn sorted_tips(block: &SealedBlock) -> Vec<(u128, u64)> {
    use alloy_consensus::Transaction as _;
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let transactions = block.transactions.iter().enumerate();
    let mut tips: Vec<_> = transactions
        .map(|(index, tx)| {
            let tip = tx
                .signed
                .effective_tip_per_gas(base_fee)
                .unwrap_or_default();
            (tip, block.gas_used(index))
        })
        .collect();
    tips.sort_unstable();
    tips
}

/// The tip that so many percent of the gas of a block paid at most.
fn reward(block: &SealedBlock, percentiles: &[f64]) -> Vec<Value> {
    let tips = sorted_tips(block);
    let all = block.header.gas_used as f64;
    let mut tips = tips.iter();
    let (mut tip, mut gas) = match tips.next() {
        Some((tip, gas)) => (*tip, *gas),
        None => return vec![quantity(U256::ZERO); percentiles.len()],
    };
    let rewards = percentiles.iter().map(|percent| {
        let threshold = all * percent / 100.0;
        while (gas as f64) < threshold
            && let Some((next, more)) = tips.next()
        {
            tip = *next;
            gas += more;
        }
        quantity(tip)
    });
    rewards.collect()
}
