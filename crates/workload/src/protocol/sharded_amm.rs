//! Swaps on an exchange whose liquidity is split in shards.

use super::{Intent, Stopped, own, token};
use crate::{
    Call, Contract, Reserves, Setup, SetupError,
    rng::Rng,
    world::{ETHER, World, gas},
};
use alloy_primitives::{Address, U256};

/// Shards of the exchange.
const SHARDS: usize = 64;

/// Swaps by distinct traders, each in the shard that the trader's address gives.
pub(super) fn swaps(world: &mut World, transactions: usize) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    let owner = world.address("deployer", 0);
    let traders: Vec<_> = (0..transactions)
        .map(|index| world.user("trader", index))
        .collect();
    let intents = world.prepare(|setup| {
        let mut exchange = ShardedExchange::open(setup, owner, &mut rng)?;
        let swaps = traders
            .into_iter()
            .map(|trader| exchange.swap(setup, trader, &mut rng));
        swaps.collect::<Result<Vec<_>, SetupError>>()
    })?;
    world.send_all(intents);
    Ok(())
}

/// The exchange, and its shards as they will be when all swaps made so far have
/// been executed.
pub(super) struct ShardedExchange {
    owner: Address,
    exchange: Address,
    tokens: [Address; 2],
    shards: Vec<Reserves>,
}

impl ShardedExchange {
    /// Deploys it, with a million of each token in each shard, more or less.
    pub(super) fn open(
        setup: &mut Setup,
        owner: Address,
        rng: &mut Rng,
    ) -> Result<Self, SetupError> {
        let tokens = [own::token(setup, owner)?, own::token(setup, owner)?];
        let [token0, token1] = tokens;
        let arguments = Call::bare().address(token0).address(token1).word(SHARDS);
        let exchange = own::deploy(setup, owner, Contract::ShardedExchange, arguments)?;
        for token in tokens {
            token::approve(setup, token, owner, exchange)?;
        }
        let shards = (0..SHARDS).map(|shard| {
            let amounts = [(); 2].map(|()| (1_000_000 + u128::from(rng.below(1_000_000))) * ETHER);
            let [amount0, amount1] = amounts;
            let data = Call::new("addLiquidity(uint256,uint112,uint112,uint256)")
                .word(shard)
                .word(amount0)
                .word(amount1)
                .word(1);
            setup.call(owner, exchange, data.data())?;
            Ok(Reserves {
                amounts,
                // Of no matter for prices.
                timestamp: 0,
            })
        });
        let shards = shards.collect::<Result<_, SetupError>>()?;
        Ok(Self {
            owner,
            exchange,
            tokens,
            shards,
        })
    }

    /// A swap of up to ten tokens, with the trader given what it takes. The trader
    /// has asked for the price and accepts one that is half a percent worse.
    pub(super) fn swap(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        rng: &mut Rng,
    ) -> Result<Intent, SetupError> {
        let zero_for_one = rng.chance(50);
        let amount_in = ETHER + u128::from(rng.below(9 * ETHER as u64));
        let shard = &mut self.shards[shard_of(trader)];
        let quote = shard.amount_out(zero_for_one, amount_in);
        *shard = shard.after_swap(zero_for_one, amount_in);
        let token_in = self.tokens[usize::from(!zero_for_one)];
        // Some is left, so that no slot is emptied.
        token::transfer(setup, token_in, self.owner, trader, amount_in + ETHER)?;
        token::approve(setup, token_in, trader, self.exchange)?;
        let data = Call::new("swap(bool,uint112,uint256,address)")
            .word(u8::from(zero_for_one))
            .word(amount_in)
            .word(quote - quote / 200)
            .address(trader);
        Ok(Intent {
            from: trader,
            to: self.exchange,
            value: 0,
            data: data.data(),
            gas_limit: gas::SWAP,
        })
    }
}

/// Where a trader's swaps happen.
fn shard_of(trader: Address) -> usize {
    let address = U256::from_be_slice(trader.as_slice());
    (address % U256::from(SHARDS)).saturating_to()
}
