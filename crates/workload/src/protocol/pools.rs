//! Blocks of swaps, and which pools they are in.

use super::{Intent, Stopped, trade::TokenPair};
use crate::{
    PublishedArtifacts, Setup, Size,
    rng::{Rng, Zipf},
    snapshot::Recipe,
    world::World,
};
use alloy_primitives::Address;
use serde::{Serialize, de::DeserializeOwned};

/// Which pools are traded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pools {
    /// Everyone has one to themselves.
    Own,
    /// Popularity is Zipf with exponent 0.8.
    Zipf08,
    /// Popularity is Zipf with exponent 1.
    Zipf,
    /// Popularity is Zipf with exponent 1.2.
    Zipf12,
    /// There is only one.
    Hot,
}

/// Pools that popularity is spread over.
const ZIPF_POOLS: usize = 1_000;

impl Pools {
    /// One of five, in the order of the variants.
    pub(super) fn pick<T: Copy>(self, of: [T; 5]) -> T {
        of[self as usize]
    }

    /// How many there are.
    fn count(self, size: Size) -> usize {
        match self {
            Self::Own => size.transactions,
            Self::Zipf08 | Self::Zipf | Self::Zipf12 => size.pools_or(ZIPF_POOLS),
            Self::Hot => 1,
        }
    }

    /// The popularity of so many.
    fn popularity(self, count: usize) -> Zipf {
        match self {
            Self::Zipf08 => Zipf::with_fifths(count, 4),
            Self::Zipf12 => Zipf::with_fifths(count, 6),
            Self::Own | Self::Zipf | Self::Hot => Zipf::new(count),
        }
    }
}

/// What swaps do in each of [`Pools`], in one line.
macro_rules! in_pools {
    ($swaps:literal) => {
        [
            concat!($swaps, ", each in a pool of its own"),
            concat!($swaps, " in pools by Zipf 0.8"),
            concat!($swaps, " in pools by Zipf 1.0"),
            concat!($swaps, " in pools by Zipf 1.2"),
            concat!($swaps, ", all in one pool"),
        ]
    };
}
pub(super) use in_pools;

/// An exchange, and its pools as they will be when all swaps made so far have been
/// executed.
pub(super) trait Amm: Sized + Serialize + DeserializeOwned {
    /// What it is kept under.
    const NAME: &str;

    /// All that it takes.
    const ARTIFACTS: &[&str];

    /// What opening a pool takes, roughly.
    const POOL_MICROS: usize;

    /// Whether no two pools have a token in common.
    fn has_own_tokens(_pools: Pools) -> bool {
        false
    }

    /// Deploys the exchange and opens a pool for each pair of tokens, the most popular
    /// first.
    fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        pairs: &[TokenPair],
        rng: &mut Rng,
    ) -> Result<Self, Stopped>;

    /// A swap of up to ten tokens in one of the pools, in either direction, with the
    /// trader given what it takes.
    fn swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped>;
}

/// Swaps by distinct traders.
pub(super) fn swaps<M: Amm>(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    pools: Pools,
    size: Size,
) -> Result<(), Stopped> {
    let count = pools.count(size);
    let (name, pairs): (_, Vec<_>) = if M::has_own_tokens(pools) {
        let pairs = TokenPair::disjoint().take(count);
        (format!("{}-own-tokens", M::NAME), pairs.collect())
    } else {
        (
            M::NAME.to_owned(),
            TokenPair::shared().take(count).collect(),
        )
    };
    let residents = size.accounts.max(size.transactions);
    let owner = world.address("deployer", 0);
    let seed = world.rng.next();
    let recipe = Recipe::new(&name, world.seed())
        .number("pools", count, M::POOL_MICROS)
        .artifacts(artifacts, M::ARTIFACTS)?;
    let mut market = world.begin(artifacts, recipe, residents, |setup, _| {
        M::open(setup, artifacts, owner, &pairs, &mut Rng::new(seed))
    })?;
    let mut rng = Rng::new(world.rng.next());
    let traders: Vec<_> = rng
        .distinct(size.transactions, residents)
        .into_iter()
        .map(|index| world.resident(index))
        .collect();
    let popularity = pools.popularity(count);
    let intents = world.prepare(|setup| {
        let traders = traders.into_iter().enumerate();
        let swaps = traders.map(|(index, trader)| {
            let pool = match pools {
                Pools::Own => index,
                _ => popularity.rank(&mut rng),
            };
            market.swap(setup, trader, pool, &mut rng)
        });
        swaps.collect::<Result<Vec<_>, Stopped>>()
    })?;
    world.send_all(intents);
    Ok(())
}

/// A copy of the chain as it was before the first swap. Swaps are executed on it as
/// they are made, which tells what they will yield in their place.
#[derive(Default)]
pub(super) struct Rehearsal(Option<Setup>);

impl Rehearsal {
    /// The copy of this chain.
    pub(super) fn of(&mut self, setup: &Setup) -> &mut Setup {
        self.0.get_or_insert_with(|| setup.fork())
    }
}
