//! Which ommers a block may include.

use crate::{Fork, RuleError, Schedule, header};
use alloy_consensus::Header;
use alloy_primitives::{B256, U256};

const MAX_OMMERS: usize = 2;

/// How many ancestors of a block [`validate`] wants to know at most.
pub const ANCESTORS: usize = 7;

/// A block before the one that includes ommers.
#[derive(Clone, Debug)]
pub struct Ancestor {
    /// Its hash.
    pub hash: B256,
    /// Its header.
    pub header: Header,
    /// Its rules.
    pub fork: Fork,
    /// Its own difficulty and that of all before it.
    pub total_difficulty: U256,
    /// Hashes of its ommers.
    pub ommers: Vec<B256>,
}

/// Checks the ommers of a block that is about to be appended to its ancestors, the parent
/// first: [`ANCESTORS`] of them, or all that there are.
///
/// # Errors
/// Why one of them may not be there.
pub fn validate(
    schedule: &Schedule,
    block: &Header,
    ommers: &[Header],
    ancestors: &[Ancestor],
) -> Result<(), RuleError> {
    if ommers.len() > MAX_OMMERS {
        return Err(RuleError::Ommer("too many"));
    }
    let ancestors = &ancestors[..ancestors.len().min(ANCESTORS)];
    let taken = ancestors.iter().flat_map(|ancestor| &ancestor.ommers);
    let mut taken: Vec<B256> = taken.copied().collect();
    for ommer in ommers {
        let hash = ommer.hash_slow();
        if taken.contains(&hash) {
            return Err(RuleError::Ommer("included already"));
        }
        taken.push(hash);
        validate_one(schedule, block, ommer, hash, ancestors)?;
    }
    Ok(())
}

fn validate_one(
    schedule: &Schedule,
    block: &Header,
    ommer: &Header,
    hash: B256,
    ancestors: &[Ancestor],
) -> Result<(), RuleError> {
    if ancestors.iter().any(|ancestor| ancestor.hash == hash) {
        return Err(RuleError::Ommer("is an ancestor"));
    }
    if ommer.parent_hash == block.parent_hash {
        return Err(RuleError::Ommer("is a sibling"));
    }
    let parent = ancestors
        .iter()
        .find(|ancestor| ancestor.hash == ommer.parent_hash)
        .ok_or(RuleError::Ommer("does not descend from a near ancestor"))?;
    let fork = schedule.fork(ommer.number, ommer.timestamp, parent.total_difficulty);
    header::validate(schedule, fork, ommer, &parent.header, parent.fork)
}
