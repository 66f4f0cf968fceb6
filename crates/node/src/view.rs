//! The state as those see it who do not make blocks.

use alloy_primitives::{Address, B256, U256};
use parallax_state::{Account, State, StateError};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// The state behind the lock that makers of blocks take.
pub(crate) type SharedState = Arc<RwLock<State>>;

/// After a panic the state is as good as its own checks say: it refuses to go on if a
/// change was not completed.
pub(crate) fn read(state: &RwLock<State>) -> RwLockReadGuard<'_, State> {
    state.read().unwrap_or_else(PoisonError::into_inner)
}

/// Which state a [`StateView`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After a block.
    Block(u64),
    /// Now, with everything that will be in the next block so far.
    Pending,
}

/// The state at some moment. It holds no lock while nobody reads, so that a long call does
/// not hold up blocks; that after a block stays the same while blocks go on.
#[derive(Clone, Debug)]
pub struct StateView {
    state: SharedState,
    moment: Moment,
}

impl StateView {
    pub(crate) const fn new(state: SharedState, moment: Moment) -> Self {
        Self { state, moment }
    }

    /// An account.
    ///
    /// # Errors
    /// If it cannot be read, or the state was pruned.
    pub fn account(&self, address: &Address) -> Result<Option<Account>, StateError> {
        let state = read(&self.state);
        match self.past(&state) {
            Some(block) => state.at(block)?.account(address),
            None => state.flat().account(address),
        }
    }

    /// A word of storage.
    ///
    /// # Errors
    /// As [`StateView::account`].
    pub fn word(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        let state = read(&self.state);
        match self.past(&state) {
            Some(block) => state.at(block)?.word(address, slot),
            None => state.flat().word(address, slot),
        }
    }

    /// The code of an account; empty if it has none.
    ///
    /// # Errors
    /// As [`StateView::account`].
    pub fn code(&self, address: &Address) -> Result<Bytecode, StateError> {
        match self.account(address)? {
            Some(account) => self.code_by_hash_ref(account.code_hash),
            None => Ok(Bytecode::default()),
        }
    }

    /// The block after which the state is wanted, unless that is how it is now.
    fn past(&self, state: &State) -> Option<u64> {
        match self.moment {
            Moment::Block(block) if block + 1 == state.next() && state.is_between_blocks() => None,
            Moment::Block(block) => Some(block),
            Moment::Pending => None,
        }
    }
}

impl DatabaseRef for StateView {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.account(&address)?.map(|account| account.info()))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StateError> {
        read(&self.state).flat().code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.word(&address, &slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        let state = read(&self.state);
        match self.past(&state) {
            Some(block) => state.at(block)?.block_hash_ref(number),
            None => state.flat().block_hash_ref(number),
        }
    }
}
