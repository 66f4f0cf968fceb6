//! The node: state, blocks, pool and engine of one chain.

mod develop;
mod import;
mod lookup;
mod open;
mod produce;
mod submit;

pub use develop::{Dumped, Edit};
pub use produce::{Attributes, Built};

use crate::{
    NodeConfig, NodeError,
    block::SealedBlock,
    chain::Chain,
    clock::Clock,
    events::Event,
    view::{self, Moment, SharedState, StateView},
};
use alloy_primitives::{Address, B256, U256};
use parallax_chain::{Fork, Genesis, Schedule};
use parallax_engine::{Engine, StateChanges};
use parallax_pool::Pool;
use parallax_state::StateError;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::broadcast;

/// A chain that takes transactions and makes blocks of them, or takes blocks. All methods
/// may be called from many threads; blocks are made one after the other.
#[derive(Debug)]
pub struct Node {
    config: NodeConfig,
    schedule: RwLock<Arc<Schedule>>,
    genesis: Genesis,
    engine: Engine,
    state: SharedState,
    chain: RwLock<Chain>,
    pool: Pool,
    producer: Mutex<Producer>,
    events: broadcast::Sender<Event>,
    is_edited: AtomicBool,
}

/// What only those use who make blocks.
#[derive(Debug)]
struct Producer {
    clock: Clock,
    beneficiary: Address,
    gas_limit: Option<u64>,
    next_base_fee: Option<u64>,
    next_prev_randao: Option<B256>,
    snapshots: Vec<develop::Snapshot>,
    /// What a developer has changed since the last block.
    edits: Vec<StateChanges>,
}

impl Node {
    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// The forks.
    #[must_use]
    pub fn schedule(&self) -> Arc<Schedule> {
        let schedule = self.schedule.read();
        Arc::clone(&schedule.unwrap_or_else(PoisonError::into_inner))
    }

    /// How the chain began.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Transactions that wait.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Tells of everything that happens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// The last block.
    #[must_use]
    pub fn head(&self) -> Arc<SealedBlock> {
        Arc::clone(self.chain().head())
    }

    /// The rules of a block after another one.
    #[must_use]
    pub fn fork_after(&self, parent: &SealedBlock, timestamp: u64) -> Fork {
        let schedule = self.schedule();
        schedule.fork(parent.number() + 1, timestamp, parent.total_difficulty)
    }

    /// The state at some moment.
    #[must_use]
    pub fn state_at(&self, moment: Moment) -> StateView {
        StateView::new(Arc::clone(&self.state), moment)
    }

    /// The first block after which the state is kept.
    #[must_use]
    pub fn history_from(&self) -> u64 {
        view::read(&self.state).history_from()
    }

    /// A proof of an account and words of its storage after a block.
    ///
    /// # Errors
    /// If the state cannot be read, or was pruned, or has been edited since the last block.
    pub fn proof(
        &self,
        block: u64,
        address: &Address,
        slots: &[U256],
    ) -> Result<parallax_state::Proof, StateError> {
        view::read(&self.state).proof_at(block, address, slots)
    }

    /// Whether somebody has changed the state since the last block.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.is_edited.load(Ordering::Relaxed)
    }

    /// The root that the state after a block would have with some changes.
    ///
    /// # Errors
    /// If that state cannot be had any more, or if the changes do not fit.
    pub fn root_with(&self, block: u64, changes: &StateChanges) -> Result<B256, NodeError> {
        let mut producer = self.producer();
        let applied = {
            let mut state = self.state_mut();
            state.discard()?;
            let begun = state.pretend(block);
            begun
                .and_then(|()| state.apply(changes))
                .and_then(|()| state.root())
        };
        self.take_back(&mut producer)?;
        Ok(applied?)
    }

    /// Writes what is only in the log into the store, so that the next start is fast.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn checkpoint(&self) -> Result<(), StateError> {
        self.state_mut().checkpoint()
    }

    fn chain(&self) -> RwLockReadGuard<'_, Chain> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn chain_mut(&self) -> RwLockWriteGuard<'_, Chain> {
        self.chain.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, parallax_state::State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn producer(&self) -> MutexGuard<'_, Producer> {
        self.producer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn threads(&self) -> usize {
        self.engine.config().workers
    }

    /// Nobody need be listening.
    fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }
}
