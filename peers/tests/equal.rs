//! All tries agree.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_trie::Nibbles;
use eth_trie::{EthTrie, MemoryDB, Trie as _};
use parallax_peers::{Change, Eth, Ethrex, Parallax, Peer};
use std::{collections::BTreeMap, sync::Arc};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Anything, or much in common with others.
    fn key(&mut self) -> B256 {
        let hash = keccak256(self.below(1 << 16).to_be_bytes());
        let mut key = B256::repeat_byte(self.below(3) as u8);
        let shared = [0, self.below(32), 31][self.below(3)];
        key[shared..].copy_from_slice(&hash[shared..]);
        key
    }

    /// Short ones are embedded in their parents.
    fn value(&mut self, may_be_short: bool) -> Vec<u8> {
        let long = 33 + self.below(100);
        let len = match may_be_short {
            true => [1, 1 + self.below(32), long][self.below(3)],
            false => long,
        };
        (0..len).map(|_| 1 + self.below(255) as u8).collect()
    }
}

fn seeds() -> u64 {
    let seeds = std::env::var("PARALLAX_SEEDS").map(|seeds| seeds.parse());
    seeds.map_or(100, |seeds| seeds.expect("PARALLAX_SEEDS is a number"))
}

/// Without nodes that are a part of their parents.
fn hashed(proof: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut nodes = proof.into_iter();
    let root = nodes.next();
    root.into_iter()
        .chain(nodes.filter(|node| node.len() >= 32))
        .collect()
}

#[test]
fn roots_and_proofs_are_equal() {
    for seed in 0..seeds() {
        println!("seed {seed}");
        let mut random = Random(seed);
        // `eth_trie` decodes embedded leaves wrongly, so that it gets other roots and proofs
        // that do not lead to them. It takes part where there are none.
        let may_be_short = seed % 2 == 0;
        let mut tries: Vec<Box<dyn Peer>> = vec![
            Box::new(Parallax::new(1 + seed as usize / 2 % 2)),
            Box::<Ethrex>::default(),
        ];
        if !may_be_short {
            tries.push(Box::<Eth>::default());
        }
        let mut leaves: BTreeMap<B256, Vec<u8>> = BTreeMap::new();
        for _ in 0..12 {
            let known: Vec<B256> = leaves.keys().copied().collect();
            let mut changes = BTreeMap::new();
            for _ in 0..1 + random.below(30) {
                // Peers take it amiss if what is not there is to go.
                let change = match random.below(3) {
                    0 if !known.is_empty() => (known[random.below(known.len())], None),
                    _ => (random.key(), Some(random.value(may_be_short))),
                };
                changes.insert(change.0, change.1);
            }
            for (key, value) in &changes {
                match value {
                    Some(value) => leaves.insert(*key, value.clone()),
                    None => leaves.remove(key),
                };
            }
            let changes: Vec<Change> = changes.into_iter().collect();
            let roots: Vec<B256> = tries.iter_mut().map(|trie| trie.update(&changes)).collect();
            assert!(roots.iter().all(|root| *root == roots[0]), "{roots:?}");
            for _ in 0..5 {
                let key = leaves.keys().nth(random.below(leaves.len().max(1)));
                let key = key.copied().unwrap_or_default();
                let proof = tries[0].proof(&key);
                for other in &mut tries[1..] {
                    assert_eq!(proof, hashed(other.proof(&key)), "{key}");
                }
                let value = leaves.get(&key).cloned();
                let nodes: Vec<Bytes> = proof.iter().cloned().map(Bytes::from).collect();
                let nibbles = Nibbles::unpack(key);
                alloy_trie::proof::verify_proof(roots[0], nibbles, value.clone(), &nodes).unwrap();
                if !may_be_short {
                    let verifier = EthTrie::new(Arc::new(MemoryDB::new(true)));
                    let root = roots[0].0.into();
                    let proved = verifier.verify_proof(root, key.as_slice(), proof);
                    assert_eq!(proved.unwrap(), value, "{key}");
                }
            }
        }
    }
}
