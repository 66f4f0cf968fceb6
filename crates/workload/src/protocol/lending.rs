//! Lending: collateral is supplied, against it other assets are borrowed, and who
//! borrowed too much is liquidated. Two protocols, the same traffic.

mod aave;
mod deployer;
mod market;
mod venus;

use super::{Intent, Lending, Stopped};
use crate::{
    PublishedArtifacts, Setup,
    rng::Rng,
    world::{ETHER, SLOT_SECONDS, World},
};
pub(super) use aave::Aave;
use alloy_primitives::{Address, U256};
use deployer::Deployer;
pub(super) use market::Market;
pub(super) use venus::Venus;

/// Assets that are lent and borrowed.
const ASSETS: usize = 4;

/// The asset whose price falls.
const FALLING: usize = 0;

/// By how many percent: enough to make loans that were safe unsafe, and not so much
/// that collateral does not cover them any more.
const FALL: (u64, u64) = (12, 20);

/// Of a hundred transactions after the fall, so many are liquidations.
const LIQUIDATIONS: u64 = 60;

/// A lending protocol that is deployed and has its assets listed. Assets are named by
/// their place in the list.
pub(super) trait Lender: Sized {
    /// All that it takes.
    const ARTIFACTS: &[&str];

    /// Deploys it, for assets that have all the same parameters. The owner may do
    /// everything.
    fn deploy(deployer: &mut Deployer<'_>, assets: &[Asset]) -> Result<Self, Stopped>;

    /// Who takes tokens of this asset from users.
    fn spender(&self, asset: usize) -> Address;

    fn supply(&self, user: Address, asset: usize, amount: u128) -> Intent;

    fn borrow(&self, user: Address, asset: usize, amount: u128) -> Intent;

    /// All that is owed, if the amount is the highest number.
    fn repay(&self, user: Address, asset: usize, amount: U256) -> Intent;

    fn withdraw(&self, user: Address, asset: usize, amount: u128) -> Intent;

    /// Repays a part of someone's loan, for some of the collateral at a discount.
    fn liquidate(&self, liquidator: Address, loan: &Loan, amount: u128) -> Intent;

    /// A new price, from whoever the oracle belongs to.
    fn set_price(&self, asset: usize, cents: u64) -> Intent;

    /// Lets a user borrow against what is supplied, where that takes a transaction.
    fn enter(&self, setup: &mut Setup, user: Address, asset: usize) -> Result<(), Stopped>;

    /// Does something before the block; what does not do what it should is an error.
    fn perform(&self, setup: &mut Setup, intent: Intent) -> Result<(), Stopped>;
}

/// A token that is lent and borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asset {
    token: Address,
    /// Hundredths of a dollar for a whole token.
    cents: u64,
}

impl Asset {
    /// How much of it so many cents buy.
    fn worth(&self, cents: u64) -> u128 {
        u128::from(cents) * ETHER / u128::from(self.cents)
    }
}

/// A loan close to the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loan {
    borrower: Address,
    collateral: usize,
    debt: usize,
    /// What was borrowed; interest comes on top.
    amount: u128,
}

/// A block on a protocol.
pub(super) fn block<L: Lender>(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    lending: Lending,
    transactions: usize,
) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    // Pays for the update of the price.
    let owner = world.user("deployer", 0);
    let users: Vec<_> = (0..transactions)
        .map(|index| {
            let borrower = world.address("borrower", index);
            (world.user("user", index), borrower)
        })
        .collect();
    let intents = world.prepare(|setup| {
        let market = Market::<L>::open(setup, artifacts, owner, ASSETS, &mut rng)?;
        // Interest accrues before users come, so that no slot of a reserve is empty.
        setup.next_block(SLOT_SECONDS);
        match lending {
            Lending::Everyday => everyday(&market, setup, &users, &mut rng),
            Lending::Liquidations => liquidations(&market, setup, &users, &mut rng),
        }
    })?;
    world.send_all(intents);
    Ok(())
}

fn everyday<L: Lender>(
    market: &Market<L>,
    setup: &mut Setup,
    users: &[(Address, Address)],
    rng: &mut Rng,
) -> Result<Vec<Intent>, Stopped> {
    let errands = users.iter();
    errands
        .map(|(user, _)| market.errand(setup, *user, rng))
        .collect()
}

/// A price falls first, then liquidators come, among others. Each finds a loan that
/// nobody has liquidated yet.
fn liquidations<L: Lender>(
    market: &Market<L>,
    setup: &mut Setup,
    users: &[(Address, Address)],
    rng: &mut Rng,
) -> Result<Vec<Intent>, Stopped> {
    let Some((_, others)) = users.split_first() else {
        return Ok(Vec::new());
    };
    let (least, most) = FALL;
    let mut intents = vec![market.fall(FALLING, rng.between(least, most))];
    for (user, borrower) in others {
        intents.push(if rng.chance(LIQUIDATIONS) {
            let loan = market.risky_loan(setup, *borrower, FALLING, rng)?;
            market.liquidation(setup, *user, &loan, rng)?
        } else {
            market.errand(setup, *user, rng)?
        });
    }
    Ok(intents)
}

#[cfg(test)]
mod tests;
