use super::model::{Changes, Model, Random};
use crate::Trie;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_trie::{Nibbles, proof::verify_proof};

/// Every key that is there, and some that are not: alloy-trie accepts the proof of what
/// is true, and of nothing else.
fn check(model: &Model, random: &mut Random, keys: usize) {
    let known: Vec<B256> = model.leaves.keys().copied().collect();
    for i in 0..keys {
        let key = if i % 2 == 0 && !known.is_empty() {
            known[random.below(known.len())]
        } else {
            random.key()
        };
        let proof = model.trie.proof(&key, &model.leaves).unwrap();
        let proof: Vec<Bytes> = proof.into_iter().map(Bytes::from).collect();
        let value = model.leaves.get(&key).cloned();
        let path = Nibbles::unpack(key);
        verify_proof(model.trie.root(), path, value.clone(), &proof)
            .unwrap_or_else(|error| panic!("{key}: {error}"));
        let wrong = value.map_or_else(|| Some(vec![1]), |_| None);
        verify_proof(model.trie.root(), path, wrong, &proof).unwrap_err();
    }
}

#[test]
fn of_small_tries() {
    for seed in 0..40 {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let mut model = Model::new(1);
        for _ in 0..6 {
            let changes = (0..random.below(25)).map(|_| (random.key(), Some(random.value())));
            model.update(&changes.collect());
            check(&model, &mut random, 20);
        }
    }
}

#[test]
fn of_split_tries() {
    let mut random = Random::new(1);
    let mut model = Model::new(2);
    let all = (0..20_000u64).map(|n| (keccak256(n.to_be_bytes()), Some(vec![5; 33])));
    model.update(&all.collect());
    check(&model, &mut random, 200);
    // Until the levels above the parts are extensions and leaves.
    while !model.leaves.is_empty() {
        let known: Vec<B256> = model.leaves.keys().copied().collect();
        let gone = 1 + known.len() / 2;
        let gone: Changes = known[..gone].iter().map(|key| (*key, None)).collect();
        model.update(&gone);
        check(&model, &mut random, 50);
    }
    assert!(
        Trie::new()
            .proof(&B256::ZERO, &model.leaves)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn parts_that_are_not_in_memory_are_made_anew() {
    for (most, seed) in [(0, 1), (40_000, 2), (300_000, 3)] {
        println!("{most} bytes, seed {seed}");
        let mut random = Random::new(seed);
        let mut model = Model::new(2);
        model.trie.limit(most);
        let all = (0..12_000u64).map(|n| (keccak256(n.to_be_bytes()), Some(vec![5; 33])));
        model.update(&all.collect());
        assert!(model.trie.is_split());
        for _ in 0..12 {
            let changes = (0..random.below(60)).map(|_| {
                let gone = random.below(4) == 0;
                (random.key(), Some(random.value()).filter(|_| !gone))
            });
            let changes: Changes = changes.collect();
            // Several changes before the next root.
            if random.below(3) == 0 {
                model.apply(&changes);
            } else {
                model.update(&changes);
            }
        }
        model.check();
        assert!(model.trie.folded() > 100, "{}", model.trie.folded());
        // What is folded holds a few bytes for each part.
        let bytes = model.trie.capacity_bytes();
        assert!(bytes <= most.max(256 * 1500), "{bytes}");
        check(&model, &mut random, 60);
        let built = Trie::build_within(&model.leaves, 2, most).unwrap();
        assert_eq!(built.root(), model.trie.root());
        assert!(built.folded() > 100);
        // Until the levels above the parts are extensions and leaves.
        while !model.leaves.is_empty() {
            let known: Vec<B256> = model.leaves.keys().copied().collect();
            let gone = 1 + known.len() / 2;
            let gone: Changes = known[..gone].iter().map(|key| (*key, None)).collect();
            model.update(&gone);
        }
    }
}

type Owned = Vec<(B256, Vec<u8>)>;

fn of_part(model: &Model, byte: u8) -> Owned {
    let all = model.leaves.iter().filter(|(key, _)| key[0] == byte);
    all.map(|(key, value)| (*key, value.clone())).collect()
}

fn is_part(model: &Model, byte: u8, leaves: &Owned, proof: &crate::PartProof) -> bool {
    let leaves: Vec<_> = leaves
        .iter()
        .map(|(key, value)| (key, &value[..]))
        .collect();
    crate::verify_part(&model.trie.root(), byte, &leaves, proof)
}

#[test]
fn parts_are_proved_by_themselves() {
    let mut model = Model::new(2);
    let all = (0..20_000u64).map(|n| (keccak256(n.to_be_bytes()), Some(vec![5; 33])));
    model.update(&all.collect());
    for byte in 0..=u8::MAX {
        let leaves = of_part(&model, byte);
        let proof = model.trie.prove_part(byte, &model.leaves).unwrap().unwrap();
        assert!(is_part(&model, byte, &leaves, &proof));
        // One is missing, one is another, one is too much, one is of another part.
        let wrong = |change: &dyn Fn(&mut Owned)| {
            let mut leaves = leaves.clone();
            change(&mut leaves);
            assert!(!is_part(&model, byte, &leaves, &proof));
        };
        wrong(&|leaves| drop(leaves.pop()));
        wrong(&|leaves| leaves[3].1[0] ^= 1);
        wrong(&|leaves| leaves.swap(1, 2));
        wrong(&|leaves| leaves.insert(1, leaves[0].clone()));
        wrong(&|leaves| leaves.clear());
        assert!(!is_part(&model, byte.wrapping_add(1), &leaves, &proof));
        let mut proof = proof;
        proof[usize::from(byte % 2)][40] ^= 1;
        assert!(!is_part(&model, byte, &leaves, &proof));
    }
    // A part without leaves, and one with a single one.
    for byte in [0x51, 0x52] {
        let gone = of_part(&model, byte);
        let kept = usize::from(byte == 0x52);
        model.update(&gone[kept..].iter().map(|(key, _)| (*key, None)).collect());
        let proof = model.trie.prove_part(byte, &model.leaves).unwrap().unwrap();
        assert!(is_part(&model, byte, &gone[..kept].to_vec(), &proof));
        assert!(!is_part(&model, byte, &gone[..2].to_vec(), &proof));
    }
    let nothing = [Vec::new(), vec![0xc0]];
    assert!(!is_part(&model, 0, &Vec::new(), &nothing));
    // Nothing is above the parts of a small trie.
    let mut model = Model::new(1);
    model.update(&[(B256::ZERO, Some(vec![1]))].into_iter().collect());
    assert_eq!(model.trie.prove_part(0, &model.leaves).unwrap(), None);
}
