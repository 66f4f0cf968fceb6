//! What is traded, whatever the exchange.

use super::{
    Stopped,
    token::{self, TokenCode},
};
use crate::{Setup, rng::Rng, world::ETHER};
use alloy_primitives::Address;

/// Two tokens that a pool will trade in, by their numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenPair(usize, usize);

impl TokenPair {
    /// All pairs of different tokens, using as few tokens as possible. Pools share
    /// tokens, as real ones do; their slots in a token differ.
    pub(super) fn shared() -> impl Iterator<Item = Self> {
        (1..).flat_map(|newest| (0..newest).map(move |older| Self(older, newest)))
    }

    /// Pairs of which no two have a token in common.
    pub(super) fn disjoint() -> impl Iterator<Item = Self> {
        (0..).map(|pair| Self(2 * pair, 2 * pair + 1))
    }

    /// Deploys the tokens of all pairs, and lets spenders take them from their
    /// owner. Each pair's tokens are in the order of their addresses.
    pub(super) fn deploy_all(
        pairs: &[Self],
        setup: &mut Setup,
        code: &TokenCode,
        owner: Address,
        spenders: &[Address],
    ) -> Result<Vec<[Address; 2]>, Stopped> {
        let count = pairs.iter().map(|pair| pair.1 + 1).max().unwrap_or(0);
        let tokens = (0..count)
            .map(|index| {
                let token = code.deploy(setup, owner, index)?;
                for spender in spenders {
                    token::approve(setup, token, owner, *spender)?;
                }
                Ok(token)
            })
            .collect::<Result<Vec<_>, Stopped>>()?;
        let pairs = pairs.iter().map(|Self(one, other)| {
            let mut pair = [tokens[*one], tokens[*other]];
            pair.sort_unstable();
            pair
        });
        Ok(pairs.collect())
    }
}

/// Tokens that someone will give for others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trade {
    pub(super) trader: Address,
    pub(super) token_in: Address,
    pub(super) token_out: Address,
    pub(super) amount_in: u128,
}

impl Trade {
    /// Up to ten tokens in either direction.
    pub(super) fn new(trader: Address, [token0, token1]: [Address; 2], rng: &mut Rng) -> Self {
        let amount_in = ETHER + u128::from(rng.below(9 * ETHER as u64));
        let zero_for_one = rng.chance(50);
        let (token_in, token_out) = if zero_for_one {
            (token0, token1)
        } else {
            (token1, token0)
        };
        Self {
            trader,
            token_in,
            token_out,
            amount_in,
        }
    }

    /// One token of each kind for the other, one after the other.
    pub(super) fn both_ways(trader: Address, [token0, token1]: [Address; 2]) -> [Self; 2] {
        [(token0, token1), (token1, token0)].map(|(token_in, token_out)| Self {
            trader,
            token_in,
            token_out,
            amount_in: ETHER,
        })
    }

    /// Whether the first token of the pool is given.
    pub(super) fn zero_for_one(&self) -> bool {
        self.token_in < self.token_out
    }

    /// In the order of the pool.
    pub(super) fn tokens(&self) -> [Address; 2] {
        let mut tokens = [self.token_in, self.token_out];
        tokens.sort_unstable();
        tokens
    }

    /// Gives the trader what the trade takes, from the owner of all tokens. Three
    /// in four hold the other token already.
    pub(super) fn admit(
        &self,
        setup: &mut Setup,
        owner: Address,
        spender: Address,
        rng: &mut Rng,
    ) -> Result<(), Stopped> {
        let Self {
            trader,
            token_in,
            token_out,
            amount_in,
        } = *self;
        // Some is left, so that no slot is emptied.
        token::transfer(setup, token_in, owner, trader, amount_in + ETHER)?;
        if rng.chance(75) {
            token::transfer(setup, token_out, owner, trader, ETHER)?;
        }
        token::approve(setup, token_in, trader, spender)?;
        Ok(())
    }
}

/// The least that a trader accepts who has been told a price: half a percent less.
pub(super) fn least(quote: u128) -> u128 {
    quote - quote / 200
}
