//! What was read or written lately, by plain keys: a hit hashes no key with Keccak.

mod sets;

use crate::account::Account;
use alloy_primitives::{Address, B256, U256};
use revm::state::Bytecode;
use sets::Sets;
use std::fmt;

/// What a code takes, on average.
const CODE_BYTES: usize = 8 << 10;

/// Accounts, words and code, of each a bounded number.
pub(crate) struct Cache {
    pub(crate) accounts: Sets<Address, Option<Account>>,
    /// By account id, so that storage that goes is forgotten at once.
    pub(crate) words: Sets<(u64, U256), U256>,
    pub(crate) codes: Sets<B256, Option<Bytecode>>,
}

impl Cache {
    /// Of at most about so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            accounts: Sets::new(bytes * 3 / 8, 0),
            words: Sets::new(bytes / 2, 0),
            codes: Sets::new(bytes / 8, CODE_BYTES),
        }
    }

    /// Makes room for more, as far as it may.
    pub(crate) fn grow(&mut self) {
        self.accounts.grow();
        self.words.grow();
        self.codes.grow();
    }

    /// Bytes of memory, without code.
    pub(crate) fn bytes(&self) -> usize {
        self.accounts.bytes() + self.words.bytes() + self.codes.bytes()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
