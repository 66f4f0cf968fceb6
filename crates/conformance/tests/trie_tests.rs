//! The official trie tests whose keys are hashed, on the resident trie: change by change,
//! and all at once.

use alloy_primitives::{B256, hex, keccak256};
use parallax_conformance::data;
use parallax_trie::{SortedLeaves, Trie, Update};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "in")]
    changes: Changes,
    root: B256,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Changes {
    Ordered(Vec<(String, Option<String>)>),
    Any(BTreeMap<String, Option<String>>),
}

type Change = (B256, Option<Vec<u8>>);

/// Text as it is, or hexadecimal digits behind `0x`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").map(hex::decode);
    digits.map_or_else(|| text.as_bytes().to_vec(), |bytes| bytes.unwrap())
}

fn change((key, value): (String, Option<String>)) -> Change {
    (keccak256(bytes(&key)), value.map(|value| bytes(&value)))
}

impl Changes {
    fn all(self) -> Vec<Change> {
        match self {
            Self::Ordered(changes) => changes.into_iter().map(change).collect(),
            Self::Any(changes) => changes.into_iter().map(change).collect(),
        }
    }
}

/// Makes the changes, each group of them at once.
fn root<'c>(groups: impl Iterator<Item = &'c [Change]>) -> B256 {
    let (mut trie, mut leaves) = (Trie::new(), SortedLeaves::new());
    for group in groups {
        let last: BTreeMap<_, _> = group.iter().cloned().collect();
        let mut updates = Vec::new();
        for (key, value) in &last {
            let before = match value {
                Some(value) => leaves.insert(*key, value.clone()),
                None => leaves.remove(key),
            };
            updates.push(Update {
                key: *key,
                value: value.as_deref(),
                existed: before.is_some(),
            });
        }
        trie.update(&updates, &leaves, 1).unwrap();
    }
    trie.root()
}

#[test]
fn roots_of_the_secure_tries() {
    let Some(archive) = data::archive(data::ETHEREUM_TESTS) else {
        println!("skipped: data not found");
        return;
    };
    let mut cases = 0;
    data::for_each_file(&archive, &["TrieTests/"], |file| {
        if !file.path.to_lowercase().contains("secure") {
            return true;
        }
        let tests: BTreeMap<String, Case> = serde_json::from_slice(&file.json).unwrap();
        for (name, case) in tests {
            let changes = case.changes.all();
            for size in [1, 2, 3, changes.len()] {
                let root = root(changes.chunks(size));
                assert_eq!(root, case.root, "{} {name}, {size} at once", file.path);
            }
            cases += 1;
        }
        true
    })
    .unwrap();
    println!("{cases} cases");
    assert!(cases >= 10, "{cases}");
}
