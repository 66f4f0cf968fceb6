//! Verify under test: every block against its access list, and against lists
//! that are not its own.

use crate::{Executed, Executor, World, compare, executor::divergence, tamper::tamper};
use alloy_eip7928::{BlockAccessList, compute_block_access_list_hash};
use parallax_engine::{Block, BlockOutput, Engine, EngineError, ProtocolChanges, sequential};
use revm::DatabaseRef;
use std::{
    fmt::Display,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The list that `block` is to be verified with: plain revm's. Before Cancun it
/// is the one that `engine` makes in Replay, since Verify wants the engine's way of
/// describing the storage of destroyed accounts; that it differs from plain revm's
/// in nothing else is checked ([`compare::old_access_lists`]).
///
/// The list of an invalid block is that of what comes before the fault, so that
/// Verify gets that far; it is empty if there is nothing before it.
///
/// # Errors
///
/// A description of what is wrong with the engine's list.
pub fn access_list<DB: DatabaseRef<Error: Display> + Sync>(
    engine: &Engine,
    block: &Block,
    db: &DB,
) -> Result<BlockAccessList, String> {
    let part;
    let (block, output) = match sequential::replay(block, db, true) {
        Ok(output) => (block, output),
        Err(error) => {
            part = before_fault(block, &error);
            match sequential::replay(&part, db, true) {
                Ok(output) => (&part, output),
                Err(_) => return Ok(BlockAccessList::new()),
            }
        }
    };
    if compare::lists_are_defined(block) {
        return Ok(output.access_list.unwrap_or_default());
    }
    let replayed = engine
        .replay(block, db)
        .map_err(|error| error.to_string())?;
    let list = replayed.access_list.ok_or("the engine makes no lists")?;
    compare::old_access_lists(&output.access_list.unwrap_or_default(), &list)?;
    Ok(list)
}

/// The block up to the transaction, or the protocol's change after all of them,
/// that `error` is about.
fn before_fault<E>(block: &Block, error: &EngineError<E>) -> Block {
    let mut part = block.clone();
    if let EngineError::InvalidTransaction { index, .. } = error {
        part.transactions.truncate(*index);
    }
    part.protocol = ProtocolChanges {
        parent_hash: block.protocol.parent_hash,
        parent_beacon_block_root: block.protocol.parent_beacon_block_root,
        dao_fork: block.protocol.dao_fork,
        ..ProtocolChanges::default()
    };
    part
}

/// Checks what Verify says (`got`) of a list that is not the block's; `honest`
/// is what it says of the right one. Before the list is found wrong, an invalid
/// block may be found invalid.
///
/// # Errors
///
/// If the list was accepted, or something else was found wrong.
pub fn rejected<E: PartialEq + Display>(
    honest: &Result<BlockOutput, EngineError<E>>,
    got: &Result<BlockOutput, EngineError<E>>,
) -> Result<(), String> {
    match got {
        Err(EngineError::AccessList(_)) => Ok(()),
        Err(_) if honest.is_err() => compare::results(honest, got),
        Err(error) => Err(format!("rejected for: {error}")),
        Ok(_) => Err("accepted".into()),
    }
}

/// Verifies each block with its access list and gives the result; also verifies
/// it with wrong lists, and if one is not rejected gives an
/// [`EngineError::Fatal`], which no test expects.
#[derive(Debug)]
pub struct Verified<'t> {
    /// Makes access lists.
    pub engine: Engine,
    /// Wrong lists for each block.
    pub wrong: u64,
    /// Blocks that use more gas than this are not verified with wrong lists.
    pub wrong_below_gas: u64,
    /// Counts.
    pub tally: &'t Tally,
}

/// What [`Verified`] has done.
#[derive(Debug, Default)]
pub struct Tally {
    /// Blocks verified with the right list, invalid ones included.
    pub blocks: AtomicUsize,
    /// Wrong lists that were rejected.
    pub rejected: AtomicUsize,
}

impl Executor for Verified<'_> {
    fn execute(&mut self, block: &Block, world: &World) -> Executed {
        let list = access_list(&self.engine, block, world).map_err(divergence)?;
        let honest = self.engine.verify(block, &list, world);
        self.tally.blocks.fetch_add(1, Ordering::Relaxed);
        if honest
            .as_ref()
            .is_ok_and(|output| output.gas_used > self.wrong_below_gas)
        {
            return honest;
        }
        for choice in choices(&list, self.wrong) {
            let mut wrong = list.clone();
            let way = tamper(&mut wrong, choice);
            rejected(&honest, &self.engine.verify(block, &wrong, world))
                .map_err(|reason| divergence(format!("list with {way}: {reason}")))?;
            self.tally.rejected.fetch_add(1, Ordering::Relaxed);
        }
        honest
    }
}

/// How a list is to be changed. The list itself says where to begin, so that a
/// suite as a whole sees every kind of change, and each case always the same.
fn choices(list: &BlockAccessList, count: u64) -> impl Iterator<Item = u64> {
    let [a, b, c, d, ..] = compute_block_access_list_hash(list).0;
    let start = u64::from(u32::from_le_bytes([a, b, c, d]));
    (start..).take(usize::try_from(count).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parallax_engine::{AccessListLocation, AccessListMismatch, InvalidReason};
    use std::convert::Infallible;

    type Verdict = Result<BlockOutput, EngineError<Infallible>>;

    fn mismatch() -> Verdict {
        Err(EngineError::AccessList(Box::new(AccessListMismatch {
            index: 0,
            address: Default::default(),
            location: AccessListLocation::Account,
            expected: String::new(),
            got: String::new(),
        })))
    }

    fn invalid(index: usize) -> Verdict {
        let reason = InvalidReason::BlockGasLimit {
            gas_limit: 2,
            available: 1,
        };
        Err(EngineError::InvalidTransaction { index, reason })
    }

    #[test]
    fn a_wrong_list_is_rejected_as_such_or_for_the_fault_of_the_block() {
        let valid = Ok(BlockOutput::default());
        assert!(rejected(&valid, &mismatch()).is_ok());
        assert!(rejected(&valid, &valid).is_err());
        assert!(rejected(&valid, &invalid(1)).is_err());
        assert!(rejected(&invalid(1), &mismatch()).is_ok());
        assert!(rejected(&invalid(1), &invalid(1)).is_ok());
        assert!(rejected(&invalid(1), &invalid(2)).is_err());
        assert!(rejected(&invalid(1), &valid).is_err());
    }
}
