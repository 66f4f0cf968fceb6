//! What is being tested.

use crate::World;
use parallax_engine::{Block, BlockOutput, EngineError};
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
