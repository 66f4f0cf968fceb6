//! Days: blocks in which people do different things, some of them far more often than
//! others.
//!
//! ```text
//! table: so many of a thousand ─> deck of activities, shuffled
//! Zipf: who, to whom, in which pool ─┐
//!                                    └─> town: act ─> transaction
//! ```
//!
//! A new activity is a line in a table and an arm of [`Town::act`].

mod town;

use super::{
    Stopped, amm_v2, collectible,
    erc20::Issue,
    lending::{Aave, Lender},
    multicall, smart_account, token,
};
use crate::{
    ArtifactError, PublishedArtifacts, Size,
    rng::{Rng, Zipf},
    snapshot::Recipe,
    world::World,
};
use alloy_primitives::Address;
use town::Town;

/// What kind of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Day {
    /// Mostly swaps and tokens.
    Defi,
    /// As on Ethereum.
    Mainnet,
}

/// What someone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// A payment.
    Pay,
    /// A transfer of one of the two dollars.
    Dollar(usize),
    /// A transfer of another token.
    Token,
    /// An allowance for the router.
    Approve,
    /// A swap.
    Swap,
    /// A swap that comes too late and reverts.
    LateSwap,
    /// A bot takes a gap between prices.
    Arbitrage,
    /// A bot comes too late for one and reverts.
    LateArbitrage,
    /// Several payments at once, by a multicall contract.
    Multicall,
    /// A collectible changes hands.
    Collectible,
    /// An operation of an account that is a contract.
    SmartAccount,
    /// Someone supplies, borrows, repays or withdraws, once a day.
    Lend,
    /// A token is created.
    Deploy,
}

/// Activities, by how often they happen.
type Table = [(usize, Activity)];

/// 40 % swaps, 30 % tokens, 15 % payments, 10 % lending, 5 % else.
const DEFI: &Table = &[
    (400, Activity::Swap),
    (150, Activity::Dollar(0)),
    (100, Activity::Dollar(1)),
    (50, Activity::Token),
    (150, Activity::Pay),
    (100, Activity::Lend),
    (30, Activity::Deploy),
    (20, Activity::Approve),
];

/// 30 % payments, 18 % USDT, 12 % USDC, 12 % other tokens, 4 % approvals, 14 % swaps, 6 %
/// bots and multicalls, 1.5 % lending, 1.5 % collectibles, 1 % smart accounts; 3 % revert.
const MAINNET: &Table = &[
    (300, Activity::Pay),
    (180, Activity::Dollar(0)),
    (120, Activity::Dollar(1)),
    (120, Activity::Token),
    (40, Activity::Approve),
    (130, Activity::Swap),
    (10, Activity::LateSwap),
    (10, Activity::Arbitrage),
    (20, Activity::LateArbitrage),
    (30, Activity::Multicall),
    (15, Activity::Lend),
    (15, Activity::Collectible),
    (10, Activity::SmartAccount),
];

/// Published code that days use.
const ARTIFACTS: &[&str] = &[token::ARTIFACT, multicall::ARTIFACT, collectible::ARTIFACT];

/// Pools that popularity is spread over: the first of them sees 13 % of the swaps.
const POOLS: usize = 1_000;

/// Who lives here unless a number is given. The busiest of them sends 8 % of all
/// transactions, as the hottest place of mainnet blocks sees.
const RESIDENTS: usize = 200_000;

impl Day {
    fn table(self) -> &'static Table {
        match self {
            Self::Defi => DEFI,
            Self::Mainnet => MAINNET,
        }
    }

    /// What people pay with. Tether's and Circle's code is not in any package.
    fn dollars(self) -> [Issue; 2] {
        match self {
            Self::Defi => [Issue::OpenZeppelin; 2],
            Self::Mainnet => [Issue::Usdt { fee: false }, Issue::Usdc],
        }
    }

    /// Checks that all code is there.
    pub(super) fn check(self, artifacts: &PublishedArtifacts) -> Result<(), ArtifactError> {
        artifacts.check(amm_v2::ARTIFACTS)?;
        artifacts.check(ARTIFACTS)?;
        artifacts.check(Aave::ARTIFACTS)?;
        match self {
            Self::Defi => Ok(()),
            Self::Mainnet => artifacts.check_mainnet(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Defi => "defi day",
            Self::Mainnet => "mainnet day",
        }
    }
}

/// A day of so many transactions.
pub(super) fn day(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    day: Day,
    size: Size,
) -> Result<(), Stopped> {
    let residents = if size.accounts == 0 {
        RESIDENTS
    } else {
        size.accounts
    };
    let pools = size.pools_or(POOLS).max(3);
    let seed = world.rng.next();
    let recipe = Recipe::new(day.name(), world.seed())
        .number("pools", pools, amm_v2::POOL_MICROS)
        .artifacts(artifacts, amm_v2::ARTIFACTS)?
        .artifacts(artifacts, ARTIFACTS)?;
    let owner = world.address("deployer", 0);
    let town = world.begin(artifacts, recipe, residents, |setup, residents| {
        let town = Town::open(
            setup,
            artifacts,
            owner,
            day.dollars(),
            pools,
            &mut Rng::new(seed),
        )?;
        if day == Day::Mainnet {
            smart_account::install(setup.state_mut(), artifacts)?;
        }
        town.hand_out(setup, residents);
        Ok::<_, Stopped>(town)
    })?;
    let mut crowd = Crowd::new(world, residents);
    let deck = deck(day.table(), size.transactions, &mut crowd.rng);
    let acts = world.prepare(|setup| {
        let mut town = town.begin(setup, artifacts, &mut crowd.rng)?;
        let acts = deck
            .into_iter()
            .map(|activity| town.act(setup, activity, &mut crowd));
        acts.collect::<Result<Vec<_>, Stopped>>()
    })?;
    world.act(acts);
    Ok(())
}

/// So many activities, as many of each as the table says, in random order.
fn deck(table: &Table, count: usize, rng: &mut Rng) -> Vec<Activity> {
    let total: usize = table.iter().map(|(weight, _)| weight).sum();
    let mut sum = 0;
    let mut cards = Vec::with_capacity(count);
    for (weight, activity) in table {
        sum += weight;
        // Rounded so that all of them together are `count`.
        cards.resize(count * sum / total, *activity);
    }
    let order = rng.distinct(count, count);
    order.into_iter().map(|index| cards[index]).collect()
}

/// Who lives here, and how busy and how popular everyone is.
struct Crowd {
    rng: Rng,
    people: Vec<Address>,
    popularity: Zipf,
}

impl Crowd {
    fn new(world: &mut World, residents: usize) -> Self {
        Self {
            rng: Rng::new(world.rng.next()),
            people: (0..residents).map(|index| world.resident(index)).collect(),
            popularity: Zipf::new(residents),
        }
    }

    /// Someone who does something.
    fn sender(&mut self) -> Address {
        self.people[self.popularity.rank(&mut self.rng)]
    }

    /// Someone to whom something is done; those who are popular are not those who do
    /// much.
    fn recipient(&mut self) -> Address {
        let rank = self.popularity.rank(&mut self.rng) + self.people.len() / 2;
        self.people[rank % self.people.len()]
    }
}
