//! Uniswap V4 deployed: its manager, in which all pools are, and the routers of its
//! own tests.

use crate::{
    Call, CreationCode, PublishedArtifacts, Setup,
    abi::returned,
    mapping_slot,
    protocol::{
        Stopped,
        concentrated::{FEE, Position, TICK_SPACING, first_price, to_tick, worse},
        token::{self, TokenCode},
        trade::{TokenPair, Trade},
    },
    rng::Rng,
};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use serde::{Deserialize, Serialize};

const MANAGER: &str = "@uniswap/v4-core/out/PoolManager.sol/PoolManager.json";
const POSITIONS: &str =
    "@uniswap/v4-core/out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest.json";
const ROUTER: &str = "@uniswap/v4-core/out/PoolSwapTest.sol/PoolSwapTest.json";

/// All that it takes.
pub(in crate::protocol) const ARTIFACTS: &[&str] = &[token::ARTIFACT, MANAGER, POSITIONS, ROUTER];

/// The code of all contracts.
pub(super) struct ExchangeCode {
    token: TokenCode,
    manager: CreationCode,
    positions: CreationCode,
    router: CreationCode,
}

impl ExchangeCode {
    pub(super) fn read(artifacts: &PublishedArtifacts) -> Result<Self, Stopped> {
        Ok(Self {
            token: TokenCode::read(artifacts)?,
            manager: artifacts.read(MANAGER)?,
            positions: artifacts.read(POSITIONS)?,
            router: artifacts.read(ROUTER)?,
        })
    }
}

/// The exchange, and who set it up and owns all tokens.
#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    pub(super) owner: Address,
    manager: Address,
    positions: Address,
    pub(super) router: Address,
}

/// Where the manager keeps its pools. `extsload` is how it is meant to be read, and
/// `StateLibrary.sol` says where what is.
const POOLS_SLOT: U256 = U256::from_limbs([6, 0, 0, 0]);

impl Exchange {
    pub(super) fn deploy(
        setup: &mut Setup,
        code: &ExchangeCode,
        owner: Address,
    ) -> Result<Self, Stopped> {
        let arguments = Call::bare().address(owner).data();
        let manager = setup.deploy(owner, code.manager.with_arguments(&arguments)?)?;
        let arguments = Call::bare().address(manager).data();
        let positions = setup.deploy(owner, code.positions.with_arguments(&arguments)?)?;
        let router = setup.deploy(owner, code.router.with_arguments(&arguments)?)?;
        Ok(Self {
            owner,
            manager,
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

    /// The pool has seen trade, so that what it counts is not zero any more.
    fn open_pool(
        &self,
        setup: &mut Setup,
        index: usize,
        tokens: [Address; 2],
        rng: &mut Rng,
    ) -> Result<(), Stopped> {
        let signature = "initialize((address,address,uint24,int24,address),uint160)";
        let initialize = key(Call::new(signature), tokens).word(first_price(rng));
        let output = setup.call(self.owner, self.manager, initialize.data())?;
        for position in Position::around(to_tick(returned(&output, 0)), index, rng) {
            let data = modify_data(tokens, &position);
            setup.call(self.owner, self.positions, data)?;
        }
        for trade in Trade::both_ways(self.owner, tokens) {
            self.swap(setup, &trade)?;
        }
        Ok(())
    }

    /// Swaps; the price before.
    pub(super) fn swap(&self, setup: &mut Setup, trade: &Trade) -> Result<U256, Stopped> {
        let price = self.price(setup, trade)?;
        let data = swap_data(trade, worse(price, trade));
        setup.call(trade.trader, self.router, data)?;
        Ok(price)
    }

    fn price(&self, setup: &mut Setup, trade: &Trade) -> Result<U256, Stopped> {
        let id = keccak256(key(Call::bare(), trade.tokens()).data());
        let slot = mapping_slot(id.into(), POOLS_SLOT);
        let read = Call::new("extsload(bytes32)").word(slot).data();
        let packed = returned(&setup.read(self.manager, read)?, 0);
        Ok(packed & ((U256::ONE << 160) - U256::ONE))
    }
}

/// Which pool: tokens, fee, spacing, no hooks.
fn key(call: Call, [token0, token1]: [Address; 2]) -> Call {
    call.address(token0)
        .address(token1)
        .word(FEE)
        .signed(TICK_SPACING.into())
        .address(Address::ZERO)
}

fn modify_data(tokens: [Address; 2], position: &Position) -> Bytes {
    let signature = "modifyLiquidity((address,address,uint24,int24,address),\
        (int24,int24,int256,bytes32),bytes)";
    key(Call::new(signature), tokens)
        .signed(position.lower.into())
        .signed(position.upper.into())
        .word(position.liquidity)
        .word(0)
        // Where the data for hooks begins, after these ten words: there is none.
        .word(10 * 32)
        .word(0)
        .data()
}

/// The router knows no least amount, but a price to stop at.
pub(super) fn swap_data(trade: &Trade, last_price: U256) -> Bytes {
    let signature = "swap((address,address,uint24,int24,address),(bool,int256,uint160),\
        (bool,bool),bytes)";
    key(Call::new(signature), trade.tokens())
        .word(u64::from(trade.zero_for_one()))
        // Negative is what goes in, positive would be what comes out.
        .signed(-(trade.amount_in.cast_signed()))
        .word(last_price)
        // Tokens are taken and given, not claims on them.
        .word(0)
        .word(0)
        // Where the data for hooks begins, after these eleven words: there is none.
        .word(11 * 32)
        .word(0)
        .data()
}
