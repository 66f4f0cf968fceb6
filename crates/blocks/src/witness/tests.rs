//! Post-state roots of small states against full rebuilds.

use super::*;
use alloy_primitives::Bytes;
use alloy_trie::{
    HashBuilder, Nibbles,
    proof::ProofRetainer,
    root::{state_root_unhashed, storage_root_unhashed},
};
use revm::{primitives::KECCAK_EMPTY, state::AccountInfo};
use std::collections::BTreeMap;

type Storage = BTreeMap<u64, u64>;
type State = BTreeMap<Address, (AccountInfo, Storage)>;

fn account(balance: u64, slots: &[(u64, u64)]) -> (AccountInfo, Storage) {
    let info = AccountInfo::from_balance(U256::from(balance));
    (info, slots.iter().copied().collect())
}

fn storage_root(storage: &Storage) -> B256 {
    storage_root_unhashed(
        storage
            .iter()
            .map(|(slot, value)| (U256::from(*slot).into(), U256::from(*value))),
    )
}

fn trie_account((info, storage): &(AccountInfo, Storage)) -> TrieAccount {
    TrieAccount {
        nonce: info.nonce,
        balance: info.balance,
        storage_root: storage_root(storage),
        code_hash: KECCAK_EMPTY,
    }
}

fn root(state: &State) -> B256 {
    state_root_unhashed(
        state
            .iter()
            .map(|(address, account)| (*address, trie_account(account))),
    )
}

fn nodes_of(mut leaves: Vec<(B256, Vec<u8>)>) -> Vec<Bytes> {
    leaves.sort();
    let keys = leaves.iter().map(|(key, _)| Nibbles::unpack(key)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(keys));
    for (key, value) in &leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root();
    builder
        .take_proof_nodes()
        .into_inner()
        .into_values()
        .collect()
}

fn witness(state: &State) -> Witness {
    let mut nodes = nodes_of(
        state
            .iter()
            .map(|(address, account)| {
                (keccak256(address), alloy_rlp::encode(trie_account(account)))
            })
            .collect(),
    );
    for (_, storage) in state.values() {
        nodes.extend(nodes_of(
            storage
                .iter()
                .map(|(slot, value)| {
                    let key = keccak256(U256::from(*slot).to_be_bytes::<32>());
                    (key, alloy_rlp::encode(U256::from(*value)))
                })
                .collect(),
        ));
    }
    Witness::new(root(state), nodes.into_iter().collect())
}

fn changes(before: &State, after: &State, wiped: &[Address]) -> StateChanges {
    let mut accounts = Vec::new();
    let mut addresses: Vec<_> = before.keys().chain(after.keys()).copied().collect();
    addresses.sort();
    addresses.dedup();
    for address in addresses {
        let wiped = wiped.contains(&address);
        let new_exists = after.contains_key(&address);
        let empty = Storage::new();
        let old = before.get(&address);
        let new = after.get(&address);
        let old_slots = old.filter(|_| !wiped).map_or(&empty, |(_, slots)| slots);
        let new_slots = new.map_or(&empty, |(_, slots)| slots);
        let mut slots: Vec<_> = old_slots.keys().chain(new_slots.keys()).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        let value = |slots: &Storage, slot| U256::from(slots.get(&slot).copied().unwrap_or(0));
        accounts.push(AccountChange {
            address,
            before: old.map(|(info, _)| info.clone()),
            after: new.map(|(info, _)| info.clone()),
            wiped,
            storage: slots
                .into_iter()
                .map(|slot| {
                    (
                        U256::from(slot),
                        value(old_slots, slot),
                        value(new_slots, slot),
                    )
                })
                .filter(|(_, old, new)| new_exists && old != new)
                .collect(),
        });
    }
    StateChanges {
        accounts,
        contracts: Vec::new(),
    }
}

#[test]
fn changes_removals_and_wipes_give_the_rebuilt_root() {
    let at = Address::with_last_byte;
    let before: State = (1..40)
        .map(|byte| {
            let slots = [(1, 1), (2, u64::from(byte)), (3, 3)];
            (at(byte), account(u64::from(byte), &slots))
        })
        .collect();
    let mut after = before.clone();
    after.insert(at(1), account(100, &[(1, 1), (2, 9), (4, 4)]));
    after.insert(at(2), account(2, &[]));
    after.remove(&at(3));
    after.remove(&at(4));
    after.insert(at(5), account(7, &[(8, 8)]));
    after.insert(at(200), account(1, &[(1, 2)]));
    let changes = changes(&before, &after, &[at(3), at(5)]);
    let got = witness(&before).post_state_root(&changes).unwrap();
    assert_eq!(got, root(&after));
}

#[test]
fn a_missing_node_names_the_account() {
    let at = Address::with_last_byte;
    let before: State = (1..4).map(|byte| (at(byte), account(1, &[]))).collect();
    let mut after = before.clone();
    after.insert(at(2), account(5, &[]));
    let witness = Witness::new(root(&before), NodeSet::default());
    let error = witness
        .post_state_root(&changes(&before, &after, &[]))
        .unwrap_err();
    assert!(error.to_string().contains("is missing"), "{error}");
}
