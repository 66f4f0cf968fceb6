//! Trades through several pools, and back to where they began.

use super::{Market, Order};
use crate::{
    Setup,
    protocol::{Intent, Stopped},
    rng::Rng,
    world::ETHER,
};
use alloy_primitives::Address;

/// Three pools one after the other, from a token back to the same token.
#[derive(Clone, Debug)]
pub(in crate::protocol) struct Route {
    /// Which pool, and whether its first token goes in.
    hops: [(usize, bool); 3],
    path: [Address; 4],
}

/// What an arbitrage puts in, at most.
const MOST: u128 = 1_000_000 * ETHER;

/// The number of the pool of two tokens, in the order in which pools are opened.
fn pool_of(one: usize, other: usize) -> usize {
    let (older, newest) = (one.min(other), one.max(other));
    newest * (newest - 1) / 2 + older
}

/// Tokens of which all pairs have a pool.
fn complete_tokens(pools: usize) -> usize {
    (1..)
        .take_while(|tokens| tokens * (tokens - 1) / 2 <= pools)
        .last()
        .unwrap_or(1)
}

impl Market {
    /// A way around three tokens, if there are as many.
    pub(in crate::protocol) fn triangle(&self, rng: &mut Rng) -> Option<Route> {
        let drawn = rng.distinct(3, complete_tokens(self.pools.len()));
        let [one, two, three] = drawn[..] else {
            return None;
        };
        let pools = [pool_of(one, two), pool_of(two, three), pool_of(three, one)];
        let common = |index: usize, other: usize| {
            let [pool, other] = [index, other].map(|index| &self.pools[pools[index]]);
            pool.tokens
                .into_iter()
                .find(|token| other.tokens.contains(token))
        };
        let path = [common(2, 0)?, common(0, 1)?, common(1, 2)?, common(2, 0)?];
        let hops = std::array::from_fn(|hop| {
            let pool = pools[hop];
            (pool, self.pools[pool].tokens[0] == path[hop])
        });
        Some(Route { hops, path })
    }

    /// What comes out of a route.
    pub(in crate::protocol) fn quote(&self, route: &Route, amount: u128) -> u128 {
        route
            .hops
            .iter()
            .fold(amount, |amount, (pool, zero_for_one)| {
                self.pools[*pool].reserves.amount_out(*zero_for_one, amount)
            })
    }

    /// What to put in to gain the most, and what comes out; nothing if there is no gain.
    pub(in crate::protocol) fn best(&self, route: &Route) -> Option<(u128, u128)> {
        let gain = |amount| self.quote(route, amount).saturating_sub(amount);
        // The gain rises up to one amount and falls after it.
        let (mut low, mut high) = (ETHER / 1_000, MOST);
        while high - low > ETHER / 1_000 {
            let third = (high - low) / 3;
            let (left, right) = (low + third, high - third);
            if gain(left) < gain(right) {
                low = left;
            } else {
                high = right;
            }
        }
        (gain(low) > ETHER / 1_000).then(|| (low, self.quote(route, low)))
    }

    /// Takes a route, with the trader given what it takes.
    pub(in crate::protocol) fn around(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        route: &Route,
        [amount_in, least_out]: [u128; 2],
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let order = Order {
            trader,
            path: route.path.to_vec(),
            amount_in,
            least_out,
        };
        self.exchange.admit(setup, &order, rng)?;
        // Those who come too late change nothing.
        if self.quote(route, amount_in) >= least_out {
            let mut amount = amount_in;
            for (pool, zero_for_one) in route.hops {
                let reserves = &mut self.pools[pool].reserves;
                let out = reserves.amount_out(zero_for_one, amount);
                *reserves = reserves.after_swap(zero_for_one, amount);
                amount = out;
            }
        }
        Ok(self.intent(&order))
    }

    /// One of the pools of a route.
    pub(in crate::protocol) fn pool_on(&self, route: &Route, rng: &mut Rng) -> usize {
        rng.pick(&route.hops).0
    }

    /// The same pools the other way.
    pub(in crate::protocol) fn reversed(&self, route: &Route) -> Route {
        let [first, second, third] = route.hops;
        let [one, two, three, _] = route.path;
        Route {
            hops: [third, second, first].map(|(pool, zero_for_one)| (pool, !zero_for_one)),
            path: [one, three, two, one],
        }
    }
}
