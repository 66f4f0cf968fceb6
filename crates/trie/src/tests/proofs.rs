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
