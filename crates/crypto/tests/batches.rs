//! Every backend of this CPU against `alloy_primitives::keccak256`, which is code of
//! other people.

use alloy_primitives::{Address, B256, hex, keccak256};
use parallax_crypto::{Backend, Batch, Hasher, keccak256_batch, keccak256_fixed};
use proptest::prelude::*;
use rand::{Rng, RngCore, SeedableRng, rngs::SmallRng};

fn hashers() -> impl Iterator<Item = Hasher> {
    Backend::ALL.into_iter().filter_map(Hasher::with)
}

fn random_bytes(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    SmallRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

fn check(inputs: &[Vec<u8>]) {
    let expected: Vec<B256> = inputs.iter().map(keccak256).collect();
    for hasher in hashers() {
        let mut digests = vec![B256::repeat_byte(0xEE); inputs.len()];
        hasher.batch(inputs, &mut digests);
        assert_eq!(digests, expected, "{:?}", hasher.backend());
    }
}

fn check_fixed<const N: usize>(count: usize) {
    let inputs: Vec<[u8; N]> = (0..count)
        .map(|i| random_bytes(N, i as u64).try_into().unwrap())
        .collect();
    let expected: Vec<B256> = inputs.iter().map(keccak256).collect();
    for hasher in hashers() {
        let mut digests = vec![B256::ZERO; count];
        hasher.fixed(&inputs, &mut digests);
        assert_eq!(
            digests,
            expected,
            "{count} of {N} bytes, {:?}",
            hasher.backend()
        );
    }
}

/// Of the empty string, "abc" and 200 times 0xA3 (the Keccak team's test vectors, and the
/// hash of the empty code and of an empty trie in the yellow paper).
#[test]
fn known_vectors() {
    let inputs: [&[u8]; 4] = [b"", b"abc", &[0xA3; 200], &[0x80]];
    let expected = [
        hex!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        hex!("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        hex!("3a57666b048777f2c953dc4456f45a2588e1cb6f2da760122d530ac2ce607d4a"),
        hex!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
    ];
    for hasher in hashers() {
        let mut digests = [B256::ZERO; 4];
        hasher.batch(&inputs, &mut digests);
        assert_eq!(
            digests.map(|digest| digest.0),
            expected,
            "{:?}",
            hasher.backend()
        );
    }
}

#[test]
fn every_length_up_to_600() {
    // All together, and each with seven others of its length.
    let inputs: Vec<_> = (0..=600).map(|len| random_bytes(len, len as u64)).collect();
    check(&inputs);
    for len in 0..=600 {
        let equal: Vec<_> = (0..8).map(|seed| random_bytes(len, seed)).collect();
        check(&equal);
    }
}

#[test]
fn every_batch_size_up_to_40() {
    let mut random = SmallRng::seed_from_u64(1);
    for size in 0..=40 {
        let lengths: [usize; 4] = [64, 135, 136, random.random_range(0..1000)];
        for len in lengths {
            check(&vec![random_bytes(len, 7); size]);
        }
        let mixed: Vec<_> = (0..size)
            .map(|seed| random_bytes(random.random_range(0..700), seed as u64))
            .collect();
        check(&mixed);
        check_fixed::<0>(size);
        check_fixed::<20>(size);
        check_fixed::<32>(size);
        check_fixed::<64>(size);
        check_fixed::<135>(size);
    }
}

#[test]
fn chunks_and_long_inputs() {
    let mut random = SmallRng::seed_from_u64(2);
    for size in [255, 256, 257, 511, 513, 1000] {
        let inputs: Vec<_> = (0..size)
            .map(|i| random_bytes(random.random_range(0..600), i))
            .collect();
        check(&inputs);
    }
    // One is much longer than all others: it ends in few lanes.
    for count in 1..20 {
        let mut inputs: Vec<_> = (0..count).map(|i| random_bytes(70 * i, i as u64)).collect();
        inputs[count / 2] = random_bytes(40_000, 3);
        check(&inputs);
    }
}

/// Inputs at the end of an allocation: what lies behind must not count.
#[test]
fn bytes_behind_an_input_do_not_count() {
    let bytes = random_bytes(3000, 4);
    let inputs: Vec<_> = (0..280).map(|i| &bytes[i..i + (7 * i) % 300]).collect();
    let expected: Vec<B256> = inputs.iter().map(keccak256).collect();
    for hasher in hashers() {
        let mut digests = vec![B256::ZERO; inputs.len()];
        hasher.batch(&inputs, &mut digests);
        assert_eq!(digests, expected, "{:?}", hasher.backend());
    }
}

#[test]
fn functions_take_the_types_of_alloy() {
    let addresses = [Address::repeat_byte(1), Address::repeat_byte(2)];
    let mut digests = [B256::ZERO; 2];
    keccak256_fixed(&addresses, &mut digests);
    assert_eq!(digests, addresses.map(keccak256));
    let mut slots = [B256::ZERO; 2];
    keccak256_fixed(&digests, &mut slots);
    assert_eq!(slots, digests.map(keccak256));
    keccak256_batch(&[&digests[0]], &mut slots[..1]);
    assert_eq!(slots[0], keccak256(digests[0]));
}

#[test]
fn best_is_available() {
    assert!(Backend::Scalar.is_available());
    assert_eq!(Hasher::new().backend(), Backend::best());
    for backend in Backend::ALL {
        assert_eq!(
            Hasher::with(backend)
                .map(|hasher| hasher.backend())
                .is_some(),
            backend.is_available()
        );
    }
}

#[test]
#[should_panic(expected = "a place for each digest")]
fn too_few_places() {
    keccak256_batch(&[b"one", b"two"], &mut [B256::ZERO]);
}

#[test]
#[should_panic(expected = "an input is appended")]
fn writing_removes_nothing() {
    let mut batch = Batch::new();
    batch.push(b"input");
    batch.push_with(Vec::clear);
}

proptest! {
    #[test]
    fn mixed_batches(inputs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..1500), 0..70)) {
        check(&inputs);
    }

    #[test]
    fn written_batches(inputs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..40)) {
        let mut batch = Batch::new();
        for hasher in hashers() {
            batch.clear();
            for (i, input) in inputs.iter().enumerate() {
                prop_assert_eq!(batch.push(input), i);
                prop_assert_eq!(batch.input(i), &input[..]);
            }
            let expected: Vec<B256> = inputs.iter().map(keccak256).collect();
            prop_assert_eq!(batch.hash(&hasher), &expected[..]);
            prop_assert_eq!(batch.len(), inputs.len());
        }
    }
}
