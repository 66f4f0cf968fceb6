//! Swaps on Uniswap V3.

mod exchange;

use super::{
    Intent, Stopped,
    pools::{Amm, Rehearsal},
    trade::{TokenPair, Trade, least},
};
use crate::{PublishedArtifacts, Setup, rng::Rng, world::gas};
use alloy_primitives::Address;
pub(super) use exchange::ARTIFACTS;
use exchange::{Exchange, ExchangeCode};
use serde::{Deserialize, Serialize};

/// The exchange, and its pools as they will be when all swaps made so far have been
/// executed.
#[derive(Serialize, Deserialize)]
pub(super) struct Market {
    exchange: Exchange,
    /// The tokens of each pool.
    pools: Vec<[Address; 2]>,
    #[serde(skip)]
    rehearsal: Rehearsal,
}

impl Amm for Market {
    const NAME: &str = "amm-v3";
    const ARTIFACTS: &[&str] = ARTIFACTS;
    const POOL_MICROS: usize = 1_500;

    fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        pairs: &[TokenPair],
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        let code = ExchangeCode::read(artifacts)?;
        let exchange = Exchange::deploy(setup, &code, owner)?;
        let pools = exchange.open_pools(setup, &code, pairs, rng)?;
        Ok(Self {
            exchange,
            pools,
            rehearsal: Rehearsal::default(),
        })
    }

    fn swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let Exchange { owner, router, .. } = self.exchange;
        let trade = Trade::new(trader, self.pools[pool], rng);
        let by_owner = Trade {
            trader: owner,
            ..trade
        };
        let quote = self.exchange.swap(self.rehearsal.of(setup), &by_owner)?;
        trade.admit(setup, owner, router, rng)?;
        Ok(Intent {
            from: trader,
            to: router,
            value: 0,
            data: exchange::swap_data(&trade, least(quote)),
            gas_limit: gas::TICK_SWAP,
        })
    }
}
