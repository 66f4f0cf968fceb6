//! What the EVM sees of a block.

use crate::{Fork, Schedule};
use alloy_consensus::Header;
use alloy_eips::eip7840::BlobParams;
use alloy_primitives::U256;
use parallax_engine::sequential;
use revm::{
    context::{BlockEnv, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
};

/// The EVM's configuration under the rules of a fork.
#[must_use]
pub fn cfg(schedule: &Schedule, fork: Fork) -> CfgEnv {
    let mut cfg = sequential::cfg(fork.spec(), schedule.chain_id());
    if let Some(blobs) = schedule.blobs(fork) {
        cfg.max_blobs_per_tx = Some(blobs.max_blobs_per_tx);
        cfg.blob_base_fee_update_fraction = Some(update_fraction(&blobs));
    }
    cfg
}

/// The environment of a block.
#[must_use]
pub fn block_env(schedule: &Schedule, fork: Fork, header: &Header) -> BlockEnv {
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: header.difficulty,
        prevrandao: (fork >= Fork::Paris).then_some(header.mix_hash),
        blob_excess_gas_and_price: blob_price(
            schedule,
            fork,
            header.excess_blob_gas.unwrap_or_default(),
        ),
        ..BlockEnv::default()
    }
}

/// What blob gas costs after so much excess; `None` before there were blobs.
#[must_use]
pub fn blob_price(schedule: &Schedule, fork: Fork, excess: u64) -> Option<BlobExcessGasAndPrice> {
    let blobs = schedule.blobs(fork)?;
    Some(BlobExcessGasAndPrice::new(excess, update_fraction(&blobs)))
}

/// The update fraction as revm holds it.
fn update_fraction(blobs: &BlobParams) -> u64 {
    u64::try_from(blobs.update_fraction).unwrap_or(u64::MAX)
}
