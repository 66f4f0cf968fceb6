//! Rules that a header follows as a child of its parent.

pub use crate::difficulty::difficulty;
use crate::{Fork, RuleError, Schedule};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_eips::{
    eip1559::{BaseFeeParams, INITIAL_BASE_FEE},
    eip7840::BlobParams,
};
use alloy_primitives::B64;

/// Lowest gas limit of a block.
const MIN_GAS_LIMIT: u64 = 5000;
/// Highest gas limit of a block (EIP-1985).
const MAX_GAS_LIMIT: u64 = i64::MAX as u64;
/// A gas limit differs from its parent's by less than one part in this.
const GAS_LIMIT_DIVISOR: u64 = 1024;
const MAX_EXTRA_DATA: usize = 32;
/// Extra data of the first ten blocks of the DAO fork (EIP-779).
const DAO_EXTRA_DATA: &[u8] = b"dao-hard-fork";
const DAO_BLOCKS: u64 = 10;

/// Checks a header against its parent, of which `parent_fork` were the rules.
///
/// # Errors
/// The first rule that it breaks.
pub fn validate(
    schedule: &Schedule,
    fork: Fork,
    header: &Header,
    parent: &Header,
    parent_fork: Fork,
) -> Result<(), RuleError> {
    let rules: [(bool, &str); 6] = [
        (
            parent.number.checked_add(1) == Some(header.number),
            "number does not follow the parent's",
        ),
        (
            header.timestamp > parent.timestamp,
            "timestamp is not after the parent's",
        ),
        (
            header.gas_used <= header.gas_limit,
            "gas used above the limit",
        ),
        (
            header.extra_data.len() <= MAX_EXTRA_DATA,
            "extra data too long",
        ),
        (has_dao_mark(schedule, header), "no DAO extra data"),
        (
            header.block_access_list_hash.is_none() && header.slot_number.is_none(),
            "field of a later fork",
        ),
    ];
    check(&rules)?;
    gas_limit(fork, header, parent, parent_fork)?;
    base_fee(fork, header, parent, parent_fork)?;
    work_or_stake(fork, header, parent)?;
    later_fields(fork, header)?;
    blobs(schedule, fork, header, parent)
}

fn check(rules: &[(bool, &'static str)]) -> Result<(), RuleError> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(RuleError::Header(rule)),
        None => Ok(()),
    }
}

fn has_dao_mark(schedule: &Schedule, header: &Header) -> bool {
    let Some(fork) = schedule.dao_block() else {
        return true;
    };
    let marked = (fork..fork + DAO_BLOCKS).contains(&header.number);
    !marked || *header.extra_data == *DAO_EXTRA_DATA
}

/// EIP-1559 doubles the limit along with the elasticity.
fn gas_limit(
    fork: Fork,
    header: &Header,
    parent: &Header,
    parent_fork: Fork,
) -> Result<(), RuleError> {
    let doubled = fork >= Fork::London && parent_fork < Fork::London;
    let before = parent.gas_limit.saturating_mul(if doubled { 2 } else { 1 });
    let bound = before / GAS_LIMIT_DIVISOR;
    check(&[
        (
            (MIN_GAS_LIMIT..=MAX_GAS_LIMIT).contains(&header.gas_limit),
            "gas limit out of bounds",
        ),
        (
            header.gas_limit.abs_diff(before) < bound,
            "gas limit too far from the parent's",
        ),
    ])
}

fn base_fee(
    fork: Fork,
    header: &Header,
    parent: &Header,
    parent_fork: Fork,
) -> Result<(), RuleError> {
    let expected = next_base_fee(fork, parent, parent_fork);
    check(&[(header.base_fee_per_gas == expected, "base fee")])
}

/// The base fee of a block of `fork` on top of `parent`; `None` before London
/// ([EIP-1559](https://eips.ethereum.org/EIPS/eip-1559)).
#[must_use]
pub fn next_base_fee(fork: Fork, parent: &Header, parent_fork: Fork) -> Option<u64> {
    if fork < Fork::London {
        None
    } else if parent_fork < Fork::London {
        Some(INITIAL_BASE_FEE)
    } else {
        parent.next_block_base_fee(BaseFeeParams::ethereum())
    }
}

fn work_or_stake(fork: Fork, header: &Header, parent: &Header) -> Result<(), RuleError> {
    if fork < Fork::Paris {
        return check(&[(
            header.difficulty == difficulty(fork, header, parent),
            "difficulty",
        )]);
    }
    check(&[
        (header.difficulty.is_zero(), "difficulty after the merge"),
        (header.nonce == B64::ZERO, "nonce after the merge"),
        (
            header.ommers_hash == EMPTY_OMMER_ROOT_HASH,
            "ommers after the merge",
        ),
    ])
}

fn later_fields(fork: Fork, header: &Header) -> Result<(), RuleError> {
    let since = |start, present| present == (fork >= start);
    check(&[
        (
            since(Fork::Shanghai, header.withdrawals_root.is_some()),
            "withdrawals root",
        ),
        (
            since(Fork::Cancun, header.blob_gas_used.is_some()),
            "blob gas used",
        ),
        (
            since(Fork::Cancun, header.excess_blob_gas.is_some()),
            "excess blob gas",
        ),
        (
            since(Fork::Cancun, header.parent_beacon_block_root.is_some()),
            "parent beacon block root",
        ),
        (
            since(Fork::Prague, header.requests_hash.is_some()),
            "requests hash",
        ),
    ])
}

/// EIP-4844, EIP-7918; the first block with blobs follows a parent without any.
fn blobs(
    schedule: &Schedule,
    fork: Fork,
    header: &Header,
    parent: &Header,
) -> Result<(), RuleError> {
    let Some(params) = schedule.blobs(fork) else {
        return Ok(());
    };
    let expected = next_excess_blob_gas(&params, parent);
    check(&[(
        header.excess_blob_gas == Some(expected),
        "excess blob gas does not follow from the parent",
    )])
}

/// The excess blob gas of a block with these parameters on top of `parent`.
#[must_use]
pub fn next_excess_blob_gas(params: &BlobParams, parent: &Header) -> u64 {
    params.next_block_excess_blob_gas_osaka(
        parent.excess_blob_gas.unwrap_or_default(),
        parent.blob_gas_used.unwrap_or_default(),
        parent.base_fee_per_gas.unwrap_or_default(),
    )
}
