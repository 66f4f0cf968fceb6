//! The parent state of a recorded block: only what executing the block needs.

use alloy_primitives::{
    Address, B256, U256, keccak256,
    map::{AddressMap, B256Map, HashMap},
};
use revm::{
    DatabaseRef,
    database_interface::DBErrorMarker,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A database over the accounts of a block file. What is not in it is absent.
///
/// A file gives accounts and slots either by their keys or by the hashes of
/// their keys. Reading the latter hashes the key once and remembers it;
/// [`ParentState::translate`] then turns everything read so far into plain
/// entries, which later reads find without hashing or locking.
#[derive(Debug, Default)]
pub struct ParentState {
    accounts: AddressMap<Account>,
    hashed: B256Map<Account>,
    seen: Mutex<SeenKeys>,
    codes: B256Map<Bytecode>,
    block_hashes: HashMap<u64, B256>,
    number: u64,
}

/// An account; what is still known by the hash of the slot only is in
/// `hashed_storage`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) info: AccountInfo,
    pub(crate) storage: HashMap<U256, U256>,
    pub(crate) hashed_storage: B256Map<U256>,
}

#[derive(Debug, Default)]
struct SeenKeys {
    addresses: AddressMap<B256>,
    slots: HashMap<U256, B256>,
}

/// Why the parent state could not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParentStateError {
    /// BLOCKHASH asked for a block whose hash is not recorded.
    #[error("block {block} asks for the hash of block {number}, which is not in blockHashes")]
    UnknownBlockHash {
        /// The block being executed.
        block: u64,
        /// The block whose hash was asked for.
        number: u64,
    },
    /// A code was needed that is not recorded.
    #[error("block {block} needs code {hash}, which is not in codes.json")]
    UnknownCode {
        /// The block being executed.
        block: u64,
        /// Hash of the code.
        hash: B256,
    },
}

impl DBErrorMarker for ParentStateError {}

impl ParentState {
    pub(crate) fn new(
        number: u64,
        block_hashes: HashMap<u64, B256>,
        codes: B256Map<Bytecode>,
        accounts: AddressMap<Account>,
        hashed: B256Map<Account>,
    ) -> Self {
        Self {
            accounts,
            hashed,
            seen: Mutex::default(),
            codes,
            block_hashes,
            number,
        }
    }

    /// Stores everything that has been read so far under its plain key.
    ///
    /// Call it after executing the block once, before measuring.
    pub fn translate(&mut self) {
        let seen = std::mem::take(&mut *self.seen_keys());
        for (address, hash) in &seen.addresses {
            if let Some(account) = self.hashed.remove(hash) {
                self.accounts.insert(*address, account);
            }
        }
        for account in self.accounts.values_mut() {
            if account.hashed_storage.is_empty() {
                continue;
            }
            for (slot, hash) in &seen.slots {
                if let Some(value) = account.hashed_storage.remove(hash) {
                    account.storage.insert(*slot, value);
                }
            }
        }
    }

    fn account(&self, address: Address) -> Option<&Account> {
        if let Some(account) = self.accounts.get(&address) {
            return Some(account);
        }
        if self.hashed.is_empty() {
            return None;
        }
        let hash = *self
            .seen_keys()
            .addresses
            .entry(address)
            .or_insert_with(|| keccak256(address));
        self.hashed.get(&hash)
    }

    fn seen_keys(&self) -> MutexGuard<'_, SeenKeys> {
        // A thread that panicked while inserting a hash left a valid map behind.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DatabaseRef for ParentState {
    type Error = ParentStateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        Ok(self.account(address).map(|account| account.info.clone()))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        if code_hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        self.codes
            .get(&code_hash)
            .cloned()
            .ok_or(ParentStateError::UnknownCode {
                block: self.number,
                hash: code_hash,
            })
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Self::Error> {
        let Some(account) = self.account(address) else {
            return Ok(U256::ZERO);
        };
        if let Some(value) = account.storage.get(&slot) {
            return Ok(*value);
        }
        if account.hashed_storage.is_empty() {
            return Ok(U256::ZERO);
        }
        let hash = *self
            .seen_keys()
            .slots
            .entry(slot)
            .or_insert_with(|| keccak256(slot.to_be_bytes::<32>()));
        let value = account.hashed_storage.get(&hash);
        Ok(value.copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        self.block_hashes
            .get(&number)
            .copied()
            .ok_or(ParentStateError::UnknownBlockHash {
                block: self.number,
                number,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Address = Address::repeat_byte(1);
    const ELSEWHERE: Address = Address::repeat_byte(2);

    fn hashed_state() -> ParentState {
        let account = |balance: u64, slots: &[u64]| Account {
            info: AccountInfo::from_balance(U256::from(balance)),
            storage: HashMap::default(),
            hashed_storage: slots
                .iter()
                .map(|slot| {
                    (
                        keccak256(U256::from(*slot).to_be_bytes::<32>()),
                        U256::from(slot * 10),
                    )
                })
                .collect(),
        };
        let hashed = [
            (keccak256(HERE), account(5, &[1, 2])),
            (keccak256(ELSEWHERE), account(6, &[])),
        ];
        ParentState::new(
            9,
            HashMap::default(),
            B256Map::default(),
            AddressMap::default(),
            hashed.into_iter().collect(),
        )
    }

    #[test]
    fn answers_do_not_change_when_keys_are_translated() {
        let mut state = hashed_state();
        for _ in 0..3 {
            let balance = |address| {
                let info = state.basic_ref(address).unwrap();
                info.map(|info| info.balance.to::<u64>())
            };
            assert_eq!(balance(HERE), Some(5));
            assert_eq!(balance(Address::ZERO), None);
            let slot = |slot: u64| state.storage_ref(HERE, U256::from(slot)).unwrap();
            assert_eq!(slot(1), U256::from(10));
            assert_eq!(slot(3), U256::ZERO);
            state.translate();
        }
        assert_eq!(state.accounts[&HERE].storage.len(), 1);
        assert_eq!(state.hashed.len(), 1);
        let slot = state.storage_ref(HERE, U256::from(2)).unwrap();
        assert_eq!(slot, U256::from(20));
        assert!(state.basic_ref(ELSEWHERE).unwrap().is_some());
    }

    #[test]
    fn an_unknown_block_hash_is_an_error_that_names_it() {
        let error = hashed_state().block_hash_ref(7).unwrap_err();
        assert_eq!(
            error.to_string(),
            "block 9 asks for the hash of block 7, which is not in blockHashes"
        );
    }
}
