//! The source of all randomness. Our own, so that a seed in a bug report means
//! the same block after every update of a dependency.

use alloy_primitives::{B256, U256};

/// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, passes BigCrush, and
/// every seed is as good as any other.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, or 0 if that is 0. The bias is at most `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        (wide >> 64) as u64
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// One of the items, each as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, items: &[(u64, T)]) -> T {
        let mut left = self.below(items.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        items[0].1
    }

    /// So many different numbers below `bound`, or all of them, in random order.
    pub(crate) fn distinct(&mut self, count: usize, bound: usize) -> Vec<usize> {
        let mut numbers: Vec<_> = (0..bound).collect();
        for index in 0..count.min(bound) {
            let other = index + self.index(bound - index);
            numbers.swap(index, other);
        }
        numbers.truncate(count);
        numbers
    }

    pub(crate) fn hash(&mut self) -> B256 {
        let limbs = std::array::from_fn(|_| self.next());
        U256::from_limbs(limbs).into()
    }
}

/// Ranks drawn with probability proportional to a power of `1 / (rank + 1)`.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    cumulative: Vec<u64>,
}

// Integers everywhere, so that no platform rounds differently.
impl Zipf {
    /// With exponent 1.
    pub(crate) fn new(ranks: usize) -> Self {
        Self::weighted((1..=ranks as u64).map(|rank| WEIGHT / rank))
    }

    /// With an exponent of so many fifths.
    pub(crate) fn with_fifths(ranks: usize, fifths: usize) -> Self {
        let weights = (1..=ranks as u64).scan(WEIGHT, |last, rank| {
            *last = weight(rank, fifths, *last);
            Some(*last)
        });
        Self::weighted(weights)
    }

    fn weighted(weights: impl Iterator<Item = u64>) -> Self {
        let cumulative = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self {
            cumulative: cumulative.collect(),
        }
    }

    pub(crate) fn rank(&self, rng: &mut Rng) -> usize {
        let at = rng.below(self.cumulative.last().copied().unwrap_or_default());
        self.cumulative.partition_point(|sum| *sum <= at)
    }
}

/// Of the first rank.
const WEIGHT: u64 = 1 << 32;

/// `WEIGHT / rank^(fifths / 5)`, rounded down; at most `bound`.
fn weight(rank: u64, fifths: usize, bound: u64) -> u64 {
    let fifth_power = |number: u64| U256::from(number).pow(U256::from(5));
    let power = U256::from(rank).pow(U256::from(fifths));
    let wanted = fifth_power(WEIGHT) / power;
    let (mut low, mut high) = (0, bound);
    while low < high {
        let middle = high - (high - low) / 2;
        if fifth_power(middle) <= wanted {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_never_change() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn distinct_numbers_are_distinct() {
        let mut rng = Rng::new(7);
        let mut numbers = rng.distinct(50, 60);
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 50);
        assert!(numbers.iter().all(|number| *number < 60));
        assert_eq!(rng.distinct(9, 5).len(), 5);
    }

    #[test]
    fn zipf_prefers_low_ranks() {
        let (zipf, mut rng) = (Zipf::new(10), Rng::new(7));
        let mut counts = [0; 10];
        for _ in 0..10_000 {
            counts[zipf.rank(&mut rng)] += 1;
        }
        assert!(counts[0] > counts[1] && counts[1] > counts[4] && counts[9] > 0);
    }

    #[test]
    fn five_fifths_are_one() {
        let [zipf, same] = [Zipf::new(2_000), Zipf::with_fifths(2_000, 5)];
        assert_eq!(zipf.cumulative, same.cumulative);
    }

    #[test]
    fn weights_are_powers() {
        // 32 is 2^5, so its fifth root is no fraction.
        assert_eq!(weight(32, 4, WEIGHT), WEIGHT / 16);
        assert_eq!(weight(32, 6, WEIGHT), WEIGHT / 64);
        assert_eq!(weight(1, 6, WEIGHT), WEIGHT);
        // 2^32 / 1000^0.8 is 17,098,572.78; 2^32 / 1000^1.2 is 1,078,847.01.
        assert_eq!(weight(1_000, 4, WEIGHT), 17_098_572);
        assert_eq!(weight(1_000, 6, WEIGHT), 1_078_847);
    }

    #[test]
    fn the_exponent_makes_the_first_more_popular() {
        let shares = [4, 5, 6].map(|fifths| {
            let (zipf, mut rng) = (Zipf::with_fifths(1_000, fifths), Rng::new(7));
            (0..10_000).filter(|_| zipf.rank(&mut rng) == 0).count()
        });
        // 1 in 15.5, 7.5, 4.3: the sums of `1 / rank^exponent` up to 1,000.
        for (share, expected) in shares.into_iter().zip([646, 1336, 2306]) {
            assert!(share.abs_diff(expected) < 150, "{shares:?}");
        }
    }
}
