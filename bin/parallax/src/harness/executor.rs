//! The two ways to execute a block.

use crate::cli::Mode;
use alloy_eip7928::BlockAccessList;
use eyre::{Result, WrapErr};
use parallax_engine::{
    Block, BlockOutput, Engine, EngineConfig, EngineError, TxOutcome, sequential,
};
use revm::{DatabaseRef, primitives::hardfork::SpecId};

/// Executes blocks in one mode.
pub(crate) struct Executor {
    mode: Mode,
    engine: Engine,
    /// Makes the access lists that plain revm cannot make.
    lister: Option<Engine>,
}

impl Executor {
    /// Starts the engine's threads.
    pub(crate) fn new(mode: Mode, workers: usize) -> Result<Self> {
        Ok(Self {
            mode,
            engine: start_engine(workers)?,
            lister: match mode {
                Mode::Verify => Some(start_lister()?),
                Mode::Replay | Mode::Build => None,
            },
        })
    }

    /// Threads of the engine.
    pub(crate) fn workers(&self) -> usize {
        self.engine.config().workers
    }

    /// One transaction after the other, on plain revm. In verify mode the
    /// result has the block access list. Before Cancun that is our own: plain
    /// revm's leaves out the storage that goes away with a destroyed account.
    pub(crate) fn sequential<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        match self.mode {
            Mode::Replay => sequential::replay(block, db, false),
            Mode::Verify => {
                let is_complete = block.spec().is_enabled_in(SpecId::CANCUN);
                let mut output = sequential::replay(block, db, is_complete)?;
                if let (false, Some(lister)) = (is_complete, &self.lister) {
                    output.access_list = lister.replay(block, db)?.access_list;
                }
                Ok(output)
            }
            Mode::Build => sequential::build(block, db, false),
        }
    }

    /// The same as far as it is timed: neither an access list nor the sorted
    /// form of the changes is made, which nobody needs who uses plain revm.
    pub(crate) fn baseline<DB: DatabaseRef>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<sequential::Executed, EngineError<DB::Error>> {
        match self.mode {
            Mode::Replay | Mode::Verify => sequential::replay_bundle(block, db, false),
            Mode::Build => sequential::build_bundle(block, db, false),
        }
    }

    /// In parallel. `list` is what verify mode verifies.
    pub(crate) fn parallel<DB>(
        &self,
        block: &Block,
        list: &BlockAccessList,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>>
    where
        DB: DatabaseRef + Sync,
    {
        match self.mode {
            Mode::Replay => self.engine.replay(block, db),
            Mode::Verify => self.engine.verify(block, list, db),
            Mode::Build => self.engine.build(block, db),
        }
    }

    /// In parallel, with `sink` told of each sub-block that is committed. Verify mode
    /// commits nothing before the end and has none.
    pub(crate) fn streaming<DB>(
        &self,
        block: &Block,
        db: &DB,
        sink: &(dyn Fn(&[TxOutcome]) + Sync),
    ) -> Option<Result<BlockOutput, EngineError<DB::Error>>>
    where
        DB: DatabaseRef + Sync,
    {
        match self.mode {
            Mode::Replay => Some(self.engine.replay_streaming(block, db, sink)),
            Mode::Build => Some(self.engine.build_streaming(block, db, sink)),
            Mode::Verify => None,
        }
    }

    /// Another one like it, whose engine has executed nothing yet.
    pub(crate) fn fresh(&self) -> Result<Self> {
        Self::new(self.mode, self.workers())
    }
}

fn start_lister() -> Result<Engine> {
    Engine::new(EngineConfig {
        workers: 1,
        access_list: true,
        ..EngineConfig::default()
    })
    .wrap_err("cannot start the engine")
}

fn start_engine(workers: usize) -> Result<Engine> {
    Engine::new(EngineConfig {
        workers,
        ..EngineConfig::default()
    })
    .wrap_err_with(|| format!("cannot start {workers} threads"))
}
