//! A state in memory that knows its root.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::HashMap};
use alloy_trie::{TrieAccount, root};
use parallax_engine::{AccountChange, StateChanges};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};
use serde::Deserialize;
use std::{convert::Infallible, sync::Arc};

/// An account as tests describe it.
#[derive(Clone, Debug, Deserialize)]
pub struct TestAccount {
    balance: U256,
    nonce: U256,
    code: Bytes,
    storage: HashMap<U256, U256>,
}

/// The state after a block. Copies share the accounts in which they do not
/// differ, storage roots included, so that each block may keep its own.
#[derive(Clone, Debug, Default)]
pub struct World {
    accounts: HashMap<Address, Arc<Account>>,
    codes: HashMap<B256, Bytecode>,
    /// Hashes of the blocks up to the parent, genesis first.
    block_hashes: Vec<B256>,
}

#[derive(Clone, Debug)]
struct Account {
    hashed_address: B256,
    info: AccountInfo,
    storage: HashMap<U256, U256>,
    storage_root: B256,
}

impl Account {
    fn new(address: Address, info: AccountInfo, storage: HashMap<U256, U256>) -> Self {
        Self {
            hashed_address: keccak256(address),
            info,
            storage_root: storage_root(&storage),
            storage,
        }
    }
}

fn storage_root(storage: &HashMap<U256, U256>) -> B256 {
    root::storage_root_unhashed(
        storage
            .iter()
            .map(|(slot, value)| (B256::from(*slot), *value)),
    )
}

impl World {
    /// The state that a test starts from.
    #[must_use]
    pub fn new(accounts: HashMap<Address, TestAccount>) -> Self {
        let mut world = Self::default();
        for (address, account) in accounts {
            let TestAccount {
                balance,
                nonce,
                code,
                mut storage,
            } = account;
            storage.retain(|_, value| !value.is_zero());
            // Tests may hold code that could never be deployed (EIP-3541).
            let code = Bytecode::new_raw_checked(code.clone())
                .unwrap_or_else(|_| Bytecode::new_legacy(code));
            let info = AccountInfo {
                balance,
                nonce: nonce.saturating_to(),
                code_hash: code.hash_slow(),
                ..AccountInfo::default().without_code()
            };
            world.codes.insert(info.code_hash, code);
            let account = Account::new(address, info, storage);
            world.accounts.insert(address, Arc::new(account));
        }
        world
    }

    /// Applies what a block changed.
    pub fn apply(&mut self, changes: &StateChanges) {
        self.codes.extend(changes.contracts.iter().cloned());
        for change in &changes.accounts {
            self.apply_account(change);
        }
    }

    fn apply_account(&mut self, change: &AccountChange) {
        let Some(info) = change.after.clone() else {
            self.accounts.remove(&change.address);
            return;
        };
        let before = self
            .accounts
            .remove(&change.address)
            .filter(|_| !change.wiped);
        let mut account = before.map_or_else(
            || Account::new(change.address, AccountInfo::default(), HashMap::default()),
            Arc::unwrap_or_clone,
        );
        account.info = info;
        for (slot, _, value) in &change.storage {
            if value.is_zero() {
                account.storage.remove(slot);
            } else {
                account.storage.insert(*slot, *value);
            }
        }
        if !change.storage.is_empty() {
            account.storage_root = storage_root(&account.storage);
        }
        self.accounts.insert(change.address, Arc::new(account));
    }

    /// What makes this state out of nothing.
    #[must_use]
    pub fn from_nothing(&self) -> StateChanges {
        let accounts = self.accounts.iter().map(|(address, account)| {
            let storage = account.storage.iter();
            AccountChange {
                address: *address,
                before: None,
                after: Some(account.info.clone()),
                wiped: false,
                storage: storage
                    .map(|(slot, word)| (*slot, U256::ZERO, *word))
                    .collect(),
            }
        });
        let codes = self.codes.iter();
        StateChanges {
            accounts: accounts.collect(),
            contracts: codes.map(|(hash, code)| (*hash, code.clone())).collect(),
        }
    }

    /// Makes the hash of the block after which this is the state known to
    /// `BLOCKHASH`.
    pub fn push_block_hash(&mut self, hash: B256) {
        self.block_hashes.push(hash);
    }

    /// The root of the state's Merkle Patricia trie.
    #[must_use]
    pub fn state_root(&self) -> B256 {
        root::state_root_unsorted(self.accounts.values().map(|account| {
            let leaf = TrieAccount {
                nonce: account.info.nonce,
                balance: account.info.balance,
                storage_root: account.storage_root,
                code_hash: account.info.code_hash,
            };
            (account.hashed_address, leaf)
        }))
    }
}

impl DatabaseRef for World {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self
            .accounts
            .get(&address)
            .map(|account| account.info.clone()))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.codes.get(&hash).cloned().unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let account = self.accounts.get(&address);
        let value = account.and_then(|account| account.storage.get(&slot));
        Ok(value.copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        let hash = usize::try_from(number)
            .ok()
            .and_then(|number| self.block_hashes.get(number));
        Ok(hash.copied().unwrap_or_default())
    }
}
