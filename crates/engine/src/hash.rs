//! Keyed hashing of addresses and slots.
//!
//! A hash only chooses a bucket; keys are always compared in full, so a
//! collision costs time and never exactness. The key is drawn at random for
//! each engine, so that nobody can craft addresses that share a bucket.

use alloy_primitives::{Address, U256};
use std::hash::{BuildHasher, RandomState};

/// Two to the power of 64 by the golden ratio: the multiples are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The secret that hashes are keyed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashKey([u64; 3]);

impl HashKey {
    pub(crate) fn random() -> Self {
        let state = RandomState::new();
        Self([
            state.hash_one(0u8) | 1,
            state.hash_one(1u8),
            state.hash_one(2u8),
        ])
    }

    #[inline]
    pub(crate) fn address(self, address: &Address) -> u64 {
        let bytes = address.as_slice();
        let a = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
        let b = u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"));
        let c = u64::from(u32::from_le_bytes(
            bytes[16..].try_into().expect("four bytes"),
        ));
        let first = fold(a ^ self.0[0], b ^ self.0[1]);
        // Spread first: of addresses that only differ here, some keys would make a
        // sequence of few values.
        fold(first ^ self.0[2], c.wrapping_mul(GOLDEN) ^ self.0[0])
    }

    /// Hash of a slot of the account whose address hashes to `account`.
    #[inline]
    pub(crate) fn slot(self, account: u64, slot: &U256) -> u64 {
        let [a, b, c, d] = *slot.as_limbs();
        let first = fold(a ^ self.0[0], b ^ self.0[1]);
        let second = fold(c ^ self.0[1], d ^ self.0[2]);
        fold(first ^ account, second ^ self.0[0])
    }
}

/// Multiplies to 128 bits and folds the halves.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_keys_spread() {
        (0..50).for_each(|_| spreads(HashKey::random()));
    }

    fn spreads(key: HashKey) {
        let mut buckets = vec![0u32; 1024];
        for i in 0..10_240u64 {
            let mut bytes = [0u8; 20];
            bytes[12..].copy_from_slice(&i.to_be_bytes());
            buckets[(key.address(&Address::from(bytes)) >> 54) as usize] += 1;
        }
        assert!(
            buckets.iter().all(|n| *n < 60),
            "{}",
            buckets.iter().max().unwrap()
        );
        let mut buckets = vec![0u32; 1024];
        for i in 0..10_240u64 {
            buckets[(key.slot(42, &U256::from(i)) >> 54) as usize] += 1;
        }
        assert!(buckets.iter().all(|n| *n < 60));
    }
}
