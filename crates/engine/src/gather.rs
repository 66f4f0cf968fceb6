//! The block's state changes: the last version of every location.

use crate::{
    changes::{AccountChange, StateChanges},
    deltas,
    ids::Index,
    memory::{AccountCell, SlotCell, Value, Visible, WorkerArenas, code},
    pool::Pool,
    reads::life,
    run::Run,
    writes::Ref,
};
use alloy_primitives::{B256, U256};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

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

/// Cells from which it pays to let all workers gather.
const MANY_CELLS: usize = 4096;

/// The difference between the parent state and the state after the block. Each
/// worker's arenas are gathered on their own, by `helpers` threads of `pool` if
/// there is much to gather.
pub(crate) fn changes<DB: DatabaseRef + Sync>(
    run: &Run<'_, DB>,
    pool: &Pool,
    helpers: usize,
) -> StateChanges {
    let parts = run.memory.arenas.len();
    let cells: usize = all_arenas(run)
        .map(|arenas| arenas.accounts.len() + arenas.slots.len())
        .sum();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(parts));
    let gather = || {
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return;
            }
            // SAFETY: the workers have ended, and each part is taken once.
            let arenas = unsafe { run.memory.arenas.get(part) };
            let gathered = Part::gather(arenas, run);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(gathered);
        }
    };
    if cells >= MANY_CELLS {
        pool.run(helpers, &|_| gather(), gather);
    } else {
        gather();
    }
    let mut parts = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The largest part is not copied.
    parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.changes.accounts.len()));
    merge(parts)
}

fn merge(parts: Vec<Part>) -> StateChanges {
    let mut changes = StateChanges::default();
    let mut slots = Vec::with_capacity(parts.len());
    for mut part in parts {
        let offset = changes.accounts.len() as u32;
        if offset == 0 {
            changes.accounts = part.changes.accounts;
        } else {
            for cell in &part.cells {
                cell.gathered.fetch_add(offset, Ordering::Relaxed);
            }
            changes.accounts.append(&mut part.changes.accounts);
        }
        changes.contracts.append(&mut part.changes.contracts);
        slots.push(part.slots);
    }
    for (cell, before, after) in slots.into_iter().flatten() {
        let account = cell.account();
        let position = match account.gathered.load(Ordering::Relaxed) {
            0 => {
                // Only storage has changed.
                let Some(base) = account.base() else { continue };
                let info = base.exists.then(|| without_code(&base.info));
                changes.accounts.push(AccountChange {
                    address: account.address,
                    before: info.clone(),
                    after: info,
                    wiped: false,
                    storage: Vec::new(),
                });
                let position = changes.accounts.len() as u32;
                account.gathered.store(position, Ordering::Relaxed);
                position
            }
            position => position,
        };
        changes.accounts[position as usize - 1]
            .storage
            .push((cell.key, before, after));
    }
    changes
}

fn without_code(info: &AccountInfo) -> AccountInfo {
    AccountInfo {
        balance: info.balance,
        nonce: info.nonce,
        code_hash: info.code_hash,
        account_id: None,
        code: None,
    }
}

/// What one worker's cells contribute.
#[derive(Default)]
struct Part {
    changes: StateChanges,
    /// The cells of `changes.accounts`.
    cells: Vec<Ref<AccountCell>>,
    slots: Vec<(Ref<SlotCell>, U256, U256)>,
}

impl Part {
    fn gather<DB: DatabaseRef>(arenas: &WorkerArenas, run: &Run<'_, DB>) -> Self {
        let mut part = Self::default();
        part.changes.accounts.reserve(arenas.accounts.len());
        part.cells.reserve(arenas.accounts.len());
        for cell in arenas.accounts.iter() {
            part.account(cell, run);
        }
        for cell in arenas.slots.iter() {
            part.slot(cell);
        }
        part
    }

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
        let mut info = without_code(&base.info);
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
        let before = base.exists.then(|| without_code(&base.info));
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
    ) {
        self.changes.accounts.push(AccountChange {
            address: cell.address,
            before,
            after,
            wiped,
            storage: Vec::new(),
        });
        self.cells.push(Ref::new(cell));
        let position = self.changes.accounts.len() as u32;
        cell.gathered.store(position, Ordering::Relaxed);
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
        self.slots.push((Ref::new(cell), before, after));
    }
}
