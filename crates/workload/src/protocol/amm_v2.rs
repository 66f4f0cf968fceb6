//! Swaps on Uniswap V2.

mod exchange;
mod route;

use super::{
    Intent, Stopped,
    pools::Amm,
    trade::{TokenPair, least},
};
use crate::{
    Call, PublishedArtifacts, Setup,
    rng::Rng,
    world::{DEADLINE, ETHER, gas},
};
use alloy_primitives::{Address, Bytes};
pub(super) use exchange::ARTIFACTS;
use exchange::{Exchange, ExchangeCode, Pool};
pub(super) use route::Route;
use serde::{Deserialize, Serialize};

/// What opening a pool takes, roughly.
pub(super) const POOL_MICROS: usize = 500;

/// The exchange, and its pools as they will be when all swaps made so far have been
/// executed.
#[derive(Serialize, Deserialize)]
pub(super) struct Market {
    exchange: Exchange,
    pools: Vec<Pool>,
}

impl Market {
    /// Deploys the exchange and opens so many pools.
    pub(super) fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        pools: usize,
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        let pairs: Vec<_> = TokenPair::shared().take(pools).collect();
        Self::deploy(setup, artifacts, owner, &pairs, rng)
    }

    fn deploy(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        pairs: &[TokenPair],
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        let code = ExchangeCode::read(artifacts)?;
        let exchange = Exchange::deploy(setup, &code, owner)?;
        let pools = exchange.open_pools(setup, &code, pairs, rng)?;
        Ok(Self { exchange, pools })
    }

    /// A swap of up to ten tokens in one of the pools, in either direction, with the
    /// trader given what it takes.
    pub(super) fn swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let amount = ETHER + u128::from(rng.below(9 * ETHER as u64));
        self.swap_of(setup, trader, pool, amount, rng)
    }

    /// A swap that moves the price by about a tenth.
    pub(super) fn large_swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let [one, other] = self.pools[pool].reserves.amounts;
        self.swap_of(setup, trader, pool, one.min(other) / 20, rng)
    }

    fn swap_of(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        amount: u128,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let order = Order::new(trader, &mut self.pools[pool], amount, rng.chance(50));
        self.exchange.admit(setup, &order, rng)?;
        Ok(self.intent(&order))
    }

    /// A swap in one of the pools that comes too late: it asks for the price of a
    /// better time, and the router refuses.
    pub(super) fn late_swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let reserves = self.pools[pool].reserves;
        let mut order = Order::new(trader, &mut self.pools[pool], ETHER, rng.chance(50));
        self.pools[pool].reserves = reserves;
        self.exchange.admit(setup, &order, rng)?;
        // What comes out is known, and it is not half as much again.
        order.least_out = order.least_out / 2 * 3;
        Ok(self.intent(&order))
    }

    /// Where to ask for swaps.
    pub(super) fn router(&self) -> Address {
        self.exchange.router
    }

    fn intent(&self, order: &Order) -> Intent {
        let more_hops = order.path.len() as u64 - 2;
        Intent {
            from: order.trader,
            to: self.exchange.router,
            value: 0,
            data: order.data(),
            gas_limit: gas::SWAP + more_hops * gas::SWAP / 2,
        }
    }
}

impl Amm for Market {
    const NAME: &str = "amm-v2";
    const ARTIFACTS: &[&str] = ARTIFACTS;
    const POOL_MICROS: usize = POOL_MICROS;

    fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        pairs: &[TokenPair],
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        Self::deploy(setup, artifacts, owner, pairs, rng)
    }

    fn swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        Self::swap(self, setup, trader, pool, rng)
    }
}

/// A swap that someone will ask for.
struct Order {
    trader: Address,
    /// Tokens: what goes in, perhaps others, what comes out.
    path: Vec<Address>,
    amount_in: u128,
    least_out: u128,
}

impl Order {
    /// The trader has asked for the price and accepts one that is half a percent worse.
    fn new(trader: Address, pool: &mut Pool, amount_in: u128, zero_for_one: bool) -> Self {
        let quote = pool.reserves.amount_out(zero_for_one, amount_in);
        pool.reserves = pool.reserves.after_swap(zero_for_one, amount_in);
        let mut path = pool.tokens.to_vec();
        if !zero_for_one {
            path.reverse();
        }
        Self {
            trader,
            path,
            amount_in,
            least_out: least(quote),
        }
    }

    fn data(&self) -> Bytes {
        let signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)";
        let call = Call::new(signature)
            .word(self.amount_in)
            .word(self.least_out)
            // Where the path begins: after these five words.
            .word(5 * 32)
            .address(self.trader)
            .word(DEADLINE)
            .word(self.path.len());
        let path = self.path.iter();
        path.fold(call, |call, token| call.address(*token)).data()
    }
}
