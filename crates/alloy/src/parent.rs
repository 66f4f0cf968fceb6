//! How the engine's workers read the parent state out of the EVM's database.
//!
//! `BlockExecutorFactory` promises executors for every `DB: StateDB`, and such a
//! database has only methods with `&mut self` and need not even be `Send`.
//! Therefore two ways:
//!
//! - [`Served`] works with every database: the workers ask, and the thread that
//!   called `execute_block` reads and answers, one question at a time;
//! - [`Shared`] needs a [`SharedDatabase`], which the workers read themselves.

mod served;
mod shared;

use crate::run::Fallback;
use alloy_evm::Database;
use parallax_engine::{Block, BlockOutput, Engine};
pub use served::Served;
pub use shared::{Shared, SharedDatabase, StateReader};

/// A way to read the parent state of a block.
pub trait ParentState<DB: Database> {
    /// Replays `block` on what is in `db` now, and changes nothing in it.
    ///
    /// # Errors
    /// Why that is not possible.
    fn replay(&self, engine: &Engine, block: &Block, db: &mut DB) -> Result<BlockOutput, Fallback>;
}
