//! Finding the first difference between an access list and an execution.

use super::verify::{place, word};
use crate::{
    error::{AccessListLocation, AccessListMismatch},
    writes::Write,
};
use alloy_eip7928::AccountChanges;
use alloy_primitives::{Address, U256, keccak256};
use std::collections::{BTreeMap, HashSet};

type Place = (Address, AccessListLocation);

/// A change of `list` at `index` that the transaction did not make.
pub(super) fn unwritten(
    index: u64,
    writes: &[Write],
    list: &[AccountChanges],
) -> AccessListMismatch {
    let written: HashSet<_> = writes
        .iter()
        .map(|write| key(place(&write.target)))
        .collect();
    let extra = list
        .iter()
        .flat_map(changes)
        .find(|(place, at, _)| *at == index && !written.contains(&key(*place)));
    match extra {
        Some(((address, location), index, expected)) => AccessListMismatch {
            index,
            address,
            location,
            expected,
            got: "nothing".to_owned(),
        },
        // The counts differ although all places agree: something is listed twice.
        None => AccessListMismatch {
            index,
            address: list
                .first()
                .map(|account| account.address)
                .unwrap_or_default(),
            location: AccessListLocation::Account,
            expected: "a place listed twice".to_owned(),
            got: "one change for each place".to_owned(),
        },
    }
}

/// The first difference between the list that was given and the one that the
/// execution gave, by block access index. `None` if they are equal.
pub(crate) fn first_difference(
    given: &[AccountChanges],
    got: &[AccountChanges],
) -> Option<AccessListMismatch> {
    if given == got {
        return None;
    }
    let (expected, made) = (entries(given), entries(got));
    let places = expected
        .keys()
        .chain(made.keys())
        .copied()
        .collect::<std::collections::BTreeSet<_>>();
    let difference = places.into_iter().find_map(|place| {
        let (expected, got) = (expected.get(&place), made.get(&place));
        (expected != got).then(|| {
            let text = |value: Option<&String>| value.map_or("nothing".to_owned(), Clone::clone);
            AccessListMismatch {
                index: place.0,
                address: place.1.0,
                location: unkey(place.1),
                expected: text(expected),
                got: text(got),
            }
        })
    });
    Some(difference.unwrap_or_else(|| AccessListMismatch {
        index: 0,
        address: Address::ZERO,
        location: AccessListLocation::Account,
        expected: "another order, or repeated entries".to_owned(),
        got: "the canonical order".to_owned(),
    }))
}

/// A place in a form that can be ordered.
type Key = (Address, u8, U256);

fn key((address, location): Place) -> Key {
    match location {
        AccessListLocation::Account => (address, 0, U256::ZERO),
        AccessListLocation::Balance => (address, 1, U256::ZERO),
        AccessListLocation::Nonce => (address, 2, U256::ZERO),
        AccessListLocation::Code => (address, 3, U256::ZERO),
        AccessListLocation::Slot(slot) => (address, 4, slot),
        AccessListLocation::SlotRead(slot) => (address, 5, slot),
    }
}

fn unkey((_, kind, slot): Key) -> AccessListLocation {
    match kind {
        0 => AccessListLocation::Account,
        1 => AccessListLocation::Balance,
        2 => AccessListLocation::Nonce,
        3 => AccessListLocation::Code,
        4 => AccessListLocation::Slot(slot),
        _ => AccessListLocation::SlotRead(slot),
    }
}

/// Everything that a list says, by index and place. What has no index (accesses)
/// comes last.
fn entries(list: &[AccountChanges]) -> BTreeMap<(u64, Key), String> {
    let mut entries = BTreeMap::new();
    for account in list {
        for (place, index, value) in changes(account) {
            entries.insert((index, key(place)), value);
        }
        let at = |location| (u64::MAX, key((account.address, location)));
        entries.insert(at(AccessListLocation::Account), "an access".to_owned());
        for slot in &account.storage_reads {
            entries.insert(at(AccessListLocation::SlotRead(*slot)), "a read".to_owned());
        }
    }
    entries
}

/// The changes of an account: place, index, value as text.
fn changes(account: &AccountChanges) -> Vec<(Place, u64, String)> {
    let address = account.address;
    let mut changes = Vec::new();
    for change in &account.balance_changes {
        let value = word(&change.post_balance);
        changes.push((
            (address, AccessListLocation::Balance),
            change.block_access_index.0,
            value,
        ));
    }
    for change in &account.nonce_changes {
        let value = change.new_nonce.to_string();
        changes.push((
            (address, AccessListLocation::Nonce),
            change.block_access_index.0,
            value,
        ));
    }
    for change in &account.code_changes {
        let value = format!("code with hash {}", keccak256(change.new_code()));
        changes.push((
            (address, AccessListLocation::Code),
            change.block_access_index.0,
            value,
        ));
    }
    for slot in &account.storage_changes {
        for change in &slot.changes {
            let place = (address, AccessListLocation::Slot(slot.slot));
            changes.push((place, change.block_access_index.0, word(&change.new_value)));
        }
    }
    changes
}
