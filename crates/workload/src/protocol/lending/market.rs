//! A market with assets, liquidity, and users who have been given what they need.

use super::{Asset, Deployer, Lender, Loan};
use crate::{
    PublishedArtifacts, Setup,
    protocol::{
        Intent, Stopped,
        token::{self, TokenCode},
    },
    rng::Rng,
};
use alloy_primitives::{Address, U256};

/// A dollar is a hundred cents.
const DOLLAR: u64 = 100;

/// What the owner lends of each asset, and borrows of it. Users move so much less
/// that rates stay about the same and liquidity is never short.
const LIQUIDITY: u64 = 1_000_000_000 * DOLLAR;
const BORROWED: u64 = 400_000_000 * DOLLAR;

/// What users do, by weight.
const ERRANDS: [(u64, Errand); 4] = [
    (35, Errand::Supply),
    (25, Errand::Borrow),
    (20, Errand::Repay),
    (20, Errand::Withdraw),
];

#[derive(Clone, Copy)]
enum Errand {
    Supply,
    Borrow,
    Repay,
    Withdraw,
}

/// A protocol with its assets.
pub(in crate::protocol) struct Market<L> {
    lender: L,
    owner: Address,
    assets: Vec<Asset>,
}

impl<L: Lender> Market<L> {
    /// Deploys the protocol with so many assets, each lent and borrowed already.
    /// Loans in one asset against another take at least two.
    pub(in crate::protocol) fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        assets: usize,
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        let code = TokenCode::read(artifacts)?;
        let assets = (0..assets).map(|index| {
            Ok(Asset {
                token: code.deploy(setup, owner, index)?,
                cents: rng.between(DOLLAR, 2_000 * DOLLAR),
            })
        });
        let assets = assets.collect::<Result<Vec<_>, Stopped>>()?;
        let mut deployer = Deployer::new(setup, artifacts, owner);
        let market = Self {
            lender: L::deploy(&mut deployer, &assets)?,
            owner,
            assets,
        };
        market.fill(setup)?;
        Ok(market)
    }

    #[cfg(test)]
    pub(super) fn lender(&self) -> &L {
        &self.lender
    }

    fn fill(&self, setup: &mut Setup) -> Result<(), Stopped> {
        for (index, asset) in self.assets.iter().enumerate() {
            token::approve(setup, asset.token, self.owner, self.lender.spender(index))?;
            let supply = self
                .lender
                .supply(self.owner, index, asset.worth(LIQUIDITY));
            self.lender.perform(setup, supply)?;
            self.lender.enter(setup, self.owner, index)?;
        }
        for (index, asset) in self.assets.iter().enumerate() {
            let borrow = self.lender.borrow(self.owner, index, asset.worth(BORROWED));
            self.lender.perform(setup, borrow)?;
        }
        Ok(())
    }

    /// Something ordinary, with the user given what it takes. It stays possible
    /// when the price of one asset falls by a fifth.
    pub(in crate::protocol) fn errand(
        &self,
        setup: &mut Setup,
        user: Address,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let asset = rng.index(self.assets.len());
        let value = rng.between(1_000 * DOLLAR, 10_000 * DOLLAR);
        match rng.weighted(&ERRANDS) {
            Errand::Supply => self.supply(setup, user, asset, value, rng),
            Errand::Borrow => self.borrow(setup, user, asset, value, rng),
            Errand::Repay => self.repay(setup, user, asset, value, rng),
            Errand::Withdraw => self.withdraw(setup, user, asset, value, rng),
        }
    }

    /// Three in four have supplied something before.
    fn supply(
        &self,
        setup: &mut Setup,
        user: Address,
        asset: usize,
        value: u64,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        if rng.chance(75) {
            self.give_collateral(setup, user, asset, value / 2)?;
        }
        // Some is left, so that no slot is emptied.
        self.fund(setup, user, asset, value + DOLLAR)?;
        let amount = self.assets[asset].worth(value);
        Ok(self.lender.supply(user, asset, amount))
    }

    /// Half have borrowed something before.
    fn borrow(
        &self,
        setup: &mut Setup,
        user: Address,
        collateral: usize,
        value: u64,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let debt = self.other(collateral, rng);
        self.give_collateral(setup, user, collateral, value)?;
        if rng.chance(50) {
            self.lend(setup, user, debt, value / 10)?;
        }
        let amount = self.assets[debt].worth(percent(value, rng.between(15, 40)));
        Ok(self.lender.borrow(user, debt, amount))
    }

    /// One in four repays everything.
    fn repay(
        &self,
        setup: &mut Setup,
        user: Address,
        collateral: usize,
        value: u64,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let debt = self.other(collateral, rng);
        self.give_collateral(setup, user, collateral, value)?;
        let borrowed = value / 2;
        self.lend(setup, user, debt, borrowed)?;
        // For the interest, and to keep some.
        self.fund(setup, user, debt, borrowed / 10)?;
        let amount = if rng.chance(25) {
            U256::MAX
        } else {
            let value = percent(borrowed, rng.between(25, 75));
            U256::from(self.assets[debt].worth(value))
        };
        Ok(self.lender.repay(user, debt, amount))
    }

    /// Half have a loan, which the rest of the collateral covers.
    fn withdraw(
        &self,
        setup: &mut Setup,
        user: Address,
        asset: usize,
        value: u64,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        self.give_collateral(setup, user, asset, value)?;
        if rng.chance(50) {
            let debt = self.other(asset, rng);
            self.lend(setup, user, debt, value / 5)?;
        }
        let amount = self.assets[asset].worth(percent(value, rng.between(20, 60)));
        Ok(self.lender.withdraw(user, asset, amount))
    }

    /// The price of an asset falls.
    pub(in crate::protocol) fn fall(&self, asset: usize, by: u64) -> Intent {
        let cents = percent(self.assets[asset].cents, 100 - by);
        self.lender.set_price(asset, cents)
    }

    /// A loan that is safe, but not after a fall of its collateral by twelve percent
    /// or more: at most 75 % of the collateral may be borrowed, at 80 % it is unsafe.
    pub(in crate::protocol) fn risky_loan(
        &self,
        setup: &mut Setup,
        borrower: Address,
        collateral: usize,
        rng: &mut Rng,
    ) -> Result<Loan, Stopped> {
        let value = rng.between(1_000 * DOLLAR, 10_000 * DOLLAR);
        self.give_collateral(setup, borrower, collateral, value)?;
        let debt = self.other(collateral, rng);
        let borrowed = percent(value, rng.between(72, 74));
        self.lend(setup, borrower, debt, borrowed)?;
        Ok(Loan {
            borrower,
            collateral,
            debt,
            amount: self.assets[debt].worth(borrowed),
        })
    }

    /// Repays up to a half of a loan, which is always allowed. Half of the
    /// liquidators hold the collateral already.
    pub(in crate::protocol) fn liquidation(
        &self,
        setup: &mut Setup,
        liquidator: Address,
        loan: &Loan,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let amount = loan.amount * u128::from(rng.between(30, 50)) / 100;
        let debt = self.assets[loan.debt];
        token::transfer(
            setup,
            debt.token,
            self.owner,
            liquidator,
            amount + debt.worth(DOLLAR),
        )?;
        token::approve(
            setup,
            debt.token,
            liquidator,
            self.lender.spender(loan.debt),
        )?;
        if rng.chance(50) {
            self.give_collateral(setup, liquidator, loan.collateral, 10 * DOLLAR)?;
        }
        Ok(self.lender.liquidate(liquidator, loan, amount))
    }

    /// Another asset, if there is one.
    fn other(&self, asset: usize, rng: &mut Rng) -> usize {
        let others = self.assets.len() as u64 - 1;
        let distance = 1 + rng.below(others) as usize;
        (asset + distance) % self.assets.len()
    }

    /// Gives tokens that the protocol may take.
    fn fund(
        &self,
        setup: &mut Setup,
        user: Address,
        asset: usize,
        value: u64,
    ) -> Result<(), Stopped> {
        let Asset { token, .. } = self.assets[asset];
        let amount = self.assets[asset].worth(value);
        token::transfer(setup, token, self.owner, user, amount)?;
        token::approve(setup, token, user, self.lender.spender(asset))?;
        Ok(())
    }

    /// Gives collateral that can be borrowed against, and a rest.
    fn give_collateral(
        &self,
        setup: &mut Setup,
        user: Address,
        asset: usize,
        value: u64,
    ) -> Result<(), Stopped> {
        self.fund(setup, user, asset, value + DOLLAR)?;
        let amount = self.assets[asset].worth(value);
        let supply = self.lender.supply(user, asset, amount);
        self.lender.perform(setup, supply)?;
        self.lender.enter(setup, user, asset)
    }

    /// Lets a user borrow.
    fn lend(
        &self,
        setup: &mut Setup,
        user: Address,
        asset: usize,
        value: u64,
    ) -> Result<(), Stopped> {
        let amount = self.assets[asset].worth(value);
        let borrow = self.lender.borrow(user, asset, amount);
        self.lender.perform(setup, borrow)
    }
}

fn percent(value: u64, percent: u64) -> u64 {
    value * percent / 100
}
