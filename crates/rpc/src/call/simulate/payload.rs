//! Which blocks are wanted.

use super::{MOST_BLOCKS, SECONDS, Wanted, code, small};
use crate::error::RpcError;
use alloy_rpc_types_eth::{TransactionRequest, simulate::SimBlock};
use parallax_node::SealedBlock;

/// Gives every block a number and a time, and puts empty ones where some are left out.
pub(super) fn sanitize(
    blocks: Vec<SimBlock<TransactionRequest>>,
    base: &SealedBlock,
) -> Result<Vec<Wanted>, RpcError> {
    let mut wanted = Vec::new();
    let (mut number, mut timestamp) = (base.number(), base.header.timestamp);
    for block in blocks {
        let overrides = block.block_overrides.as_ref();
        let next = match overrides.and_then(|overrides| overrides.number) {
            Some(number) => small(number)?,
            None => number + 1,
        };
        if next <= number {
            return Err(RpcError::new(
                code::NUMBER_ORDER,
                format!("block numbers must be in order: {next} <= {number}"),
            ));
        }
        if next - base.number() > MOST_BLOCKS {
            return Err(RpcError::new(code::TOO_MANY, "too many blocks"));
        }
        for between in number + 1..next {
            timestamp += SECONDS;
            wanted.push(Wanted::empty(between, timestamp));
        }
        let time = overrides.and_then(|overrides| overrides.time);
        let time = time.unwrap_or(timestamp + SECONDS);
        if time <= timestamp {
            return Err(RpcError::new(
                code::TIME_ORDER,
                format!("block timestamps must be in order: {time} <= {timestamp}"),
            ));
        }
        (number, timestamp) = (next, time);
        wanted.push(Wanted {
            number,
            timestamp,
            block,
        });
    }
    Ok(wanted)
}
