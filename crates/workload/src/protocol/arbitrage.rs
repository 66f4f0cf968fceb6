//! Bots that race for the same gap between prices.
//!
//! ```text
//! someone swaps a lot ─> prices around three pools no longer agree
//!   bot ─> takes the gap
//!   bot, bot, ... ─> want as much, get less, and are refused by the router
//! ```
//!
//! What the losers do is what they promise: they ask for at least the gain that they
//! saw, so they revert before they have moved anything.

use super::{
    Act, Stopped,
    amm_v2::{self, Market, Route},
};
use crate::{PublishedArtifacts, Setup, Size, rng::Rng, snapshot::Recipe, world::World};
use alloy_primitives::Address;

/// Pools that prices are compared in: all pairs of 25 tokens.
const POOLS: usize = 300;

/// Who races.
const BOTS: usize = 24;

/// Races, one after the other.
pub(super) fn races(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    size: Size,
) -> Result<(), Stopped> {
    let pools = size.pools_or(POOLS).max(3);
    let residents = size.accounts.max(size.transactions + BOTS);
    let owner = world.address("deployer", 0);
    let seed = world.rng.next();
    let recipe = Recipe::new("amm-v2", world.seed())
        .number("pools", pools, amm_v2::POOL_MICROS)
        .artifacts(artifacts, amm_v2::ARTIFACTS)?;
    let market = world.begin(artifacts, recipe, residents, |setup, _| {
        Market::open(setup, artifacts, owner, pools, &mut Rng::new(seed))
    })?;
    let bots = (0..BOTS).map(|index| world.resident(index)).collect();
    let traders: Vec<_> = (BOTS..residents.min(BOTS + size.transactions))
        .map(|index| world.resident(index))
        .collect();
    let mut race = Race {
        market,
        bots,
        rng: Rng::new(world.rng.next()),
    };
    let acts = world.prepare(|setup| {
        let mut acts = Vec::new();
        for trader in traders {
            if acts.len() >= size.transactions {
                break;
            }
            race.run(setup, trader, &mut acts)?;
        }
        acts.truncate(size.transactions);
        Ok::<_, Stopped>(acts)
    })?;
    world.act(acts);
    Ok(())
}

struct Race {
    market: Market,
    bots: Vec<Address>,
    rng: Rng,
}

impl Race {
    /// A large swap, and the race for the gap that it leaves.
    fn run(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        acts: &mut Vec<Act>,
    ) -> Result<(), Stopped> {
        let rng = &mut self.rng;
        let Some(route) = self.market.triangle(rng) else {
            return Ok(());
        };
        let pool = self.market.pool_on(&route, rng);
        acts.push(Act::Succeeds(
            self.market.large_swap(setup, trader, pool, rng)?,
        ));
        if let Some((route, gain)) = gap(&self.market, route) {
            let bots = 2 + rng.index(11);
            let racing = rng.distinct(bots, self.bots.len());
            for (place, bot) in racing.into_iter().enumerate() {
                let intent = self
                    .market
                    .around(setup, self.bots[bot], &route, gain, rng)?;
                acts.push(if place == 0 {
                    Act::Succeeds(intent)
                } else {
                    Act::Reverts(intent)
                });
            }
        }
        Ok(())
    }
}

/// The way around in which there is something to gain: what to put in, and the least
/// that makes it worth while.
pub(super) fn gap(market: &Market, route: Route) -> Option<(Route, [u128; 2])> {
    let reversed = market.reversed(&route);
    [route, reversed].into_iter().find_map(|route| {
        let (amount_in, out) = market.best(&route)?;
        // Whoever is first gets all of it, and nobody else even half.
        let least_out = amount_in + (out - amount_in) / 2;
        Some((route, [amount_in, least_out]))
    })
}
