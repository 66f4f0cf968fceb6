//! A parent state in memory.

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, B256Map, HashMap},
};
use revm::{
    DatabaseCommit, DatabaseRef,
    state::{Account, AccountInfo, Bytecode},
};
use std::convert::Infallible;

/// A state held in hash maps: what is not in it does not exist.
///
/// Code is analysed when it is put in, not when it is run. The hash of a block
/// is the Keccak hash of its number in decimal, as in revm's own test database.
#[derive(Clone, Debug, Default)]
pub struct MemoryState {
    accounts: AddressMap<Stored>,
    codes: B256Map<Bytecode>,
}

#[derive(Clone, Debug, Default)]
struct Stored {
    info: AccountInfo,
    storage: HashMap<U256, U256>,
}

impl MemoryState {
    /// Puts an account in, or changes its balance and nonce if it is there already.
    pub fn set_account(&mut self, address: Address, balance: U256, nonce: u64) {
        let account = self.accounts.entry(address).or_insert_with(empty);
        account.info.balance = balance;
        account.info.nonce = nonce;
    }

    /// Gives an account code. An account that is not there yet gets nonce 1, as
    /// contracts have (EIP-161).
    pub fn set_code(&mut self, address: Address, code: Bytecode) {
        let hash = code.hash_slow();
        let account = self.accounts.entry(address).or_insert_with(|| {
            let mut contract = empty();
            contract.info.nonce = 1;
            contract
        });
        account.info.code_hash = hash;
        account.info.code = Some(code.clone());
        self.codes.insert(hash, code);
    }

    /// Analyses raw code and gives it to an account.
    pub fn set_raw_code(&mut self, address: Address, code: Bytes) {
        self.set_code(address, Bytecode::new_legacy(code));
    }

    /// Writes a storage slot.
    pub fn set_storage(&mut self, address: Address, slot: U256, value: U256) {
        let account = self.accounts.entry(address).or_insert_with(empty);
        if value.is_zero() {
            account.storage.remove(&slot);
        } else {
            account.storage.insert(slot, value);
        }
    }

    /// Adds to a storage slot, wrapping.
    pub fn add_storage(&mut self, address: Address, slot: U256, value: U256) {
        let before = self.storage(address, slot);
        self.set_storage(address, slot, before.wrapping_add(value));
    }

    /// Reads a storage slot.
    #[must_use]
    pub fn storage(&self, address: Address, slot: U256) -> U256 {
        self.accounts
            .get(&address)
            .and_then(|account| account.storage.get(&slot))
            .copied()
            .unwrap_or_default()
    }

    /// Reads an account.
    #[must_use]
    pub fn account(&self, address: Address) -> Option<&AccountInfo> {
        self.accounts.get(&address).map(|account| &account.info)
    }

    /// The accounts and their storage, in no order.
    pub fn accounts(
        &self,
    ) -> impl Iterator<Item = (Address, &AccountInfo, &HashMap<U256, U256>)> + '_ {
        self.accounts
            .iter()
            .map(|(address, account)| (*address, &account.info, &account.storage))
    }

    /// Number of accounts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether there are no accounts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }
}

fn empty() -> Stored {
    let info = AccountInfo {
        code: None,
        ..AccountInfo::default()
    };
    Stored {
        info,
        storage: HashMap::default(),
    }
}

impl DatabaseRef for MemoryState {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.account(address).cloned())
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.codes.get(&code_hash).cloned().unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.storage(address, slot))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(keccak256(number.to_string()))
    }
}

/// What a transaction changed becomes part of the state. Accounts that it leaves
/// empty are gone (EIP-161).
impl DatabaseCommit for MemoryState {
    fn commit(&mut self, changes: AddressMap<Account>) {
        let touched = changes
            .into_iter()
            .filter(|(_, account)| account.is_touched());
        for (address, account) in touched {
            if account.is_selfdestructed() || account.is_created() || account.is_empty() {
                self.accounts.remove(&address);
            }
            if !account.is_selfdestructed() && !account.is_empty() {
                self.commit_account(address, account);
            }
        }
    }
}

impl MemoryState {
    fn commit_account(&mut self, address: Address, account: Account) {
        let stored = self.accounts.entry(address).or_insert_with(empty);
        stored.info.balance = account.info.balance;
        stored.info.nonce = account.info.nonce;
        let hash = account.info.code_hash;
        if stored.info.code_hash != hash {
            // Contracts that are alike share one copy.
            let code = account.info.code.unwrap_or_default();
            let code = self.codes.entry(hash).or_insert(code);
            stored.info.code_hash = hash;
            stored.info.code = Some(code.clone());
        }
        let changed = account.storage.into_iter();
        for (slot, value) in changed.filter(|(_, value)| value.is_changed()) {
            self.set_storage(address, slot, value.present_value());
        }
    }
}
