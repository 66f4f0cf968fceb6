//! What is being tested.

#![allow(
    clippy::result_large_err,
    reason = "the error is the engine's, and one per block at most"
)]

use crate::{World, compare};
use parallax_engine::{Block, BlockOutput, EngineError, sequential};
use std::convert::Infallible;

/// Result of executing a block of a suite.
pub type Executed = Result<BlockOutput, EngineError<Infallible>>;

/// Executes the blocks of the suites, one thread's worth of them.
///
/// Any closure of the right shape is one: `|block: &Block, world: &World|
/// sequential::replay(block, world, false)`.
pub trait Executor {
    /// Executes a block on its parent state.
    ///
    /// # Errors
    ///
    /// If the block is invalid; the suites contain many such blocks.
    fn execute(&mut self, block: &Block, world: &World) -> Executed;
}

impl<F: FnMut(&Block, &World) -> Executed> Executor for F {
    fn execute(&mut self, block: &Block, world: &World) -> Executed {
        self(block, world)
    }
}

/// The oracle: plain revm, whose access list is checked against its changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Executor for Sequential {
    fn execute(&mut self, block: &Block, world: &World) -> Executed {
        let output = sequential::replay(block, world, true)?;
        if let Some(list) = &output.access_list {
            compare::access_list(list, &output.changes).map_err(divergence)?;
        }
        Ok(output)
    }
}

/// Another executor, whose every result must be that of the oracle: outcomes
/// with logs and halt reasons, changes, requests, access list (if it makes one)
/// and errors. A difference is an [`EngineError::Fatal`], which no test expects.
#[derive(Clone, Copy, Debug)]
pub struct Compared<E>(pub E);

impl<E: Executor> Executor for Compared<E> {
    fn execute(&mut self, block: &Block, world: &World) -> Executed {
        let lists = compare::lists_are_defined(block);
        let expected = sequential::replay(block, world, lists);
        let got = self.0.execute(block, world);
        compare::results(&expected, &got).map_err(divergence)?;
        got
    }
}

/// For executors that build: a transaction that was left out is an error, as it
/// is in replay.
///
/// # Errors
///
/// The first skipped transaction.
pub fn without_skips(mut output: BlockOutput) -> Executed {
    if output.skipped.is_empty() {
        return Ok(output);
    }
    let first = output.skipped.swap_remove(0);
    Err(EngineError::InvalidTransaction {
        index: first.index,
        reason: first.reason,
    })
}

pub(crate) fn divergence(reason: String) -> EngineError<Infallible> {
    EngineError::Fatal { index: 0, reason }
}
