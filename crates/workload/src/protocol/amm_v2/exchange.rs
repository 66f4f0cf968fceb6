//! Uniswap V2 deployed: its factory, its router, pairs with liquidity.

use super::Order;
use crate::{
    Call, CreationCode, PublishedArtifacts, Reserves, Setup,
    abi::{returned, to_address},
    protocol::{
        Stopped,
        token::{self, TokenCode},
        trade::{TokenPair, Trade},
    },
    rng::Rng,
    world::{ETHER, SLOT_SECONDS, TIMESTAMP},
};
use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

const FACTORY: &str = "@uniswap/v2-core/build/UniswapV2Factory.json";
const WRAPPED_ETHER: &str = "@uniswap/v2-periphery/build/WETH9.json";
const ROUTER: &str = "@uniswap/v2-periphery/build/UniswapV2Router02.json";

/// All that it takes.
pub(in crate::protocol) const ARTIFACTS: &[&str] =
    &[token::ARTIFACT, FACTORY, WRAPPED_ETHER, ROUTER];

/// The code of all contracts.
pub(super) struct ExchangeCode {
    token: TokenCode,
    factory: CreationCode,
    wrapped_ether: CreationCode,
    router: CreationCode,
}

impl ExchangeCode {
    pub(super) fn read(artifacts: &PublishedArtifacts) -> Result<Self, Stopped> {
        Ok(Self {
            token: TokenCode::read(artifacts)?,
            factory: artifacts.read(FACTORY)?,
            wrapped_ether: artifacts.read(WRAPPED_ETHER)?,
            router: artifacts.read(ROUTER)?,
        })
    }
}

/// The exchange, and who set it up and owns all tokens.
#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    owner: Address,
    factory: Address,
    pub(super) router: Address,
}

/// A pair; tokens and reserves are in its order.
#[derive(Serialize, Deserialize)]
pub(super) struct Pool {
    pub(super) tokens: [Address; 2],
    pub(super) reserves: Reserves,
}

impl Exchange {
    pub(super) fn deploy(
        setup: &mut Setup,
        code: &ExchangeCode,
        owner: Address,
    ) -> Result<Self, Stopped> {
        let fee_setter = Call::bare().address(owner).data();
        let factory = setup.deploy(owner, code.factory.with_arguments(&fee_setter)?)?;
        let wrapped_ether = setup.deploy(owner, code.wrapped_ether.with_arguments(&[])?)?;
        let arguments = Call::bare().address(factory).address(wrapped_ether).data();
        let router = setup.deploy(owner, code.router.with_arguments(&arguments)?)?;
        Ok(Self {
            owner,
            factory,
            router,
        })
    }

    /// A pool for each pair, with a million of each token, more or less.
    pub(super) fn open_pools(
        &self,
        setup: &mut Setup,
        code: &ExchangeCode,
        pairs: &[TokenPair],
        rng: &mut Rng,
    ) -> Result<Vec<Pool>, Stopped> {
        let spenders = [self.router];
        let pairs = TokenPair::deploy_all(pairs, setup, &code.token, self.owner, &spenders)?;
        let pools = pairs
            .into_iter()
            .map(|tokens| self.open_pool(setup, tokens, rng));
        let pools = pools.collect::<Result<Vec<_>, Stopped>>()?;
        setup.next_block(SLOT_SECONDS);
        for pool in &pools {
            self.settle(setup, pool)?;
        }
        Ok(pools)
    }

    /// Lets a pair accumulate its first prices: in a pool that has seen trade,
    /// these slots are not empty, and writing them costs less.
    fn settle(&self, setup: &mut Setup, pool: &Pool) -> Result<(), Stopped> {
        let [token0, token1] = pool.tokens;
        let pair_of = Call::new("getPair(address,address)")
            .address(token0)
            .address(token1)
            .data();
        let pair = to_address(returned(&setup.read(self.factory, pair_of)?, 0));
        setup.call(self.owner, pair, Call::new("sync()").data())?;
        Ok(())
    }

    fn open_pool(
        &self,
        setup: &mut Setup,
        tokens: [Address; 2],
        rng: &mut Rng,
    ) -> Result<Pool, Stopped> {
        let amounts = [(); 2].map(|()| (1_000_000 + u128::from(rng.below(1_000_000))) * ETHER);
        setup.call(self.owner, self.router, self.liquidity(tokens, amounts))?;
        Ok(Pool {
            tokens,
            reserves: Reserves {
                amounts,
                // Of no matter for prices.
                timestamp: 0,
            },
        })
    }

    fn liquidity(&self, tokens: [Address; 2], amounts: [u128; 2]) -> Bytes {
        let signature =
            "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)";
        let [token0, token1] = tokens;
        // Wanted and least amounts are the same: the first to come sets the price.
        let [amount0, amount1] = amounts;
        Call::new(signature)
            .address(token0)
            .address(token1)
            .word(amount0)
            .word(amount1)
            .word(amount0)
            .word(amount1)
            .address(self.owner)
            .word(TIMESTAMP)
            .data()
    }

    /// Gives a trader what the order takes.
    pub(super) fn admit(
        &self,
        setup: &mut Setup,
        order: &Order,
        rng: &mut Rng,
    ) -> Result<(), Stopped> {
        let trade = Trade {
            trader: order.trader,
            token_in: order.path[0],
            token_out: order.path[order.path.len() - 1],
            amount_in: order.amount_in,
        };
        trade.admit(setup, self.owner, self.router, rng)
    }
}
