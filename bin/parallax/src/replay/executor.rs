//! The two ways to execute a block.

use crate::cli::Mode;
use alloy_eip7928::BlockAccessList;
use parallax_engine::{Block, BlockOutput, EngineError, sequential};
use revm::DatabaseRef;

/// Executes blocks in one mode.
pub(crate) struct Executor {
    mode: Mode,
}

impl Executor {
    pub(crate) fn new(mode: Mode, _workers: usize) -> Self {
        Self { mode }
    }

    /// One transaction after the other, on plain revm. In verify mode the
    /// result has the block access list.
    pub(crate) fn sequential<DB: DatabaseRef>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        match self.mode {
            Mode::Replay => sequential::replay(block, db, false),
            Mode::Verify => sequential::replay(block, db, true),
            Mode::Build => sequential::build(block, db, false),
        }
    }

    /// The same as far as it is timed: neither an access list nor the sorted
    /// form of the changes is made, which nobody needs who uses plain revm.
    pub(crate) fn baseline<DB: DatabaseRef>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<Baseline, EngineError<DB::Error>> {
        match self.mode {
            Mode::Replay | Mode::Verify => {
                sequential::replay_bundle(block, db, false).map(Baseline::Bundle)
            }
            Mode::Build => sequential::build(block, db, false).map(Baseline::Output),
        }
    }

    /// What verify mode verifies is `list`. Plain revm stands in for the engine
    /// as long as the library has none.
    pub(crate) fn parallel<DB>(
        &self,
        block: &Block,
        _list: &BlockAccessList,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>>
    where
        DB: DatabaseRef<Error: Send> + Sync,
    {
        match self.mode {
            Mode::Replay | Mode::Verify => sequential::replay(block, db, false),
            Mode::Build => sequential::build(block, db, false),
        }
    }
}

/// What the baseline made; kept only to be dropped after the clock has stopped.
#[expect(dead_code, reason = "held for its drop")]
pub(crate) enum Baseline {
    Bundle(sequential::Executed),
    Output(BlockOutput),
}
