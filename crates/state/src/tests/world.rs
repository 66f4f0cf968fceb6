//! A world of accounts, its changes by chance, and its root by alloy-trie.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{TrieAccount, root};
use parallax_engine::{AccountChange, StateChanges};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::collections::BTreeMap;

/// An account and its storage, in which no word is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) info: AccountInfo,
    pub(super) storage: BTreeMap<U256, U256>,
}

pub(super) type World = BTreeMap<Address, Entry>;

pub(super) fn root_of(world: &World) -> B256 {
    let accounts = world.iter().map(|(address, entry)| {
        let storage = entry.storage.iter();
        let storage = storage.map(|(slot, word)| (B256::from(*slot), *word));
        let account = TrieAccount {
            nonce: entry.info.nonce,
            balance: entry.info.balance,
            storage_root: root::storage_root_unhashed(storage),
            code_hash: entry.info.code_hash,
        };
        (*address, account)
    });
    root::state_root_unhashed(accounts)
}

/// Changes by chance.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) random: SmallRng,
    pub(super) addresses: u64,
    pub(super) slots: u64,
    /// Most accounts that change at once.
    pub(super) most: usize,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: SmallRng::seed_from_u64(seed),
            addresses: 14,
            slots: 40,
            most: 8,
        }
    }

    pub(super) fn address(&mut self) -> Address {
        let number = self.random.random_range(0..self.addresses);
        Address::from_word(keccak256(number.to_be_bytes()))
    }

    pub(super) fn slot(&mut self) -> U256 {
        U256::from(self.random.random_range(0..self.slots))
    }

    fn word(&mut self) -> U256 {
        match self.random.random_range(0..4) {
            0 => U256::ZERO,
            1 => U256::from(self.random.random_range(0..300)),
            2 => U256::MAX - U256::from(self.random.random_range(0..3)),
            _ => U256::from(self.random.random::<u128>()),
        }
    }

    fn info(&mut self, before: Option<&AccountInfo>) -> (AccountInfo, Option<Bytecode>) {
        let mut info = before.cloned().unwrap_or_default();
        if self.random.random_bool(0.7) {
            info.nonce += self.random.random_range(0..3);
            info.balance = self.word();
        }
        let mut code = None;
        if info.code_hash == KECCAK_EMPTY && self.random.random_bool(0.2) {
            let bytes = vec![self.random.random_range(0..4); self.random.random_range(1..90)];
            let new = Bytecode::new_raw(Bytes::from(bytes));
            info.code_hash = new.hash_slow();
            code = Some(new);
        }
        (info, code)
    }

    /// Changes the world by chance; what has changed.
    pub(super) fn change(&mut self, world: &mut World) -> StateChanges {
        let mut changes = StateChanges::default();
        for _ in 0..self.random.random_range(0..=self.most) {
            let address = self.address();
            if changes
                .accounts
                .iter()
                .all(|change| change.address != address)
            {
                changes.accounts.extend(self.change_account(
                    address,
                    world,
                    &mut changes.contracts,
                ));
            }
        }
        changes
    }

    fn change_account(
        &mut self,
        address: Address,
        world: &mut World,
        contracts: &mut Vec<(B256, Bytecode)>,
    ) -> Option<AccountChange> {
        let entry = world.remove(&address);
        let before = entry.as_ref().map(|entry| entry.info.clone());
        let mut change = AccountChange {
            address,
            before: before.clone(),
            after: None,
            wiped: false,
            storage: Vec::new(),
        };
        let is_gone = entry.is_some() && self.random.random_bool(0.15);
        let mut entry = entry.unwrap_or_default();
        if is_gone {
            change.wiped = true;
            entry = Entry::default();
            if self.random.random_bool(0.5) {
                return Some(change);
            }
        } else if before.is_none() && self.random.random_bool(0.2) {
            return None;
        }
        let (info, code) = self.info(before.as_ref().filter(|_| !is_gone));
        contracts.extend(code.map(|code| (info.code_hash, code)));
        entry.info = info;
        for _ in 0..self.random.random_range(0..30) * self.random.random_range(0..2) {
            let (slot, word) = (self.slot(), self.word());
            if change.storage.iter().any(|(of, ..)| *of == slot) {
                continue;
            }
            let before = entry.storage.remove(&slot).unwrap_or_default();
            if !word.is_zero() {
                entry.storage.insert(slot, word);
            }
            if before != word {
                change.storage.push((slot, before, word));
            }
        }
        change.after = Some(entry.info.clone());
        world.insert(address, entry);
        Some(change)
    }
}
