//! What was read or written lately, by plain keys: a hit hashes nothing.

use crate::account::Account;
use alloy_primitives::{Address, B256, U256};
use quick_cache::sync::Cache as Bounded;
use revm::state::Bytecode;
use std::fmt;

/// What entries take, keys and all, roughly.
const ACCOUNT_BYTES: usize = 232;
const WORD_BYTES: usize = 112;
const CODE_BYTES: usize = 16 << 10;

/// Accounts, words and code, each a bounded number of them.
pub(crate) struct Cache {
    pub(crate) accounts: Bounded<Address, Option<Account>>,
    /// By account id, so that storage that goes is forgotten at once.
    pub(crate) words: Bounded<(u64, U256), U256>,
    pub(crate) codes: Bounded<B256, Bytecode>,
}

impl Cache {
    /// Of about so many bytes, half of them words.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            accounts: Bounded::new((bytes * 3 / 8 / ACCOUNT_BYTES).max(64)),
            words: Bounded::new((bytes / 2 / WORD_BYTES).max(64)),
            codes: Bounded::new((bytes / 8 / CODE_BYTES).max(64)),
        }
    }

    /// Bytes of memory that are in use, without code.
    pub(crate) fn bytes(&self) -> usize {
        self.accounts.memory_used().total() + self.words.memory_used().total()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("accounts", &self.accounts.len())
            .field("words", &self.words.len())
            .field("codes", &self.codes.len())
            .finish()
    }
}
