//! The difference that a block makes to the state.

use alloy_primitives::{Address, B256, U256};
use revm::{
    database::{
        AccountStatus, BundleAccount, BundleState, RevertToSlot,
        states::{
            StorageSlot,
            reverts::{AccountInfoRevert, AccountRevert, Reverts},
        },
    },
    primitives::{HashMap, KECCAK_EMPTY},
    state::{AccountInfo, Bytecode},
};

/// The difference between two states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    /// Accounts that differ, in no particular order; see [`StateChanges::sort`].
    pub accounts: Vec<AccountChange>,
    /// Code deployed by the block and still in use at its end, by hash.
    pub contracts: Vec<(B256, Bytecode)>,
}

/// The difference in one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// Whose.
    pub address: Address,
    /// In the parent state; `None` if the account did not exist. Without code.
    pub before: Option<AccountInfo>,
    /// After the block; `None` if the account does not exist. Without code.
    pub after: Option<AccountInfo>,
    /// The storage of the parent state is gone (the account was destroyed, and
    /// possibly created again, in this block). Never set for an account that
    /// was empty: it had no storage. Slots below are then the whole
    /// storage.
    pub wiped: bool,
    /// Slots that differ: `(slot, before, after)`. For a wiped account
    /// `before` is zero.
    pub storage: Vec<(U256, U256, U256)>,
}

impl StateChanges {
    /// Sorts accounts by address, slots by number and contracts by hash, and
    /// removes duplicate contracts. Equal differences are then equal.
    pub fn sort(&mut self) {
        self.accounts
            .sort_unstable_by_key(|account| account.address);
        for account in &mut self.accounts {
            account.storage.sort_unstable_by_key(|(slot, ..)| *slot);
        }
        self.contracts.sort_unstable_by_key(|(hash, _)| *hash);
        self.contracts.dedup_by_key(|(hash, _)| *hash);
    }

    /// The same difference as revm's [`BundleState`], with one block of reverts.
    #[must_use]
    pub fn into_bundle(self) -> BundleState {
        let mut bundle = BundleState::default();
        bundle.state.reserve(self.accounts.len());
        let mut reverts = Vec::with_capacity(self.accounts.len());
        for account in self.accounts {
            let (address, account, revert) = account.into_bundle();
            bundle.state_size += account.size_hint();
            bundle.reverts_size += revert.size_hint();
            bundle.state.insert(address, account);
            reverts.push((address, revert));
        }
        bundle.reverts = Reverts::new(vec![reverts]);
        bundle.contracts = self.contracts.into_iter().collect();
        bundle
    }

    /// Reads a difference out of revm's [`BundleState`].
    #[must_use]
    pub fn from_bundle(bundle: &BundleState) -> Self {
        let mut accounts: Vec<_> = bundle
            .state
            .iter()
            .filter_map(|(address, account)| AccountChange::from_bundle(*address, account))
            .collect();
        accounts.sort_unstable_by_key(|account| account.address);
        let mut contracts: Vec<_> = bundle
            .state
            .values()
            .filter_map(|account| {
                let info = account.info.as_ref()?;
                let before = account.original_info.as_ref().map(|info| info.code_hash);
                if info.code_hash == KECCAK_EMPTY || before == Some(info.code_hash) {
                    return None;
                }
                let code = info
                    .code
                    .clone()
                    .or_else(|| bundle.contracts.get(&info.code_hash).cloned())?;
                Some((info.code_hash, code))
            })
            .collect();
        contracts.sort_unstable_by_key(|(hash, _)| *hash);
        contracts.dedup_by_key(|(hash, _)| *hash);
        Self {
            accounts,
            contracts,
        }
    }
}

impl AccountChange {
    fn into_bundle(self) -> (Address, BundleAccount, AccountRevert) {
        let Self {
            address,
            before,
            after,
            wiped,
            storage,
        } = self;
        let status = match (&before, &after) {
            (_, None) => AccountStatus::Destroyed,
            (_, Some(_)) if wiped => AccountStatus::DestroyedChanged,
            (None, Some(_)) => AccountStatus::InMemoryChange,
            (Some(before), Some(_)) if before.has_no_code_and_nonce() => {
                AccountStatus::InMemoryChange
            }
            (Some(_), Some(_)) => AccountStatus::Changed,
        };
        let previous_status = match &before {
            None => AccountStatus::LoadedNotExisting,
            Some(before) if before.is_empty() => AccountStatus::LoadedEmptyEIP161,
            Some(_) => AccountStatus::Loaded,
        };
        let revert = AccountRevert {
            account: match (&before, &after) {
                (None, _) => AccountInfoRevert::DeleteIt,
                (Some(before), after) if after.as_ref() == Some(before) => {
                    AccountInfoRevert::DoNothing
                }
                (Some(before), _) => AccountInfoRevert::RevertTo(before.clone()),
            },
            storage: storage
                .iter()
                .map(|(slot, before, _)| {
                    let revert = if wiped {
                        RevertToSlot::Destroyed
                    } else {
                        RevertToSlot::Some(*before)
                    };
                    (*slot, revert)
                })
                .collect(),
            previous_status,
            wipe_storage: wiped,
        };
        let storage: HashMap<_, _, _> = storage
            .into_iter()
            .map(|(slot, before, after)| (slot, StorageSlot::new_changed(before, after)))
            .collect();
        (
            address,
            BundleAccount::new(before, after, storage, status),
            revert,
        )
    }

    fn from_bundle(address: Address, account: &BundleAccount) -> Option<Self> {
        let before = account.original_info.clone().map(without_code);
        let after = account.info.clone().map(without_code);
        let wiped = account.was_destroyed() && before.as_ref().is_some_and(|info| !info.is_empty());
        let mut storage: Vec<_> = account
            .storage
            .iter()
            .filter_map(|(slot, value)| {
                let before = if wiped {
                    U256::ZERO
                } else {
                    value.previous_or_original_value
                };
                (before != value.present_value && after.is_some()).then_some((
                    *slot,
                    before,
                    value.present_value,
                ))
            })
            .collect();
        storage.sort_unstable_by_key(|(slot, ..)| *slot);
        if before == after && storage.is_empty() && !wiped {
            return None;
        }
        Some(Self {
            address,
            before,
            after,
            wiped,
            storage,
        })
    }
}

fn without_code(mut info: AccountInfo) -> AccountInfo {
    info.code = None;
    info
}
