//! What calls that conflict over a slot are about.
//!
//! Calls of one contract need not have much to do with each other: all swaps go
//! through the same router. Those that write a slot have something in common in their
//! input, though: the two tokens of the pool, the recipient of the payment, the asset
//! that is lent. Whoever is about to read the slot need only wait for calls that have
//! it too.

use crate::sync::atomic::{AtomicU64, Ordering};
use alloy_primitives::Address;
use revm::context::TxEnv;

/// Words that are compared; what calls are about is seldom more.
const WORDS: usize = 4;

/// Transactions and calls that [`Subject::is_broad`] looks back at, at most.
const LOOK_BACK: usize = 48;
const LOOK_BACK_CALLS: usize = 12;

/// What the calls of a contract that write a slot have in common.
#[derive(Debug)]
pub(crate) struct Subject {
    callee: Option<Address>,
    /// Words of the input of all of them, shortened; 0 is none.
    words: [AtomicU64; WORDS],
}

/// Words of the input that say what a call is about: addresses and hashes. Numbers,
/// offsets and flags are smaller.
fn words(tx: &TxEnv) -> impl Iterator<Item = u64> {
    let arguments = tx.data.get(4..).unwrap_or_default().chunks_exact(32);
    arguments.filter_map(|word| {
        let (high, low) = word.split_at(20);
        let low = low.last_chunk().map_or(0, |tail| u64::from_be_bytes(*tail));
        // A cut hash of zero would read as none.
        high.iter().any(|byte| *byte != 0).then_some(low | 1 << 63)
    })
}

fn callee(tx: &TxEnv) -> Option<Address> {
    tx.kind.to().copied()
}

impl Subject {
    /// What `writer` is about, as far as `reader` is as well: who reads a slot often
    /// writes it too. If they have nothing in common, all that `writer` is about.
    pub(crate) fn of(reader: &TxEnv, writer: &TxEnv) -> Self {
        let is_alike = callee(reader) == callee(writer);
        let is_common = |word: &u64| is_alike && words(reader).any(|other| other == *word);
        let has_common = words(writer).any(|word| is_common(&word));
        let mut kept = words(writer).filter(|word| !has_common || is_common(word));
        Self {
            callee: callee(writer),
            words: std::array::from_fn(|_| AtomicU64::new(kept.next().unwrap_or(0))),
        }
    }

    /// Another call has written the slot: what it is not about does not matter.
    pub(crate) fn narrow(&self, tx: &TxEnv) {
        if callee(tx) != self.callee {
            return;
        }
        for word in &self.words {
            let known = word.load(Ordering::Relaxed);
            if known != 0 && !words(tx).any(|other| other == known) {
                word.store(0, Ordering::Relaxed);
            }
        }
    }

    /// Whether a transaction is a call about this.
    pub(crate) fn covers(&self, tx: &TxEnv) -> bool {
        callee(tx) == self.callee
            && self.words.iter().all(|word| {
                let known = word.load(Ordering::Relaxed);
                known == 0 || words(tx).any(|other| other == known)
            })
    }

    /// Whether most of the calls before `tx` of the contract that it calls are about
    /// this.
    pub(crate) fn is_broad(&self, transactions: &[TxEnv], tx: usize) -> bool {
        let to = callee(&transactions[tx]);
        if to != self.callee {
            return false;
        }
        let before = transactions[tx.saturating_sub(LOOK_BACK)..tx].iter().rev();
        let calls = before.filter(|tx| callee(tx) == to).take(LOOK_BACK_CALLS);
        let (mut all, mut covered) = (0, 0);
        for call in calls {
            all += 1;
            covered += usize::from(self.covers(call));
        }
        covered * 4 >= all * 3
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use alloy_primitives::{TxKind, U256};

    fn call(to: u8, arguments: &[U256]) -> TxEnv {
        let mut data = vec![1, 2, 3, 4];
        for argument in arguments {
            data.extend(argument.to_be_bytes::<32>());
        }
        TxEnv {
            kind: TxKind::Call(Address::repeat_byte(to)),
            data: data.into(),
            ..TxEnv::default()
        }
    }

    fn address(byte: u8) -> U256 {
        Address::repeat_byte(byte).into_word().into()
    }

    #[test]
    fn a_pool_is_what_two_swaps_have_in_common() {
        let amount = U256::from(1_000);
        let one = call(9, &[amount, address(1), address(2), address(50)]);
        let other = call(9, &[amount, address(2), address(1), address(60)]);
        let pool = Subject::of(&other, &one);
        assert!(pool.covers(&one) && pool.covers(&other));
        assert!(pool.covers(&call(9, &[address(1), address(2)])));
        assert!(!pool.covers(&call(9, &[amount, address(1), address(3)])));
        assert!(!pool.covers(&call(8, &[address(1), address(2)])));
    }

    #[test]
    fn who_only_reads_says_nothing() {
        let supply = call(9, &[address(1), address(50)]);
        let elsewhere = call(9, &[address(2), address(60)]);
        for reader in [elsewhere, call(8, &[address(1)])] {
            let asset = Subject::of(&reader, &supply);
            assert!(asset.covers(&supply) && !asset.covers(&reader));
            asset.narrow(&call(9, &[address(1), address(70)]));
            assert!(asset.covers(&call(9, &[address(1)])));
            assert!(!asset.covers(&call(9, &[address(2)])));
        }
    }

    #[test]
    fn every_conflict_narrows_it() {
        let trader = [address(1), address(2), address(50)];
        let pool = Subject::of(&call(9, &trader), &call(9, &trader));
        let another = call(9, &[address(2), address(1), address(60)]);
        assert!(!pool.covers(&another));
        pool.narrow(&call(8, &[]));
        assert!(!pool.covers(&another), "another contract says nothing");
        pool.narrow(&another);
        assert!(pool.covers(&another));
    }

    #[test]
    fn calls_without_addresses_are_all_about_the_same() {
        let counter = Subject::of(&call(9, &[U256::from(3)]), &call(9, &[]));
        assert!(counter.covers(&call(9, &[U256::from(70)])));
        assert!(!counter.covers(&call(7, &[])));
    }

    #[test]
    fn it_is_broad_if_most_calls_are_about_it() {
        let hot = call(9, &[address(1)]);
        let cold = |pool: u8| call(9, &[address(100 + pool)]);
        let subject = Subject::of(&hot, &hot);
        let mut block: Vec<_> = (0..20).map(|_| hot.clone()).collect();
        assert!(subject.is_broad(&block, 19));
        block.extend((0..20).map(cold));
        assert!(!subject.is_broad(&block, 39));
        block.extend((0..60).map(|_| call(7, &[])));
        block.push(hot);
        assert!(subject.is_broad(&block, 100), "nothing to say otherwise");
    }
}
