//! The block's state changes: the last version of every location.

use crate::{
    changes::{AccountChange, StateChanges},
    deltas,
    ids::Index,
    memory::{AccountCell, SlotCell, Value, Visible, WorkerArenas, code},
    reads::life,
    run::Run,
};
use alloy_primitives::{B256, U256};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::{collections::HashMap, ptr};

/// Above every index of a block.
pub(crate) const END: Index = Index::MAX;

/// All arenas of the block. The workers must have ended.
pub(crate) fn all_arenas<'m, DB: DatabaseRef>(
    run: &Run<'m, DB>,
) -> impl Iterator<Item = &'m WorkerArenas> {
    let arenas = run.memory.arenas;
    // SAFETY: called on the caller's thread when no worker runs.
    (0..arenas.len()).map(move |number| unsafe { arenas.get(number) })
}

/// The difference between the parent state and the state after the block.
pub(crate) fn changes<DB: DatabaseRef>(run: &Run<'_, DB>) -> StateChanges {
    let mut gather = Gather::default();
    for arenas in all_arenas(run) {
        for cell in arenas.accounts.iter() {
            gather.account(cell, run);
        }
    }
    for arenas in all_arenas(run) {
        for cell in arenas.slots.iter() {
            gather.slot(cell);
        }
    }
    gather.changes
}

#[derive(Default)]
struct Gather {
    changes: StateChanges,
    /// Where the change of an account is, by the address of its cell.
    positions: HashMap<usize, usize>,
}

impl Gather {
    fn account<DB: DatabaseRef>(&mut self, cell: &AccountCell, run: &Run<'_, DB>) {
        let is_beneficiary = cell.address == run.fees.beneficiary;
        let untouched = cell.balance.is_untouched()
            && cell.nonce.is_untouched()
            && cell.code.is_untouched()
            && cell.life.is_untouched();
        if untouched && !is_beneficiary {
            return;
        }
        let Some(base) = cell.base() else { return };
        let life = life(cell, END).map(|(_, life)| life);
        let mut info = AccountInfo {
            code: None,
            account_id: None,
            ..base.info.clone()
        };
        info.balance = deltas::balance(cell, END, &run.fees, |_| Ok(())).unwrap_or_default();
        if let Some((_, Value::Nonce(nonce))) = cell.nonce.latest(END) {
            info.nonce = *nonce;
        }
        let mut deployed = None;
        if let Some((_, Value::Code(pointer))) = cell.code.latest(END) {
            let code = code(*pointer);
            info.code_hash = code.hash;
            deployed = Some(&code.bytecode);
        }
        let exists = life.map_or(base.exists, |life| life.exists) || !info.is_empty();
        let before = base.exists.then(|| AccountInfo {
            code: None,
            account_id: None,
            ..base.info.clone()
        });
        if let Some(bytecode) = deployed
            && exists
            && info.code_hash != base.info.code_hash
        {
            self.contract(info.code_hash, bytecode);
        }
        let after = exists.then_some(info);
        let destroyed = cell
            .life
            .nodes()
            .filter_map(|node| node.value())
            .any(|value| matches!(value, Value::Life(life) if !life.exists));
        let wiped = destroyed && before.as_ref().is_some_and(|before| !before.is_empty());
        if before != after || wiped {
            self.add(cell, before, after, wiped);
        }
    }

    fn contract(&mut self, hash: B256, code: &Bytecode) {
        if hash != KECCAK_EMPTY {
            self.changes.contracts.push((hash, code.clone()));
        }
    }

    fn add(
        &mut self,
        cell: &AccountCell,
        before: Option<AccountInfo>,
        after: Option<AccountInfo>,
        wiped: bool,
    ) -> usize {
        let position = self.changes.accounts.len();
        self.positions.insert(ptr::from_ref(cell).addr(), position);
        self.changes.accounts.push(AccountChange {
            address: cell.address,
            before,
            after,
            wiped,
            storage: Vec::new(),
        });
        position
    }

    fn slot(&mut self, cell: &SlotCell) {
        if cell.value.is_untouched() {
            return;
        }
        let account = cell.account();
        let life = life(account, END).map(|(_, life)| life);
        let cleared = life.is_some_and(|life| life.cleared_at.is_some());
        let before = if cleared {
            U256::ZERO
        } else {
            cell.base().unwrap_or_default()
        };
        let after = match cell.visible(END, life) {
            Visible::Written(value, _) => value,
            Visible::Cleared => U256::ZERO,
            Visible::Base => return,
        };
        if before == after {
            return;
        }
        let known = self.positions.get(&ptr::from_ref(account).addr()).copied();
        let position = match known {
            Some(position) => position,
            // Only storage has changed.
            None => {
                let Some(base) = account.base() else { return };
                let info = base.exists.then(|| AccountInfo {
                    code: None,
                    account_id: None,
                    ..base.info.clone()
                });
                self.add(account, info.clone(), info, false)
            }
        };
        self.changes.accounts[position]
            .storage
            .push((cell.key, before, after));
    }
}
