//! Swaps on Uniswap V2.

mod exchange;

use super::{Intent, Pools, Stopped};
use crate::{
    Call, PublishedArtifacts, Setup, Size,
    rng::{Rng, Zipf},
    snapshot::Recipe,
    world::{ETHER, TIMESTAMP, World, gas},
};
use alloy_primitives::{Address, Bytes};
pub(super) use exchange::ARTIFACTS;
use exchange::{Exchange, ExchangeCode, Pool};
use serde::{Deserialize, Serialize};

/// Pools that popularity is spread over.
const ZIPF_POOLS: usize = 1_000;

/// Until when the router accepts a transaction.
const DEADLINE: u64 = TIMESTAMP + 600;

/// Swaps by distinct traders.
pub(super) fn swaps(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    pools: Pools,
    size: Size,
) -> Result<(), Stopped> {
    let count = match pools {
        Pools::Own => size.transactions,
        Pools::Zipf => size.pools_or(ZIPF_POOLS),
        Pools::Hot => 1,
    };
    let residents = size.accounts.max(size.transactions);
    let owner = world.address("deployer", 0);
    let seed = world.rng.next();
    let recipe = Recipe::new("amm-v2", world.seed())
        .number("pools", count)
        .artifacts(artifacts, ARTIFACTS)?;
    let mut market = world.begin(artifacts, recipe, residents, |setup, _| {
        Market::open(setup, artifacts, owner, count, &mut Rng::new(seed))
    })?;
    let mut rng = Rng::new(world.rng.next());
    let traders: Vec<_> = rng
        .distinct(size.transactions, residents)
        .into_iter()
        .map(|index| world.resident(index))
        .collect();
    let popularity = Zipf::new(count);
    let intents = world.prepare(|setup| {
        let traders = traders.into_iter().enumerate();
        let swaps = traders.map(|(index, trader)| {
            let pool = match pools {
                Pools::Own => index,
                Pools::Zipf | Pools::Hot => popularity.rank(&mut rng),
            };
            market.swap(setup, trader, pool, &mut rng)
        });
        swaps.collect::<Result<Vec<_>, Stopped>>()
    })?;
    world.send_all(intents);
    Ok(())
}

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
        let code = ExchangeCode::read(artifacts)?;
        let exchange = Exchange::deploy(setup, &code, owner)?;
        let pools = exchange.open_pools(setup, &code, pools, rng)?;
        Ok(Self { exchange, pools })
    }

    /// A swap in one of the pools, with the trader given what it takes.
    pub(super) fn swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        pool: usize,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let order = Order::new(trader, &mut self.pools[pool], rng);
        self.exchange.admit(setup, &order, rng)?;
        Ok(Intent {
            from: trader,
            to: self.exchange.router,
            value: 0,
            data: order.data(),
            gas_limit: gas::SWAP,
        })
    }
}

/// A swap that someone will ask for.
struct Order {
    trader: Address,
    token_in: Address,
    token_out: Address,
    amount_in: u128,
    least_out: u128,
}

impl Order {
    /// Up to ten tokens in either direction. The trader has asked for the price
    /// and accepts one that is half a percent worse.
    fn new(trader: Address, pool: &mut Pool, rng: &mut Rng) -> Self {
        let zero_for_one = rng.chance(50);
        let amount_in = ETHER + u128::from(rng.below(9 * ETHER as u64));
        let quote = pool.reserves.amount_out(zero_for_one, amount_in);
        pool.reserves = pool.reserves.after_swap(zero_for_one, amount_in);
        let [token0, token1] = pool.tokens;
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
            least_out: quote - quote / 200,
        }
    }

    fn data(&self) -> Bytes {
        let signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)";
        Call::new(signature)
            .word(self.amount_in)
            .word(self.least_out)
            // Where the path begins: after these five words.
            .word(5 * 32)
            .address(self.trader)
            .word(DEADLINE)
            .word(2)
            .address(self.token_in)
            .address(self.token_out)
            .data()
    }
}
