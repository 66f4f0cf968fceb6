//! Uniswap V3 deployed: its factory, its router, pools with liquidity.

use crate::{
    Call, CreationCode, PublishedArtifacts, Setup,
    abi::{returned, to_address},
    protocol::{
        Stopped,
        concentrated::{FEE, Position, first_price, to_tick},
        token::{self, TokenCode},
        trade::{TokenPair, Trade},
    },
    rng::Rng,
    world::DEADLINE,
};
use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

const FACTORY: &str =
    "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json";
const WRAPPED_ETHER: &str = "@uniswap/v2-periphery/build/WETH9.json";
const POSITIONS: &str = "@uniswap/v3-periphery/artifacts/contracts/\
    NonfungiblePositionManager.sol/NonfungiblePositionManager.json";
const ROUTER: &str = "@uniswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json";

/// All that it takes.
pub(in crate::protocol) const ARTIFACTS: &[&str] =
    &[token::ARTIFACT, FACTORY, WRAPPED_ETHER, POSITIONS, ROUTER];

/// The code of all contracts.
pub(super) struct ExchangeCode {
    token: TokenCode,
    factory: CreationCode,
    wrapped_ether: CreationCode,
    positions: CreationCode,
    router: CreationCode,
}

impl ExchangeCode {
    pub(super) fn read(artifacts: &PublishedArtifacts) -> Result<Self, Stopped> {
        Ok(Self {
            token: TokenCode::read(artifacts)?,
            factory: artifacts.read(FACTORY)?,
            wrapped_ether: artifacts.read(WRAPPED_ETHER)?,
            positions: artifacts.read(POSITIONS)?,
            router: artifacts.read(ROUTER)?,
        })
    }
}

/// The exchange, and who set it up and owns all tokens.
#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    pub(super) owner: Address,
    positions: Address,
    pub(super) router: Address,
}

/// For how many blocks a pool remembers its price.
const OBSERVATIONS: u64 = 8;

impl Exchange {
    pub(super) fn deploy(
        setup: &mut Setup,
        code: &ExchangeCode,
        owner: Address,
    ) -> Result<Self, Stopped> {
        let factory = setup.deploy(owner, code.factory.with_arguments(&[])?)?;
        let wrapped_ether = setup.deploy(owner, code.wrapped_ether.with_arguments(&[])?)?;
        let arguments = Call::bare().address(factory).address(wrapped_ether);
        let router = code.router.with_arguments(&arguments.clone().data())?;
        let router = setup.deploy(owner, router)?;
        // Nobody looks at the pictures of positions, so what draws them is nowhere.
        let arguments = arguments.address(Address::ZERO).data();
        let positions = setup.deploy(owner, code.positions.with_arguments(&arguments)?)?;
        Ok(Self {
            owner,
            positions,
            router,
        })
    }

    /// A pool for each pair, the most popular first; their tokens.
    pub(super) fn open_pools(
        &self,
        setup: &mut Setup,
        code: &ExchangeCode,
        pairs: &[TokenPair],
        rng: &mut Rng,
    ) -> Result<Vec<[Address; 2]>, Stopped> {
        let spenders = [self.positions, self.router];
        let pools = TokenPair::deploy_all(pairs, setup, &code.token, self.owner, &spenders)?;
        for (index, tokens) in pools.iter().enumerate() {
            self.open_pool(setup, index, *tokens, rng)?;
        }
        Ok(pools)
    }

    fn open_pool(
        &self,
        setup: &mut Setup,
        index: usize,
        tokens: [Address; 2],
        rng: &mut Rng,
    ) -> Result<(), Stopped> {
        let [token0, token1] = tokens;
        let signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)";
        let create = Call::new(signature)
            .address(token0)
            .address(token1)
            .word(FEE)
            .word(first_price(rng));
        let output = setup.call(self.owner, self.positions, create.data())?;
        let pool = to_address(returned(&output, 0));
        let state = setup.read(pool, Call::new("slot0()").data())?;
        for position in Position::around(to_tick(returned(&state, 1)), index, rng) {
            setup.call(self.owner, self.positions, self.mint(tokens, &position))?;
        }
        self.settle(setup, pool, tokens)
    }

    fn mint(&self, [token0, token1]: [Address; 2], position: &Position) -> Bytes {
        let signature = "mint((address,address,uint24,int24,int24,uint256,uint256,\
            uint256,uint256,address,uint256))";
        Call::new(signature)
            .address(token0)
            .address(token1)
            .word(FEE)
            .signed(position.lower.into())
            .signed(position.upper.into())
            // At most so much of each token, and any less of one of them.
            .word(position.amount())
            .word(position.amount())
            .word(0)
            .word(0)
            .address(self.owner)
            .word(DEADLINE)
            .data()
    }

    /// Lets a pool see trade, and make room for what it remembers: then these slots
    /// are not empty, and writing them costs less.
    fn settle(
        &self,
        setup: &mut Setup,
        pool: Address,
        tokens: [Address; 2],
    ) -> Result<(), Stopped> {
        let remember = Call::new("increaseObservationCardinalityNext(uint16)").word(OBSERVATIONS);
        setup.call(self.owner, pool, remember.data())?;
        for trade in Trade::both_ways(self.owner, tokens) {
            self.swap(setup, &trade)?;
        }
        Ok(())
    }

    /// Swaps, at any price; what the trader gets.
    pub(super) fn swap(&self, setup: &mut Setup, trade: &Trade) -> Result<u128, Stopped> {
        let output = setup.call(trade.trader, self.router, swap_data(trade, 0))?;
        // There are not that many tokens.
        Ok(returned(&output, 0).saturating_to())
    }
}

pub(super) fn swap_data(trade: &Trade, least_out: u128) -> Bytes {
    let signature =
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))";
    Call::new(signature)
        .address(trade.token_in)
        .address(trade.token_out)
        .word(FEE)
        .address(trade.trader)
        .word(DEADLINE)
        .word(trade.amount_in)
        .word(least_out)
        // No price to stop at.
        .word(0)
        .data()
}
