//! Uniswap V3: every transaction is one swap at a price of the pool.

use crate::{
    chain::{
        Chain, SEED, ZIPF, ZIPF_TRANSACTIONS, address_argument, after, argument, check_popularity,
        generate, run,
    },
    concentrated::{FEE, State, Swap, Trades, tick},
};
use alloy_primitives::{Address, Log, U256, keccak256};
use parallax_workload::{Call, Pools, Protocol, Workload};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 100;

/// Gas of a swap by the router on mainnet, from none to two ticks crossed.
const USUAL_GAS: std::ops::Range<u64> = 95_000..200_000;

fn state(chain: &mut Chain, pool: Address) -> State {
    let slot = chain.words(pool, Call::new("slot0()").data());
    State {
        price: slot[0],
        tick: tick(slot[1]),
        liquidity: chain.words(pool, Call::new("liquidity()").data())[0],
    }
}

/// The pool that a transaction asks the router to trade in.
fn pool_of(chain: &mut Chain, tx: &TxEnv) -> Address {
    let factory = chain.address(*tx.kind.to().unwrap(), "factory()");
    let get = Call::new("getPool(address,address,uint24)")
        .address(address_argument(tx, 0))
        .address(address_argument(tx, 1))
        .word(argument(tx, 2));
    Address::from_word(chain.words(factory, get.data())[0].into())
}

/// Two transfers, Swap. What the event says is what the transaction asked for.
fn read(tx: &TxEnv, pool: Address, logs: &[Log]) -> Swap {
    let [_, _, event] = logs else {
        panic!("{logs:?}");
    };
    let name = keccak256("Swap(address,address,int256,int256,uint160,uint128,int24)");
    let router = *tx.kind.to().unwrap();
    let topics = [name, router.into_word(), tx.caller.into_word()];
    assert_eq!((event.address, event.topics()), (pool, &topics[..]));
    let words: Vec<_> = event
        .data
        .data
        .chunks(32)
        .map(U256::from_be_slice)
        .collect();
    let mut tokens = [0, 1].map(|index| address_argument(tx, index));
    let zero_for_one = tokens[0] < tokens[1];
    tokens.sort_unstable();
    let [into, out] = if zero_for_one { [0, 1] } else { [1, 0] };
    assert_eq!(words[into], argument(tx, 5));
    assert_eq!(argument(tx, 2), U256::from(FEE));
    Swap {
        trader: tx.caller,
        tokens,
        zero_for_one,
        amount_in: words[into].to(),
        // What leaves the pool is negative.
        amount_out: words[out].wrapping_neg().to(),
        state: State {
            price: words[2],
            tick: tick(words[4]),
            liquidity: words[3],
        },
    }
}

fn check_swaps(workload: &Workload) -> Trades {
    let output = run(workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(workload, &output));
    let mut trades = Trades::default();
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        let gas = outcome.result.tx_gas_used();
        assert!(USUAL_GAS.contains(&gas), "{gas}");
        let pool = pool_of(&mut before, tx);
        let swap = read(tx, pool, outcome.result.logs());
        // The trader was told exactly what came out in the end, and accepted half a
        // percent less.
        let least = swap.amount_out - swap.amount_out / 200;
        assert_eq!(argument(tx, 6), U256::from(least));
        let first = state(&mut before, pool);
        trades.add(pool.into_word().into(), first, swap);
    }
    let address = |pool: U256| Address::from_word(pool.into());
    let state = |chain: &mut Chain, pool| state(chain, address(pool));
    trades.check(&mut before, &mut after, state, address);
    trades
}

#[test]
fn own_pools() {
    let Some(workload) = generate(Protocol::AmmV3(Pools::Own), TRANSACTIONS, SEED) else {
        return;
    };
    let trades = check_swaps(&workload);
    assert_eq!(trades.counts().len(), TRANSACTIONS);
    trades.check_crossed(5..25);
}

#[test]
fn popular_pools() {
    for (pools, most, different) in ZIPF {
        let Some(workload) = generate(Protocol::AmmV3(pools), ZIPF_TRANSACTIONS, SEED) else {
            return;
        };
        let trades = check_swaps(&workload);
        check_popularity(&trades.counts(), most, different);
        trades.check_crossed(5..25);
    }
}

#[test]
fn one_pool() {
    let Some(workload) = generate(Protocol::AmmV3(Pools::Hot), 400, SEED) else {
        return;
    };
    let trades = check_swaps(&workload);
    assert_eq!(trades.counts(), [400]);
    trades.check_crossed(5..25);
}

/// The first swap of a block notes the price of the one before; the slot for it is
/// not empty.
#[test]
fn the_oracle_goes_on() {
    let Some(workload) = generate(Protocol::AmmV3(Pools::Hot), 10, SEED) else {
        return;
    };
    let output = run(&workload);
    let mut chains = [
        Chain::new(&workload.state),
        Chain::new(&after(&workload, &output)),
    ];
    let pool = pool_of(&mut chains[0], &workload.block.transactions[0]);
    let newest = chains.each_mut().map(|chain| {
        let index = chain.words(pool, Call::new("slot0()").data())[2];
        let observation = Call::new("observations(uint256)").word(index).data();
        (index, chain.words(pool, observation)[0])
    });
    assert_eq!(newest.map(|(index, _)| index), [0, 1].map(U256::from));
    assert_eq!(newest[1].1, workload.block.env.timestamp);
    let second = Call::new("observations(uint256)").word(1).data();
    assert_ne!(chains[0].words(pool, second)[0], U256::ZERO);
}
