//! Writing a block's state changes into the EVM's database as commits.

use alloy_evm::{Database, block::StateDB};
use alloy_primitives::{Address, B256, map::AddressMap, map::B256Map};
use parallax_engine::{AccountChange, StateChanges};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{Account, AccountInfo, Bytecode, EvmStorageSlot, TransactionId},
};

/// Commits that have the effect of a block's transactions.
///
/// Two of them at most: an account that was destroyed and created again must be
/// destroyed first, for its old storage to go.
#[derive(Debug, Default)]
pub(crate) struct WriteBack {
    destroyed: AddressMap<Account>,
    changed: AddressMap<Account>,
}

impl WriteBack {
    /// Reads what the commits need and changes nothing.
    pub(crate) fn prepare<DB: Database>(
        db: &mut DB,
        changes: StateChanges,
    ) -> Result<Self, DB::Error> {
        let contracts: B256Map<Bytecode> = changes.contracts.into_iter().collect();
        let mut write_back = Self::default();
        for change in changes.accounts {
            let before = match &change.before {
                Some(before) => Some(with_code(db, change.address, before)?),
                None => None,
            };
            write_back.add(change, before, &contracts);
        }
        Ok(write_back)
    }

    /// Writes.
    pub(crate) fn commit<DB: StateDB>(self, db: &mut DB) {
        for commit in [self.destroyed, self.changed] {
            if !commit.is_empty() {
                db.commit(commit);
            }
        }
    }

    fn add(
        &mut self,
        change: AccountChange,
        before: Option<AccountInfo>,
        contracts: &B256Map<Bytecode>,
    ) {
        let address = change.address;
        let destroyed = change.wiped || change.after.is_none();
        if let Some(before) = before.clone().filter(|_| destroyed) {
            let mut account = Account::from(before).with_touched_mark();
            account.selfdestruct();
            account.mark_selfdestruct();
            self.destroyed.insert(address, account);
        }
        if let Some(after) = change.after {
            let before_code = before.as_ref().map(|info| (info.code_hash, &info.code));
            let code = code_of(&after, before_code, contracts);
            let created = destroyed
                || before.is_none()
                || after.is_empty()
                || is_deployed(&after, before_code.map(|(hash, _)| hash), code.as_ref());
            let mut account = match before.filter(|_| !destroyed) {
                Some(before) => Account::from(before),
                None => Account::new_not_existing(TransactionId::ZERO),
            };
            account.info = AccountInfo { code, ..after };
            account.storage = change
                .storage
                .into_iter()
                .map(|(slot, before, after)| {
                    let slot_change =
                        EvmStorageSlot::new_changed(before, after, TransactionId::ZERO);
                    (slot, slot_change)
                })
                .collect();
            account.mark_touch();
            if created {
                account.mark_created();
            }
            self.changed.insert(address, account);
        }
    }
}

/// The account's info with the code that the database gives along with it: not
/// every database finds code by its hash.
fn with_code<DB: Database>(
    db: &mut DB,
    address: Address,
    info: &AccountInfo,
) -> Result<AccountInfo, DB::Error> {
    let code = if info.code_hash == KECCAK_EMPTY {
        None
    } else {
        db.basic(address)?.and_then(|info| info.code)
    };
    Ok(AccountInfo {
        code,
        ..info.clone()
    })
}

/// Whether the code was deployed, which only happens where there is no storage
/// yet, rather than delegated to, or cleared, by an account that may have some.
fn is_deployed(after: &AccountInfo, before: Option<B256>, code: Option<&Bytecode>) -> bool {
    after.code_hash != KECCAK_EMPTY
        && before != Some(after.code_hash)
        && code.is_some_and(|code| !code.is_eip7702())
}

fn code_of(
    after: &AccountInfo,
    before: Option<(B256, &Option<Bytecode>)>,
    contracts: &B256Map<Bytecode>,
) -> Option<Bytecode> {
    match before {
        _ if after.code_hash == KECCAK_EMPTY => Some(Bytecode::default()),
        Some((hash, code)) if hash == after.code_hash => code.clone(),
        _ => contracts.get(&after.code_hash).cloned(),
    }
}
