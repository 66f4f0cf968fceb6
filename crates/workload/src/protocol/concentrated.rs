//! Pools with liquidity in ranges of prices, as in Uniswap V3 and V4.
//!
//! ```text
//! liquidity
//!              ┌──┐     ┌──┐  ┌──┐
//!           ┌──┘  └──┐  │  └──┘  └──┐
//!           │        └──┘           └──┐
//! ──────────┘                          └──────────
//!                      price                        price, in ticks of 0.01 %
//! ```

use super::trade::Trade;
use crate::{rng::Rng, world::ETHER};
use alloy_primitives::U256;
use std::iter;

/// In hundredths of a basis point. Most of the volume is in pools with this fee.
pub(super) const FEE: u64 = 500;

/// Ticks between two that liquidity may begin or end at, which belongs to the fee.
pub(super) const TICK_SPACING: i32 = 10;

/// The last tick of a pool, and with a minus the first.
const LAST_TICK: i32 = 887_270;

/// Square root of the price of a new pool in units of 2^-96, which is how all prices
/// are written here: about one, so that swaps in both directions are worth the same
/// and no price runs away.
pub(super) fn first_price(rng: &mut Rng) -> U256 {
    const ONE: u64 = 1 << 62;
    U256::from(rng.between(ONE - ONE / 40, ONE + ONE / 40)) << 34
}

/// Liquidity from one tick to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) lower: i32,
    pub(super) upper: i32,
    /// As if there were so many of each token at a price of one.
    pub(super) liquidity: u128,
}

/// Ticks of all ranges but the one of all prices: few enough that one swap in ten
/// leaves the range that it begins in.
const WIDTH: i32 = 2 * TICK_SPACING;

/// Ranges of the most popular pool: its price stays among them for a whole block.
const MOST_RANGES: usize = 61;

/// Ranges of a pool that hardly anyone trades in.
const LEAST_RANGES: usize = 3;

impl Position {
    /// One of all prices, and ranges side by side around the tick that the price is at.
    /// More people provide liquidity where there is more trade: pools are in the order
    /// of their popularity.
    pub(super) fn around(tick: i32, pool: usize, rng: &mut Rng) -> Vec<Self> {
        let mut liquidity = || (15_000 + u128::from(rng.below(15_000))) * ETHER;
        let everywhere = Self {
            lower: -LAST_TICK,
            upper: LAST_TICK,
            liquidity: liquidity(),
        };
        let ranges = LEAST_RANGES.max(MOST_RANGES / (pool + 1)) as i32;
        let here = tick.div_euclid(WIDTH);
        let first = here - ranges / 2;
        let ranges = (first..first + ranges).map(|range| Self {
            lower: range * WIDTH,
            upper: (range + 1) * WIDTH,
            liquidity: liquidity(),
        });
        iter::once(everywhere).chain(ranges).collect()
    }

    /// About as much as it takes of each token: the square root of the price grows by
    /// half of 0.01 % with each tick.
    pub(super) fn amount(&self) -> u128 {
        const SATURATED: u32 = 20_000;
        let width = self.lower.abs_diff(self.upper).min(SATURATED);
        self.liquidity * u128::from(width) / u128::from(SATURATED)
    }
}

/// The tick in the last bytes of a word.
pub(super) fn to_tick(word: U256) -> i32 {
    word.wrapping_to::<u32>().cast_signed()
}

/// A price that is about half a percent worse for the trade.
pub(super) fn worse(price: U256, trade: &Trade) -> U256 {
    let distance = price / U256::from(400);
    if trade.zero_for_one() {
        price - distance
    } else {
        price + distance
    }
}
