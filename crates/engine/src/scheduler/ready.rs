//! A set of transactions, such as those that may be claimed, as a bitmap.

use crate::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct ReadySet(Box<[AtomicU64]>);

impl ReadySet {
    /// All of `0..count`.
    pub(crate) fn full(count: usize) -> Self {
        Self(
            (0..count.div_ceil(64))
                .map(|word| {
                    let rest = count - word * 64;
                    AtomicU64::new(if rest >= 64 {
                        u64::MAX
                    } else {
                        (1 << rest) - 1
                    })
                })
                .collect(),
        )
    }

    /// None of `0..count`.
    pub(crate) fn empty(count: usize) -> Self {
        Self((0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn insert(&self, tx: usize) {
        self.0[tx / 64].fetch_or(1 << (tx % 64), Ordering::SeqCst);
    }

    /// Adds those of `bits` that are in the word of `start`, counted from there.
    pub(crate) fn insert_run(&self, start: usize, bits: u64) {
        self.0[start / 64].fetch_or(bits << (start % 64), Ordering::SeqCst);
    }

    #[inline]
    pub(crate) fn contains(&self, tx: usize) -> bool {
        self.0[tx / 64].load(Ordering::SeqCst) & 1 << (tx % 64) != 0
    }

    /// Removes `tx`; says whether it was there.
    #[inline]
    pub(crate) fn take(&self, tx: usize) -> bool {
        let bit = 1 << (tx % 64);
        self.0[tx / 64].load(Ordering::Relaxed) & bit != 0
            && self.0[tx / 64].fetch_and(!bit, Ordering::SeqCst) & bit != 0
    }

    /// Removes and returns the lowest of `from..to`.
    pub(crate) fn take_lowest(&self, from: usize, to: usize) -> Option<usize> {
        let mut tx = self.lowest(from, to)?;
        while !self.take(tx) {
            tx = self.lowest(from, to)?;
        }
        Some(tx)
    }

    /// Removes those of `start..start + count` that are in, but none beyond the
    /// word of `start`; their bits, from the lowest.
    pub(crate) fn take_run(&self, start: usize, count: usize) -> u64 {
        let run = (u64::MAX >> (64 - count.clamp(1, 64))) << (start % 64);
        (self.0[start / 64].fetch_and(!run, Ordering::SeqCst) & run) >> (start % 64)
    }

    /// The lowest of `from..to`.
    pub(crate) fn lowest(&self, from: usize, to: usize) -> Option<usize> {
        if from >= to {
            return None;
        }
        for word in from / 64..=(to - 1) / 64 {
            let mut bits = self.0[word].load(Ordering::SeqCst);
            if word == from / 64 {
                bits &= u64::MAX << (from % 64);
            }
            if bits != 0 {
                let tx = word * 64 + bits.trailing_zeros() as usize;
                return (tx < to).then_some(tx);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_lowest_in_range() {
        let set = ReadySet::full(130);
        assert_eq!(set.take_lowest(0, 130), Some(0));
        assert_eq!(set.take_lowest(70, 130), Some(70));
        assert_eq!(set.take_lowest(70, 71), None);
        assert!(set.take(129));
        assert!(!set.take(129));
        assert_eq!(set.lowest(129, 130), None);
        set.insert(129);
        assert_eq!(set.take_lowest(129, 130), Some(129));
        assert_eq!(set.lowest(5, 5), None);
        let set = ReadySet::full(130);
        assert!(set.take(61));
        assert_eq!(set.take_run(60, 8), 0b1101, "not beyond the word");
        assert_eq!(set.take_run(60, 8), 0);
        assert_eq!(set.take_run(64, 3), 0b111);
        assert_eq!(set.lowest(60, 130), Some(67));
    }
}
