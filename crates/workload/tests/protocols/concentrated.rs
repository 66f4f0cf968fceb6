//! What holds of swaps on Uniswap V3 as well as V4.

use crate::chain::Chain;
use alloy_primitives::{Address, U256, map::HashMap};
use std::ops::Range;

/// Of 0.05 %, in hundredths of a basis point.
pub(crate) const FEE: u64 = 500;

/// A pool between transactions; the price is the square root, in units of 2^-96.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) price: U256,
    pub(crate) tick: i32,
    pub(crate) liquidity: U256,
}

/// A swap as an event says it was.
#[derive(Debug)]
pub(crate) struct Swap {
    pub(crate) trader: Address,
    /// Those of the pool.
    pub(crate) tokens: [Address; 2],
    /// Whether the first token went in.
    pub(crate) zero_for_one: bool,
    pub(crate) amount_in: u128,
    pub(crate) amount_out: u128,
    /// Of the pool, afterwards.
    pub(crate) state: State,
}

impl Swap {
    /// The price moved as it should, and the rate was between the one before and the
    /// one after, less the fee.
    fn check_price(&self, before: &State) {
        let (old, new) = (before.price, self.state.price);
        assert_eq!(new < old, self.zero_for_one, "{self:?}");
        assert_ne!(new, old, "{self:?}");
        let [at_old, at_new] = [old, new].map(|price| self.worth(price));
        let out = U256::from(self.amount_out);
        assert!(
            out <= at_old && out + U256::from(1_000) >= at_new,
            "{self:?}"
        );
    }

    /// What the amount is worth at a price of the first token in the second, after the
    /// fee.
    fn worth(&self, price: U256) -> U256 {
        // Without the last bits, or its square would not fit; they are below one in 2^70.
        let price = price >> 16;
        let kept = U256::from(self.amount_in) * U256::from(1_000_000 - FEE) / U256::from(1_000_000);
        let squared = price * price;
        if self.zero_for_one {
            (kept * (squared >> 64)) >> 96
        } else {
            (kept << 160) / squared
        }
    }

    /// Of tokens that went in and came out.
    fn token_in_and_out(&self) -> [Address; 2] {
        let [token0, token1] = self.tokens;
        if self.zero_for_one {
            [token0, token1]
        } else {
            [token1, token0]
        }
    }

    /// Traders swap once, so the whole block moves as much as the swap.
    fn check_balances(&self, before: &mut Chain, after: &mut Chain) {
        let [token_in, token_out] = self.token_in_and_out();
        let paid = before.balance(token_in, self.trader) - after.balance(token_in, self.trader);
        assert_eq!(paid, U256::from(self.amount_in));
        let got = after.balance(token_out, self.trader) - before.balance(token_out, self.trader);
        assert_eq!(got, U256::from(self.amount_out));
    }
}

/// What pools saw in a block.
#[derive(Default)]
pub(crate) struct Trades {
    pools: HashMap<U256, Vec<Swap>>,
    /// Swaps that came to a tick where liquidity begins or ends.
    crossed: usize,
}

impl Trades {
    /// The state of a pool after the swaps so far, if there are any.
    pub(crate) fn last(&self, pool: U256) -> Option<State> {
        let swaps = self.pools.get(&pool)?;
        swaps.last().map(|swap| swap.state)
    }

    /// The next swap of the block, in a pool which had this state before the block.
    pub(crate) fn add(&mut self, pool: U256, before: State, swap: Swap) {
        let before = self.last(pool).unwrap_or(before);
        swap.check_price(&before);
        if swap.state.liquidity != before.liquidity {
            assert_ne!(swap.state.tick, before.tick);
            self.crossed += 1;
        }
        self.pools.entry(pool).or_default().push(swap);
    }

    /// The chain agrees: with what each pool is like now, and with who has got which
    /// tokens. `holder` tells who holds those of a pool.
    pub(crate) fn check(
        &self,
        before: &mut Chain,
        after: &mut Chain,
        state: impl Fn(&mut Chain, U256) -> State,
        holder: impl Fn(U256) -> Address,
    ) {
        let mut held = HashMap::<(Address, Address), U256>::default();
        for (pool, swaps) in &self.pools {
            assert_eq!(state(after, *pool), swaps.last().unwrap().state);
            for swap in swaps {
                swap.check_balances(before, after);
                let [token_in, token_out] = swap.token_in_and_out();
                let holder = holder(*pool);
                for token in swap.tokens {
                    let balance = || before.balance(token, holder);
                    held.entry((token, holder)).or_insert_with(balance);
                }
                held.entry((token_in, holder))
                    .and_modify(|balance| *balance += U256::from(swap.amount_in));
                held.entry((token_out, holder))
                    .and_modify(|balance| *balance -= U256::from(swap.amount_out));
            }
        }
        for ((token, holder), balance) in held {
            assert_eq!(after.balance(token, holder), balance);
        }
    }

    /// How many swaps each pool saw.
    pub(crate) fn counts(&self) -> Vec<usize> {
        self.pools.values().map(Vec::len).collect()
    }

    /// Of all swaps, so many in a hundred came to where liquidity begins or ends.
    pub(crate) fn check_crossed(&self, percent: Range<usize>) {
        let swaps: usize = self.counts().iter().sum();
        let crossed = 100 * self.crossed / swaps;
        assert!(percent.contains(&crossed), "{crossed} %");
    }
}

/// The number of the last 32 bits, with its sign.
pub(crate) fn tick(word: U256) -> i32 {
    word.wrapping_to::<u32>().cast_signed()
}
