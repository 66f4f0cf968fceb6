//! The block's state changes: the last version of every location.

use crate::{
    changes::{AccountChange, StateChanges},
    deltas,
    ids::Index,
    memory::{AccountCell, SlotCell, Value, Visible, WorkerArenas},
    pool::Pool,
    reads::life,
    run::Run,
};
use alloy_primitives::{B256, U256};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::{
    mem::MaybeUninit,
    sync::{Mutex, PoisonError, atomic::Ordering},
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
/// there is much to gather, into a region of their own of the result.
pub(crate) fn changes<DB: DatabaseRef + Sync>(
    run: &Run<'_, DB>,
    pool: &Pool,
    helpers: usize,
) -> StateChanges {
    let sizes: Vec<usize> = all_arenas(run)
        .map(|arenas| arenas.accounts.len())
        .collect();
    let slots: usize = all_arenas(run).map(|arenas| arenas.slots.len()).sum();
    let cells: usize = sizes.iter().sum();
    let mut accounts = Vec::with_capacity(cells);
    let mut regions = Vec::with_capacity(sizes.len());
    let mut rest = accounts.spare_capacity_mut();
    let mut offset = 0;
    for size in sizes {
        let (region, others) = rest.split_at_mut(size);
        regions.push(Mutex::new(Part::new(region, offset)));
        rest = others;
        offset += size;
    }
    // Each thread starts with what it has made itself.
    let gather = |own: usize| {
        for number in (own..regions.len()).chain(0..own) {
            let Ok(mut part) = regions[number].try_lock() else {
                continue;
            };
            // SAFETY: the workers have ended, and the lock keeps others away.
            let arenas = unsafe { run.memory.arenas.get(number) };
            part.gather(arenas, run);
        }
    };
    if cells + slots >= MANY_CELLS {
        pool.run(helpers, &|number| gather(number), || gather(0));
    } else {
        gather(0);
    }
    let parts = regions
        .into_iter()
        .map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner))
        .map(Part::into_gathered)
        .collect();
    merge(accounts, parts)
}

/// What was gathered from one worker's arenas, but for the accounts themselves.
struct Gathered<'m> {
    /// Where the accounts' region starts.
    offset: usize,
    /// The cells of the accounts, in order.
    cells: Vec<&'m AccountCell>,
    contracts: Vec<(B256, Bytecode)>,
    slots: Vec<(&'m SlotCell, U256, U256)>,
}

/// Closes the gaps between the regions of `accounts` and adds the slots.
fn merge(mut accounts: Vec<AccountChange>, parts: Vec<Gathered<'_>>) -> StateChanges {
    let start = accounts.as_mut_ptr();
    let mut end = 0;
    for part in &parts {
        let filled = part.cells.len();
        // The last of this region go into the gap before it.
        let moved = filled.min(part.offset - end);
        for i in 0..moved {
            let position = filled - 1 - i;
            let (from, to) = (part.offset + position, end + i);
            // SAFETY: `from` is initialised, `to` is in the gap before it, which
            // is not, and both are within the capacity.
            unsafe { std::ptr::copy_nonoverlapping(start.add(from), start.add(to), 1) };
            part.cells[position]
                .gathered
                .store(to as u32 + 1, Ordering::Relaxed);
        }
        end += filled;
    }
    // SAFETY: the first `end` are initialised, without gaps.
    unsafe { accounts.set_len(end) };
    let mut changes = StateChanges {
        accounts,
        ..StateChanges::default()
    };
    reserve_storage(&mut changes.accounts, &parts);
    for mut part in parts {
        changes.contracts.append(&mut part.contracts);
        for (cell, before, after) in part.slots {
            if let Some(account) = account_of(cell, &mut changes.accounts) {
                account.storage.push((cell.key, before, after));
            }
        }
    }
    changes
}

/// Makes room for all slots of each account: a token's storage is most of a block's
/// changes, and to let it grow would be to copy it several times.
fn reserve_storage(accounts: &mut Vec<AccountChange>, parts: &[Gathered<'_>]) {
    let mut counts = Vec::new();
    for (cell, ..) in parts.iter().flat_map(|part| &part.slots) {
        if account_of(cell, accounts).is_some() {
            let position = cell.account().gathered.load(Ordering::Relaxed) as usize;
            counts.resize(accounts.len().max(counts.len()), 0);
            counts[position - 1] += 1;
        }
    }
    for (account, count) in accounts.iter_mut().zip(counts) {
        account.storage.reserve_exact(count);
    }
}

/// The change of a slot's account, which may be that of its storage only.
fn account_of<'c>(
    slot: &SlotCell,
    accounts: &'c mut Vec<AccountChange>,
) -> Option<&'c mut AccountChange> {
    let account = slot.account();
    let mut position = account.gathered.load(Ordering::Relaxed);
    if position == 0 {
        let base = account.base()?;
        let info = base.exists.then(|| without_code(&base.info));
        accounts.push(AccountChange {
            address: account.address,
            before: info.clone(),
            after: info,
            wiped: false,
            storage: Vec::new(),
        });
        position = accounts.len() as u32;
        account.gathered.store(position, Ordering::Relaxed);
    }
    accounts.get_mut(position as usize - 1)
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

/// What one worker's cells contribute, and where it goes.
struct Part<'a, 'm> {
    region: &'a mut [MaybeUninit<AccountChange>],
    gathered: Gathered<'m>,
    is_done: bool,
}

impl<'a, 'm> Part<'a, 'm> {
    fn new(region: &'a mut [MaybeUninit<AccountChange>], offset: usize) -> Self {
        let gathered = Gathered {
            offset,
            cells: Vec::with_capacity(region.len()),
            contracts: Vec::new(),
            slots: Vec::new(),
        };
        Self {
            region,
            gathered,
            is_done: false,
        }
    }

    fn into_gathered(self) -> Gathered<'m> {
        self.gathered
    }

    /// Does nothing if it was done.
    fn gather<DB: DatabaseRef>(&mut self, arenas: &'m WorkerArenas, run: &Run<'_, DB>) {
        if std::mem::replace(&mut self.is_done, true) {
            return;
        }
        for cell in arenas.accounts.iter() {
            self.account(cell, run);
        }
        // Most slots that are met are written.
        self.gathered.slots.reserve(arenas.slots.len());
        for cell in arenas.slots.iter() {
            self.slot(cell);
        }
    }

    fn account<DB: DatabaseRef>(&mut self, cell: &'m AccountCell, run: &Run<'_, DB>) {
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
        if let Some((_, Value::Code(code))) = cell.code.latest(END) {
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
            self.gathered.contracts.push((hash, code.clone()));
        }
    }

    fn add(
        &mut self,
        cell: &'m AccountCell,
        before: Option<AccountInfo>,
        after: Option<AccountInfo>,
        wiped: bool,
    ) {
        let position = self.gathered.cells.len();
        self.region[position].write(AccountChange {
            address: cell.address,
            before,
            after,
            wiped,
            storage: Vec::new(),
        });
        self.gathered.cells.push(cell);
        let place = self.gathered.offset + position;
        cell.gathered.store(place as u32 + 1, Ordering::Relaxed);
    }

    fn slot(&mut self, cell: &'m SlotCell) {
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
        self.gathered.slots.push((cell, before, after));
    }
}
