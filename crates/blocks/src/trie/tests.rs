//! Against a trie that is built in full by another implementation.

use super::*;
use alloy_trie::{HashBuilder, proof::ProofRetainer};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

type Model = BTreeMap<B256, Vec<u8>>;

fn full(model: &Model) -> HashBuilder {
    let keys = model.keys().map(Nibbles::unpack).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(keys));
    for (key, value) in model {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder
}

fn full_root(model: &Model) -> B256 {
    full(model).root()
}

/// All nodes of the trie.
fn all_nodes(model: &Model) -> NodeSet {
    let mut builder = full(model);
    builder.root();
    let proofs = builder.take_proof_nodes().into_inner();
    proofs.into_values().collect()
}

/// Keys that share prefixes of many lengths: mostly zeros, with a few nibbles
/// at few places.
fn key() -> impl Strategy<Value = B256> {
    let place = prop_oneof![Just(0usize), Just(1), Just(15), Just(30), Just(31)];
    let byte = prop_oneof![Just(0u8), Just(1), Just(0x10), Just(0x11), Just(0xff)];
    vec((place, byte), 0..4).prop_map(|bytes| {
        let mut key = B256::ZERO;
        for (place, byte) in bytes {
            key[place] = byte;
        }
        key
    })
}

/// Short values make nodes that are embedded in their parents.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(1u8..4, 1..3), vec(any::<u8>(), 30..50)]
}

fn model() -> impl Strategy<Value = Model> {
    proptest::collection::btree_map(key(), value(), 0..30)
}

proptest! {
    #[test]
    fn edits_give_the_root_of_a_full_rebuild(
        before in model(),
        edits in vec((key(), proptest::option::of(value())), 0..30),
    ) {
        let nodes = all_nodes(&before);
        let mut trie = PartialTrie::new(full_root(&before), &nodes);
        let mut after = before;
        for (key, value) in edits {
            prop_assert_eq!(trie.get(&key).unwrap(), after.get(&key).cloned());
            match value {
                Some(value) => {
                    trie.insert(&key, value.clone()).unwrap();
                    after.insert(key, value);
                }
                None => {
                    let found = trie.remove(&key).unwrap();
                    prop_assert_eq!(found, after.remove(&key).is_some());
                }
            }
            prop_assert_eq!(trie.root(), full_root(&after));
        }
    }

    #[test]
    fn keys_of_hashes_as_well(
        before in proptest::collection::btree_map(any::<u16>(), value(), 0..200),
        edits in vec((any::<u16>(), proptest::option::of(value())), 0..60),
    ) {
        let hashed = |key: u16| keccak256(key.to_be_bytes());
        let mut model: Model = before.into_iter().map(|(k, v)| (hashed(k), v)).collect();
        let nodes = all_nodes(&model);
        let mut trie = PartialTrie::new(full_root(&model), &nodes);
        let known: Vec<_> = model.keys().copied().collect();
        for (number, value) in edits {
            // Every other edit meets a key that is there.
            let key = match known.get(usize::from(number)) {
                Some(key) => *key,
                None => hashed(number),
            };
            match value {
                Some(value) => {
                    trie.insert(&key, value.clone()).unwrap();
                    model.insert(key, value);
                }
                None => prop_assert_eq!(trie.remove(&key).unwrap(), model.remove(&key).is_some()),
            }
        }
        prop_assert_eq!(trie.root(), full_root(&model));
    }

    /// With nodes missing there is an error or the right root, never a wrong one.
    #[test]
    fn missing_nodes_are_errors(
        before in model(),
        missing in vec(any::<prop::sample::Index>(), 1..4),
        edits in vec((key(), proptest::option::of(value())), 1..10),
    ) {
        let mut nodes = all_nodes(&before);
        for index in missing {
            let hashes: Vec<_> = nodes.0.keys().copied().collect();
            if !hashes.is_empty() {
                nodes.0.remove(index.get(&hashes));
            }
        }
        let mut trie = PartialTrie::new(full_root(&before), &nodes);
        let mut after = before;
        for (key, value) in edits {
            let result = match value {
                Some(value) => {
                    after.insert(key, value.clone());
                    trie.insert(&key, value)
                }
                None => {
                    after.remove(&key);
                    trie.remove(&key).map(|_| ())
                }
            };
            if let Err(error) = result {
                let missing = matches!(
                    error,
                    TrieError::Missing { .. } | TrieError::MissingSibling { .. }
                );
                prop_assert!(missing, "{error}");
                return Ok(());
            }
        }
        prop_assert_eq!(trie.root(), full_root(&after));
    }

    /// Arbitrary bytes in place of nodes give errors, not panics.
    #[test]
    fn malformed_nodes_are_errors(
        rlp in prop_oneof![vec(any::<u8>(), 0..80), malformed_node()],
        key in key(),
    ) {
        let nodes: NodeSet = [Bytes::from(rlp.clone())].into_iter().collect();
        let mut trie = PartialTrie::new(keccak256(&rlp), &nodes);
        let _ = trie.get(&key);
        let _ = trie.remove(&key);
        let _ = trie.insert(&key, vec![1]);
        let _ = trie.root();
    }
}

/// Leaves and extensions whose paths are too short or too long.
fn malformed_node() -> impl Strategy<Value = Vec<u8>> {
    use alloy_trie::nodes::{ExtensionNode, LeafNode, RlpNode, TrieNode};
    (vec(0u8..2, 0..64), any::<bool>(), vec(0u8..2, 0..64)).prop_map(|(path, leaf, inner)| {
        let inner = LeafNode::new(Nibbles::from_nibbles(inner), vec![1]);
        let path = Nibbles::from_nibbles(path);
        alloy_rlp::encode(if leaf {
            TrieNode::Leaf(LeafNode::new(path, vec![1]))
        } else {
            let child = RlpNode::from_rlp(&alloy_rlp::encode(TrieNode::Leaf(inner)));
            TrieNode::Extension(ExtensionNode::new(path, child))
        })
    })
}

#[test]
fn collapse_needs_the_sibling() {
    let key = |byte| B256::repeat_byte(byte);
    let long = vec![7; 40];
    let model: Model = [(key(0x11), long.clone()), (key(0x21), long)].into();
    let mut nodes = all_nodes(&model);
    let root = full_root(&model);
    let mut trie = PartialTrie::new(root, &nodes);
    assert_eq!(trie.remove(&key(0x11)), Ok(true));
    let last: Model = model.iter().skip(1).map(|(k, v)| (*k, v.clone())).collect();
    assert_eq!(trie.root(), full_root(&last));

    let sibling = full_leaf_hash(&model, &key(0x21));
    nodes.0.remove(&sibling);
    let mut trie = PartialTrie::new(root, &nodes);
    assert_eq!(
        trie.remove(&key(0x11)),
        Err(TrieError::MissingSibling {
            hash: sibling,
            key: key(0x11),
            depth: 0
        })
    );
}

fn full_leaf_hash(model: &Model, key: &B256) -> B256 {
    let mut builder = full(model);
    builder.root();
    let proof = builder
        .take_proof_nodes()
        .matching_nodes_sorted(&Nibbles::unpack(key));
    keccak256(&proof.last().unwrap().1)
}

#[test]
fn an_empty_value_is_refused() {
    let nodes = NodeSet::default();
    let mut trie = PartialTrie::new(EMPTY_ROOT_HASH, &nodes);
    assert!(trie.insert(&B256::ZERO, Vec::new()).is_err());
    assert_eq!(trie.root(), EMPTY_ROOT_HASH);
}

/// One key beside several that share a nibble, so that without it a branch is
/// left alone below the root.
fn a_branch_left_alone() -> (Model, NodeSet, B256) {
    let key = |byte| B256::repeat_byte(byte);
    let long = vec![7; 40];
    let keys = [key(0x11), key(0x21), key(0x22), key(0x23)];
    let model: Model = keys.map(|key| (key, long.clone())).into();
    let mut builder = full(&model);
    builder.root();
    let proofs = builder.take_proof_nodes();
    let siblings = proofs.matching_nodes_sorted(&Nibbles::from_nibbles([2]));
    let mut nodes = all_nodes(&model);
    let sibling = keccak256(&siblings.last().unwrap().1);
    assert!(nodes.0.remove(&sibling).is_some());
    (model, nodes, sibling)
}

#[test]
fn a_branch_left_alone_need_not_be_known() {
    let (mut model, nodes, hash) = a_branch_left_alone();
    let (root, key) = (full_root(&model), B256::repeat_byte(0x11));
    let mut strict = PartialTrie::new(root, &nodes);
    let missing = TrieError::MissingSibling {
        hash,
        key,
        depth: 0,
    };
    assert_eq!(strict.remove(&key), Err(missing));
    let mut guess = PartialTrie::new(root, &nodes).assuming_branches();
    assert_eq!(guess.remove(&key), Ok(true));
    model.remove(&key);
    assert_eq!(guess.root(), full_root(&model));
}

#[test]
fn a_leaf_taken_for_a_branch_gives_another_root() {
    let key = |byte| B256::repeat_byte(byte);
    let mut model: Model = [0x11, 0x21].map(|byte| (key(byte), vec![7; 40])).into();
    let mut nodes = all_nodes(&model);
    nodes.0.remove(&full_leaf_hash(&model, &key(0x21)));
    let mut guess = PartialTrie::new(full_root(&model), &nodes).assuming_branches();
    assert_eq!(guess.remove(&key(0x11)), Ok(true));
    model.remove(&key(0x11));
    assert_ne!(guess.root(), full_root(&model));
}
