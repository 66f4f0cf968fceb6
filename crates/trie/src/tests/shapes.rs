use super::model::{Changes, Model, Random, oracle};
use crate::{EMPTY_ROOT, Leaves, Prefix, SortedLeaves, Trie, TrieError, Update};
use alloy_primitives::{B256, keccak256};
use std::collections::BTreeMap;

fn seeds() -> u64 {
    let seeds = std::env::var("PARALLAX_SEEDS").map(|seeds| seeds.parse());
    seeds.map_or(60, |seeds| seeds.expect("PARALLAX_SEEDS is a number"))
}

fn number(n: u64) -> B256 {
    keccak256(n.to_be_bytes())
}

/// Random changes of random size, now and then many; some of what is there goes.
fn changes(random: &mut Random, leaves: &SortedLeaves, most: usize) -> Changes {
    let mut changes = Changes::new();
    let size = 1 + random.below(most);
    let known: Vec<B256> = leaves.keys().copied().collect();
    for _ in 0..size {
        let key = if known.is_empty() || random.below(2) == 0 {
            random.key()
        } else {
            known[random.below(known.len())]
        };
        let value = (random.below(3) > 0).then(|| random.value());
        changes.insert(key, value);
    }
    changes
}

#[test]
fn random_changes() {
    for seed in 0..seeds() {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let mut model = Model::new(1 + seed as usize % 3);
        for _ in 0..30 {
            let changes = changes(&mut random, &model.leaves, 40);
            // Several parts of a block before it is hashed.
            model.apply(&changes);
            if random.below(3) > 0 {
                model.check();
            }
        }
        model.check();
        let all = model.leaves.keys().map(|key| (*key, None)).collect();
        model.update(&all);
        assert_eq!(model.trie.root(), EMPTY_ROOT);
    }
}

#[test]
fn what_is_changed_and_changed_back_leaves_no_trace() {
    let mut random = Random::new(7);
    let mut model = Model::new(2);
    model.update(&(0..500).map(|n| (number(n), Some(vec![1; 40]))).collect());
    let root = model.trie.root();
    for _ in 0..20 {
        let before = model.leaves.clone();
        let changes = changes(&mut random, &before, 100);
        model.apply(&changes);
        let back = changes
            .keys()
            .map(|key| (*key, before.get(key).cloned()))
            .collect();
        model.update(&back);
        assert_eq!(model.trie.root(), root);
    }
}

#[test]
fn a_split_trie() {
    for threads in 1..=3 {
        let mut random = Random::new(threads as u64);
        let mut model = Model::new(threads);
        model.update(&(0..9_000).map(|n| (number(n), Some(vec![7; 33]))).collect());
        model.update(
            &(9_000..20_000)
                .map(|n| (number(n), Some(vec![7; 33])))
                .collect(),
        );
        assert!(model.trie.is_split());
        for _ in 0..10 {
            let changes = changes(&mut random, &model.leaves, 400);
            model.apply(&changes);
            if random.below(2) > 0 {
                model.check();
            }
        }
        model.check();
        let built = Trie::build(&model.leaves, threads).unwrap();
        assert_eq!(built.root(), model.trie.root());
    }
}

/// The levels above the parts have all shapes, too: one child, a leaf, an extension.
#[test]
fn a_split_trie_that_is_emptied() {
    let mut random = Random::new(3);
    let mut model = Model::new(2);
    model.update(
        &(0..20_000)
            .map(|n| (number(n), Some(vec![7; 33])))
            .collect(),
    );
    while !model.leaves.is_empty() {
        let known: Vec<B256> = model.leaves.keys().copied().collect();
        let keep = known.len() * 2 / 3;
        let mut gone = Changes::new();
        while gone.len() < known.len() - keep {
            gone.insert(known[random.below(known.len())], None);
        }
        model.update(&gone);
        // Then one above, below and beside what is left.
        if model.leaves.len() < 20 {
            for _ in 0..5 {
                let key = random.key();
                let is_new = !model.leaves.contains_key(&key);
                model.update(&Changes::from([(key, Some(vec![1]))]));
                if is_new {
                    model.update(&Changes::from([(key, None)]));
                }
            }
        }
    }
    assert!(model.trie.is_split());
    assert_eq!(model.trie.root(), EMPTY_ROOT);
}

#[test]
fn few_leaves_are_not_split() {
    let leaves: SortedLeaves = (0..100).map(|n| (number(n), vec![3; 50])).collect();
    let trie = Trie::build(&leaves, 2).unwrap();
    assert!(!trie.is_split());
    assert_eq!(trie.root(), oracle(&leaves));
    assert_eq!(
        Trie::build(&SortedLeaves::new(), 2).unwrap().root(),
        EMPTY_ROOT
    );
}

#[test]
fn memory_is_used_again() {
    let mut model = Model::new(1);
    let all = |value: Option<Vec<u8>>| (0..2_000).map(|n| (number(n), value.clone())).collect();
    model.update(&all(Some(vec![9; 40])));
    model.update(&all(None));
    let bytes = model.trie.capacity_bytes();
    for _ in 0..20 {
        model.update(&all(Some(vec![9; 40])));
        model.update(&all(None));
    }
    assert!(
        model.trie.capacity_bytes() <= bytes * 11 / 10,
        "{} of {bytes}",
        model.trie.capacity_bytes()
    );
}

#[test]
fn updates_out_of_order_are_refused() {
    let mut trie = Trie::new();
    let update = |n: u8| Update {
        key: B256::repeat_byte(n),
        value: Some(&[1]),
        existed: false,
    };
    let result = trie.update(&[update(1), update(3), update(3)], &SortedLeaves::new(), 1);
    assert_eq!(result, Err(TrieError::Order { index: 2 }));
    assert_eq!(
        result.unwrap_err().to_string(),
        "update 2 is not above the one before: keys must ascend"
    );
    assert_eq!(trie.hash(&SortedLeaves::new(), 1), Ok(EMPTY_ROOT));
}

#[test]
fn a_missing_leaf_is_named() {
    let (a, b) = (B256::repeat_byte(0x12), B256::repeat_byte(0x34));
    let mut model = Model::new(1);
    model.update(&[(a, Some(vec![1; 40])), (b, Some(vec![2; 40]))].into());
    let gone = Update {
        key: a,
        value: None,
        existed: true,
    };
    let error = model
        .trie
        .update(&[gone], &SortedLeaves::new(), 1)
        .unwrap_err();
    let prefix = Prefix::of(&b, 1);
    assert_eq!(error, TrieError::MissingLeaf { prefix });
    assert!(error.to_string().contains("1 nibbles of 0x3000"), "{error}");
}

/// Leaves on a broken disk.
struct Broken;

impl Leaves for Broken {
    type Error = &'static str;

    fn with_prefix(
        &self,
        _prefix: &Prefix,
        _each: &mut crate::EachLeaf<'_>,
    ) -> Result<(), Self::Error> {
        Err("cannot read")
    }
}

#[test]
fn leaves_that_cannot_be_read_are_an_error() {
    let error = Trie::build(&Broken, 2).unwrap_err();
    assert_eq!(error, TrieError::Leaves("cannot read"));
    assert_eq!(error.to_string(), "reading leaves: cannot read");
}

#[test]
fn prefixes() {
    let key = B256::repeat_byte(0xab);
    let prefix = Prefix::of(&key, 3);
    assert!(prefix.covers(&key) && !prefix.covers(&B256::repeat_byte(0xac)));
    assert_eq!(prefix.first()[..3], [0xab, 0xa0, 0]);
    assert_eq!(prefix.last()[..3], [0xab, 0xaf, 0xff]);
    assert_eq!((prefix.len(), prefix.is_empty()), (3, false));
    let all = Prefix::of(&key, 0);
    assert!(all.is_empty() && all.covers(&B256::ZERO));
    assert_eq!(Prefix::of(&key, 64).last(), key);
}

/// The examples of the yellow paper's test suite, as far as keys are hashes.
#[test]
fn known_roots() {
    let words = [
        ("doe", "reindeer"),
        ("dog", "puppy"),
        ("dogglesworth", "cat"),
    ];
    let leaves: BTreeMap<_, _> = words
        .iter()
        .map(|(key, value)| (keccak256(key), value.as_bytes().to_vec()))
        .collect();
    let root = "0xd4cd937e4a4368d7931a9cf51686b7e10abb3dce38a39000fd7902a092b64585";
    assert_eq!(Trie::build(&leaves, 1).unwrap().root().to_string(), root);
}
