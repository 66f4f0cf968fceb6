//! Access lists that are almost a block's own: what Verify must reject.

use alloy_eip7928::{
    AccountChanges, BlockAccessIndex, BlockAccessList, SlotChanges, StorageChange,
};
use alloy_primitives::{Address, Bytes, U256};

/// Changes `list` in one place, and says how. Equal choices change equal lists
/// alike; choices that follow one another change in different ways. The result
/// always differs from what was there.
pub fn tamper(list: &mut BlockAccessList, choice: u64) -> &'static str {
    let ways = WAYS.len() as u64;
    let (first, rest) = ((choice % ways) as usize, (choice / ways) as usize);
    let way = WAYS[first..]
        .iter()
        .chain(&WAYS[..first])
        .find(|(_, way)| way(list, rest));
    // An account can be added to any list.
    way.map_or("not changed", |(name, _)| name)
}

/// Changes a list, if there is something in it that can be changed this way.
type Way = fn(&mut BlockAccessList, usize) -> bool;

/// In this order, so that neighbours are not of the same kind.
const WAYS: [(&str, Way); 14] = [
    ("a value changed", change_value),
    ("an account dropped", drop_account),
    ("an index shifted", shift_index),
    ("a read added", add_read),
    ("two accounts swapped", swap_accounts),
    ("a change dropped", drop_change),
    ("a read dropped", drop_read),
    ("two changes swapped", swap_changes),
    ("an account added", add_account),
    ("a change repeated", repeat_change),
    ("a read made a change", read_to_change),
    ("an account repeated", repeat_account),
    ("changes made a read", changes_to_read),
    ("two slots swapped", swap_slots),
];

/// A change within an account.
#[derive(Clone, Copy)]
enum Change {
    Balance(usize),
    Nonce(usize),
    Code(usize),
    Slot(usize, usize),
}

/// Positions of all changes: account, and change within it.
fn changes(list: &BlockAccessList) -> Vec<(usize, Change)> {
    let mut found = Vec::new();
    for (at, account) in list.iter().enumerate() {
        let balances = (0..account.balance_changes.len()).map(Change::Balance);
        let nonces = (0..account.nonce_changes.len()).map(Change::Nonce);
        let codes = (0..account.code_changes.len()).map(Change::Code);
        let slots = account.storage_changes.iter().enumerate();
        let slots = slots.flat_map(|(slot, changes)| {
            (0..changes.changes.len()).map(move |change| Change::Slot(slot, change))
        });
        let all = balances.chain(nonces).chain(codes).chain(slots);
        found.extend(all.map(|change| (at, change)));
    }
    found
}

/// Chooses one of `found`; `choice` is left with what the choice did not need.
fn pick<T: Copy>(found: &[T], choice: &mut usize) -> Option<T> {
    let chosen = *found.get(choice.checked_rem(found.len())?)?;
    *choice /= found.len();
    Some(chosen)
}

/// Positions of the accounts for which `fits` holds.
fn accounts(list: &BlockAccessList, fits: impl Fn(&AccountChanges) -> bool) -> Vec<usize> {
    let fitting = list.iter().enumerate().filter(|(_, account)| fits(account));
    fitting.map(|(at, _)| at).collect()
}

/// The first of `candidates`, from the chosen one on, that is not `old`.
fn another<T: PartialEq, const N: usize>(old: &T, candidates: [T; N], choice: usize) -> Option<T> {
    let mut candidates = Vec::from(candidates);
    candidates.rotate_left(choice % N);
    candidates.into_iter().find(|new| new != old)
}

fn other_word(old: U256, choice: usize) -> Option<U256> {
    another(&old, [old ^ U256::ONE, U256::MAX, U256::ZERO], choice)
}

fn other_code(account: Address, old: &Bytes, choice: usize) -> Option<Bytes> {
    let longer = [old.as_ref(), &[0]].concat().into();
    let delegation = [&[0xef, 0x01, 0x00], account.as_slice()].concat().into();
    let malformed = Bytes::from_static(&[0xef, 0x01, 0x00, 0x07]);
    another(old, [longer, Bytes::new(), delegation, malformed], choice)
}

fn change_value(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let Some((at, change)) = pick(&changes(list), &mut choice) else {
        return false;
    };
    let account = &mut list[at];
    let changed = match change {
        Change::Balance(i) => {
            let value = &mut account.balance_changes[i].post_balance;
            other_word(*value, choice).map(|new| *value = new)
        }
        Change::Nonce(i) => {
            let value = &mut account.nonce_changes[i].new_nonce;
            another(value, [*value ^ 1, u64::MAX, 0], choice).map(|new| *value = new)
        }
        Change::Code(i) => {
            let value = &mut account.code_changes[i].new_code;
            other_code(account.address, value, choice).map(|new| *value = new)
        }
        Change::Slot(slot, i) => {
            let value = &mut account.storage_changes[slot].changes[i].new_value;
            other_word(*value, choice).map(|new| *value = new)
        }
    };
    changed.is_some()
}

fn shift_index(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let Some((at, change)) = pick(&changes(list), &mut choice) else {
        return false;
    };
    let account = &mut list[at];
    let BlockAccessIndex(index) = match change {
        Change::Balance(i) => &mut account.balance_changes[i].block_access_index,
        Change::Nonce(i) => &mut account.nonce_changes[i].block_access_index,
        Change::Code(i) => &mut account.code_changes[i].block_access_index,
        Change::Slot(slot, i) => &mut account.storage_changes[slot].changes[i].block_access_index,
    };
    let candidates = [index.wrapping_add(1), index.wrapping_sub(1), 0, u64::MAX];
    another(index, candidates, choice)
        .map(|new| *index = new)
        .is_some()
}

fn drop_change(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let Some((at, change)) = pick(&changes(list), &mut choice) else {
        return false;
    };
    let account = &mut list[at];
    match change {
        Change::Balance(i) => drop(account.balance_changes.remove(i)),
        Change::Nonce(i) => drop(account.nonce_changes.remove(i)),
        Change::Code(i) => drop(account.code_changes.remove(i)),
        Change::Slot(slot, i) => {
            let changes = &mut account.storage_changes[slot].changes;
            changes.remove(i);
            // A slot without changes is wrong as well.
            if changes.is_empty() && choice.is_multiple_of(2) {
                account.storage_changes.remove(slot);
            }
        }
    }
    true
}

fn repeat_change(list: &mut BlockAccessList, mut choice: usize) -> bool {
    fn repeat<T: Clone>(changes: &mut Vec<T>, i: usize) {
        changes.insert(i, changes[i].clone());
    }
    let Some((at, change)) = pick(&changes(list), &mut choice) else {
        return false;
    };
    let account = &mut list[at];
    match change {
        Change::Balance(i) => repeat(&mut account.balance_changes, i),
        Change::Nonce(i) => repeat(&mut account.nonce_changes, i),
        Change::Code(i) => repeat(&mut account.code_changes, i),
        Change::Slot(slot, _) if choice.is_multiple_of(2) => {
            repeat(&mut account.storage_changes, slot);
        }
        Change::Slot(slot, i) => repeat(&mut account.storage_changes[slot].changes, i),
    }
    true
}

/// Swaps a change and the one after it in the same place.
fn swap_changes(list: &mut BlockAccessList, choice: usize) -> bool {
    fn swap<T: PartialEq>(changes: &mut [T], i: usize) -> bool {
        let differ = changes.get(i + 1).is_some_and(|next| changes[i] != *next);
        if differ {
            changes.swap(i, i + 1);
        }
        differ
    }
    let mut found = changes(list);
    let middle = choice.checked_rem(found.len()).unwrap_or_default();
    found.rotate_left(middle);
    found.into_iter().any(|(at, change)| {
        let account = &mut list[at];
        match change {
            Change::Balance(i) => swap(&mut account.balance_changes, i),
            Change::Nonce(i) => swap(&mut account.nonce_changes, i),
            Change::Code(i) => swap(&mut account.code_changes, i),
            Change::Slot(slot, i) => swap(&mut account.storage_changes[slot].changes, i),
        }
    })
}

fn drop_account(list: &mut BlockAccessList, choice: usize) -> bool {
    let Some(at) = choice.checked_rem(list.len()) else {
        return false;
    };
    list.remove(at);
    true
}

/// Adds an access to an account that is not there.
fn add_account(list: &mut BlockAccessList, choice: usize) -> bool {
    let mut address = Address::left_padding_from(&choice.to_be_bytes());
    while list.iter().any(|account| account.address == address) {
        let word = U256::from_be_slice(address.as_slice()).wrapping_add(U256::ONE);
        address = Address::from_word(word.into());
    }
    let at = list.partition_point(|account| account.address < address);
    list.insert(at, AccountChanges::new(address));
    true
}

fn repeat_account(list: &mut BlockAccessList, choice: usize) -> bool {
    let Some(at) = choice.checked_rem(list.len()) else {
        return false;
    };
    list.insert(at, list[at].clone());
    true
}

fn swap_accounts(list: &mut BlockAccessList, choice: usize) -> bool {
    let Some(at) = choice.checked_rem(list.len()) else {
        return false;
    };
    let other = (at + 1) % list.len();
    let differ = list[at] != list[other];
    list.swap(at, other);
    differ
}

fn swap_slots(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let several = |account: &AccountChanges| {
        account.storage_changes.len() > 1 || account.storage_reads.len() > 1
    };
    let Some(at) = pick(&accounts(list, several), &mut choice) else {
        return false;
    };
    let AccountChanges {
        storage_changes: written,
        storage_reads: read,
        ..
    } = &mut list[at];
    if written.len() > 1 {
        let last = written.len() - 1;
        written.swap(choice % last, last);
        written[choice % last] != written[last]
    } else {
        let last = read.len() - 1;
        read.swap(choice % last, last);
        read[choice % last] != read[last]
    }
}

fn add_read(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let Some(at) = choice.checked_rem(list.len()) else {
        return false;
    };
    choice /= list.len();
    let reads = &mut list[at].storage_reads;
    let slot = U256::from(choice);
    let slot = if reads.contains(&slot) {
        U256::MAX
    } else {
        slot
    };
    reads.insert(reads.partition_point(|read| *read < slot), slot);
    true
}

fn drop_read(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let readers = accounts(list, |account| !account.storage_reads.is_empty());
    let Some(at) = pick(&readers, &mut choice) else {
        return false;
    };
    let reads = &mut list[at].storage_reads;
    reads.remove(choice % reads.len());
    true
}

/// Claims that a slot that is only read is written in the first transaction.
fn read_to_change(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let readers = accounts(list, |account| !account.storage_reads.is_empty());
    let Some(at) = pick(&readers, &mut choice) else {
        return false;
    };
    let account = &mut list[at];
    let slot = account
        .storage_reads
        .remove(choice % account.storage_reads.len());
    let change = StorageChange::new(BlockAccessIndex(1), U256::from(choice));
    let at = account
        .storage_changes
        .partition_point(|changes| changes.slot < slot);
    account
        .storage_changes
        .insert(at, SlotChanges::new(slot, vec![change]));
    true
}

/// Claims that a slot that is written is only read.
fn changes_to_read(list: &mut BlockAccessList, mut choice: usize) -> bool {
    let writers = accounts(list, |account| !account.storage_changes.is_empty());
    let Some(at) = pick(&writers, &mut choice) else {
        return false;
    };
    let account = &mut list[at];
    let slot = account
        .storage_changes
        .remove(choice % account.storage_changes.len())
        .slot;
    let reads = &mut account.storage_reads;
    reads.insert(reads.partition_point(|read| *read < slot), slot);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eip7928::{BalanceChange, CodeChange, NonceChange};
    use std::collections::HashSet;

    /// An account with two of everything.
    fn account(byte: u8) -> AccountChanges {
        let [first, second] = [1, 2].map(BlockAccessIndex);
        let slot = |slot| {
            let values = [first, second].map(|at| StorageChange::new(at, U256::from(at.0)));
            SlotChanges::new(U256::from(slot), values.into())
        };
        AccountChanges {
            address: Address::repeat_byte(byte),
            storage_changes: vec![slot(10), slot(11)],
            storage_reads: vec![U256::from(20), U256::from(21)],
            balance_changes: [first, second]
                .map(|at| BalanceChange::new(at, U256::from(at.0)))
                .into(),
            nonce_changes: [first, second].map(|at| NonceChange::new(at, at.0)).into(),
            code_changes: vec![
                CodeChange::new(first, Bytes::from_static(&[1])),
                CodeChange::new(second, Bytes::new()),
            ],
        }
    }

    #[test]
    fn every_choice_changes_every_list() {
        let lists = [
            vec![],
            vec![AccountChanges::new(Address::ZERO)],
            vec![account(1)],
            vec![account(1), AccountChanges::new(Address::repeat_byte(2))],
        ];
        for list in &lists {
            for choice in 0..10_000 {
                let mut wrong = list.clone();
                let way = tamper(&mut wrong, choice);
                assert_ne!(*list, wrong, "{way}, choice {choice}");
            }
        }
    }

    #[test]
    fn neighbouring_choices_change_in_every_way() {
        let ways = |choices: std::ops::Range<u64>| {
            let change = |choice| tamper(&mut vec![account(1), account(2)], choice);
            choices.map(change).collect::<HashSet<_>>()
        };
        assert_eq!(ways(28..28 + WAYS.len() as u64).len(), WAYS.len());
        assert!(!ways(0..100).contains("not changed"));
    }
}
