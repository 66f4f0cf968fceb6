//! Our pool deployed: capital, risks, policies.

use crate::{
    Call, Contract, Setup, SetupError,
    protocol::{Intent, own, token},
    rng::Rng,
    world::{ETHER, SLOT_SECONDS, TIMESTAMP},
};
use alloy_primitives::{Address, U256};

/// Capital of the pool: enough for a block of a million customers.
const CAPITAL: u128 = 500_000_000_000 * ETHER;
/// The most cover that a customer buys, in whole tokens.
const MOST_COVER: u64 = 10_000;
/// The least value that the oracle has to report for a payout, say in millimetres.
const THRESHOLD: u64 = 50;
/// What it reports.
const OBSERVED: u64 = 73;
/// Premium in parts of 10,000.
const RATE: u64 = 350;
/// Length of a season in seconds.
const SEASON: u64 = 30 * 24 * 3600;

/// Gas limits, with a margin.
mod gas {
    pub(super) const BUY: u64 = 180_000;
    pub(super) const ACCRUE: u64 = 100_000;
    pub(super) const REPORT: u64 = 150_000;
    pub(super) const CLAIM: u64 = 120_000;
}

/// A risk, by its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Risk(U256);

/// Whether cover can be bought in the block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sales {
    /// The season starts tomorrow.
    Open,
    /// It starts between the grandparent of the block and its parent.
    Closing,
}

/// The pool, its token, and who may do what.
pub(super) struct CoverPool {
    /// Provider of all capital, and the curator.
    pub(super) owner: Address,
    oracle: Address,
    asset: Address,
    pool: Address,
}

impl CoverPool {
    /// Deploys it and deposits the capital.
    pub(super) fn open(
        setup: &mut Setup,
        owner: Address,
        oracle: Address,
    ) -> Result<Self, SetupError> {
        let asset = own::token(setup, owner)?;
        let arguments = Call::bare().address(asset).address(owner).address(oracle);
        let pool = own::deploy(setup, owner, Contract::CoverPool, arguments)?;
        token::approve(setup, asset, owner, pool)?;
        let deposit = Call::new("deposit(uint128)").word(CAPITAL);
        setup.call(owner, pool, deposit.data())?;
        Ok(Self {
            owner,
            oracle,
            asset,
            pool,
        })
    }

    /// Offers cover for so many customers.
    pub(super) fn open_risk(
        &self,
        setup: &mut Setup,
        sales: Sales,
        customers: usize,
    ) -> Result<Risk, SetupError> {
        let start = match sales {
            Sales::Open => TIMESTAMP + 24 * 3600,
            Sales::Closing => TIMESTAMP - SLOT_SECONDS - SLOT_SECONDS / 2,
        };
        let data = Call::new("open(uint128,uint40,uint40,uint16,uint128)")
            .word(THRESHOLD)
            .word(start)
            .word(start + SEASON)
            .word(RATE)
            .word(customers.max(1) as u128 * u128::from(MOST_COVER) * ETHER);
        let id = setup.call(self.owner, self.pool, data.data())?;
        Ok(Risk(U256::from_be_slice(&id)))
    }

    /// Cover bought before the block.
    pub(super) fn cover(
        &self,
        setup: &mut Setup,
        customer: Address,
        risk: Risk,
        rng: &mut Rng,
    ) -> Result<(), SetupError> {
        let purchase = self.buy(setup, customer, risk, rng)?;
        self.perform(setup, purchase)
    }

    /// Does before the block what could be a part of it.
    pub(super) fn perform(&self, setup: &mut Setup, intent: Intent) -> Result<(), SetupError> {
        setup.call(intent.from, intent.to, intent.data).map(drop)
    }

    /// A purchase of cover for 100 to 10,000 tokens, with the customer given the
    /// premium.
    pub(super) fn buy(
        &self,
        setup: &mut Setup,
        customer: Address,
        risk: Risk,
        rng: &mut Rng,
    ) -> Result<Intent, SetupError> {
        let cover = u128::from(rng.between(100, MOST_COVER)) * ETHER;
        let premium = cover * u128::from(RATE) / 10_000;
        if customer != self.owner {
            // Some is left, so that no slot is emptied.
            token::transfer(setup, self.asset, self.owner, customer, premium + ETHER)?;
            token::approve(setup, self.asset, customer, self.pool)?;
        }
        let call = Call::new("buy(uint256,uint128)").word(risk.0).word(cover);
        Ok(self.intent(customer, call, gas::BUY))
    }

    /// The premium of a risk since the last time.
    pub(super) fn accrue(&self, from: Address, risk: Risk) -> Intent {
        let call = Call::new("accrue(uint256)").word(risk.0);
        self.intent(from, call, gas::ACCRUE)
    }

    /// A report above the threshold.
    pub(super) fn report(&self, risk: Risk) -> Intent {
        let call = Call::new("report(uint256,uint128)")
            .word(risk.0)
            .word(OBSERVED);
        self.intent(self.oracle, call, gas::REPORT)
    }

    /// A claim by someone who is covered.
    pub(super) fn claim(&self, customer: Address, risk: Risk) -> Intent {
        let call = Call::new("claim(uint256,address)")
            .word(risk.0)
            .address(customer);
        self.intent(customer, call, gas::CLAIM)
    }

    fn intent(&self, from: Address, call: Call, gas_limit: u64) -> Intent {
        Intent {
            from,
            to: self.pool,
            value: 0,
            data: call.data(),
            gas_limit,
        }
    }
}
