//! Which ommers a block may include.

use super::{BlockError, Chain, header};
use alloy_consensus::Header;
use alloy_primitives::B256;

const MAX_OMMERS: usize = 2;
/// How many generations back an ommer may be.
const GENERATIONS: u64 = 6;

/// Checks the ommers of a block that is about to be appended.
pub(super) fn validate(chain: &Chain, block: &Header, ommers: &[Header]) -> Result<(), BlockError> {
    if ommers.len() > MAX_OMMERS {
        return Err(BlockError::Ommer("too many"));
    }
    // Ancestors, nearest first, and the ommers that they include already.
    let mut ancestors = Vec::new();
    let mut taken = Vec::new();
    let mut hash = block.parent_hash;
    for _ in 0..=GENERATIONS {
        let Some(node) = chain.nodes.get(&hash) else {
            break;
        };
        ancestors.push(hash);
        taken.extend_from_slice(&node.ommers);
        hash = node.header.parent_hash;
    }
    for ommer in ommers {
        let hash = ommer.hash_slow();
        if taken.contains(&hash) {
            return Err(BlockError::Ommer("included already"));
        }
        taken.push(hash);
        validate_one(chain, block, ommer, hash, &ancestors)?;
    }
    Ok(())
}

fn validate_one(
    chain: &Chain,
    block: &Header,
    ommer: &Header,
    hash: B256,
    ancestors: &[B256],
) -> Result<(), BlockError> {
    if ancestors.contains(&hash) {
        return Err(BlockError::Ommer("is an ancestor"));
    }
    if ommer.parent_hash == block.parent_hash {
        return Err(BlockError::Ommer("is a sibling"));
    }
    let parent = chain
        .nodes
        .get(&ommer.parent_hash)
        .filter(|_| ancestors.contains(&ommer.parent_hash))
        .ok_or(BlockError::Ommer("does not descend from a near ancestor"))?;
    let fork = chain.fork(ommer, parent);
    header::validate(&chain.network, fork, ommer, &parent.header, parent.fork)
}
