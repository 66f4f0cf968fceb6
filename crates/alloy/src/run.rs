//! How a block was executed, for those who want to know.

use alloy_eip7928::BlockAccessList;
use parallax_engine::{BlockOutput, EngineError, Stats};
use revm::primitives::hardfork::SpecId;
use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

/// How [`execute_block`](alloy_evm::block::BlockExecutor::execute_block) has executed
/// the transactions of a block.
#[derive(Clone, Debug)]
pub enum Run {
    /// On the engine.
    Parallel {
        /// What it took.
        stats: Box<Stats>,
        /// What the transactions accessed and changed, if the engine's
        /// [`access_list`](parallax_engine::EngineConfig::access_list) is set. What
        /// alloy-evm does before and after them (system calls, withdrawals) is not in
        /// it, so it is not the access list of a whole block.
        access_list: Option<BlockAccessList>,
    },
    /// By alloy-evm's own executor.
    Sequential(Fallback),
}

impl Run {
    pub(crate) fn parallel(output: &mut BlockOutput) -> Self {
        Self::Parallel {
            stats: Box::new(std::mem::take(&mut output.stats)),
            access_list: output.access_list.take(),
        }
    }

    /// Whether the engine executed the transactions.
    pub const fn is_parallel(&self) -> bool {
        matches!(self, Self::Parallel { .. })
    }

    /// What it took the engine.
    pub fn stats(&self) -> Option<&Stats> {
        match self {
            Self::Parallel { stats, .. } => Some(stats),
            Self::Sequential(_) => None,
        }
    }

    /// Why the engine did not execute the transactions.
    pub const fn fallback(&self) -> Option<&Fallback> {
        match self {
            Self::Parallel { .. } => None,
            Self::Sequential(fallback) => Some(fallback),
        }
    }
}

/// Why a block was left to alloy-evm's executor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fallback {
    /// There is nothing to do at the same time.
    #[error("the block has fewer than two transactions")]
    FewTransactions,
    /// With a parent state that only the calling thread can read, one worker gains
    /// nothing.
    #[error("the engine has fewer than two workers, and the calling thread has to read for them")]
    FewWorkers,
    /// It has to see every instruction in order.
    #[error("the EVM has an inspector")]
    Inspector,
    /// Other precompiles than those of the fork, by address and identifier.
    #[error("the EVM's precompiles are not those of {0}")]
    Precompiles(SpecId),
    /// A fork that the engine does not have.
    #[error("the engine does not have the rules of {0}")]
    Fork(SpecId),
    /// One of the switches of `CfgEnv` for what could not be in a block.
    #[error("the configuration disables a check")]
    DisabledCheck,
    /// Transactions were executed one by one on the same executor.
    #[error("transactions have been executed on this executor before")]
    Started,
    /// A `State` that builds or follows a block access list has to see each
    /// transaction.
    #[error("the state builds or follows a block access list")]
    AccessList,
    /// The system has no more threads.
    #[error("no thread: {0}")]
    Thread(String),
    /// The engine's error: most often the block is invalid. alloy-evm's own follows.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// The database failed where it was read to write the changes back.
    #[error("the database failed: {0}")]
    Database(String),
}

impl<E: Display> From<EngineError<E>> for Fallback {
    fn from(error: EngineError<E>) -> Self {
        Self::Engine(error.to_string())
    }
}

/// A place for the [`Run`] of the block that was executed last.
#[derive(Debug, Default)]
pub struct LastRun(Mutex<Option<Arc<Run>>>);

impl LastRun {
    /// The last one, if there was any.
    pub fn get(&self) -> Option<Arc<Run>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set(&self, run: Run) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(run));
    }
}
