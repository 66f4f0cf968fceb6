//! Uniswap V4: every transaction is one swap at a price of the pool.

use crate::{
    chain::{
        Chain, SEED, ZIPF, ZIPF_TRANSACTIONS, address_argument, after, argument, check_popularity,
        generate, run,
    },
    concentrated::{FEE, State, Swap, Trades, tick},
};
use alloy_primitives::{Address, Log, U256, keccak256};
use parallax_workload::{Call, Pools, Protocol, Workload, mapping_slot};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 100;

/// Gas of a swap by a simple router on mainnet, from none to two ticks crossed.
const USUAL_GAS: std::ops::Range<u64> = 95_000..200_000;

/// As V4's `StateLibrary` reads it: price and tick in one word, liquidity three after.
fn state(chain: &mut Chain, manager: Address, pool: U256) -> State {
    let slot = mapping_slot(pool, U256::from(6));
    let mut load = |slot: U256| {
        let data = Call::new("extsload(bytes32)").word(slot).data();
        chain.words(manager, data)[0]
    };
    let packed = load(slot);
    State {
        price: packed & ((U256::ONE << 160) - U256::ONE),
        tick: signed_24(packed >> 160),
        liquidity: load(slot + U256::from(3)),
    }
}

/// The number of the last 24 bits, with its sign.
fn signed_24(word: U256) -> i32 {
    tick(word << 8) >> 8
}

/// Swap, two transfers. What the event says is what the transaction asked for.
fn read(tx: &TxEnv, manager: Address, logs: &[Log]) -> (U256, Swap) {
    let [event, _, _] = logs else {
        panic!("{logs:?}");
    };
    let name = keccak256("Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)");
    // The key of the pool is the first five arguments.
    let id = keccak256(&tx.data[4..][..5 * 32]);
    let topics = [name, id, tx.kind.to().unwrap().into_word()];
    assert_eq!((event.address, event.topics()), (manager, &topics[..]));
    let words: Vec<_> = event
        .data
        .data
        .chunks(32)
        .map(U256::from_be_slice)
        .collect();
    assert_eq!(words[5], U256::from(FEE));
    let zero_for_one = argument(tx, 5) == U256::ONE;
    let [into, out] = if zero_for_one { [0, 1] } else { [1, 0] };
    // All of it went in: no price to stop at was reached.
    assert_eq!(words[into], argument(tx, 6));
    let swap = Swap {
        trader: tx.caller,
        tokens: [0, 1].map(|index| address_argument(tx, index)),
        zero_for_one,
        // What the trader pays is negative.
        amount_in: words[into].wrapping_neg().to(),
        amount_out: words[out].to(),
        state: State {
            price: words[2],
            tick: tick(words[4]),
            liquidity: words[3],
        },
    };
    (id.into(), swap)
}

/// The trader accepted a price which is half a percent worse than that before the
/// swap, its square root a quarter.
fn check_limit(tx: &TxEnv, swap: &Swap, before: U256) {
    let limit = argument(tx, 7);
    let distance = before / U256::from(400);
    if swap.zero_for_one {
        assert_eq!(limit, before - distance);
        assert!(swap.state.price > limit);
    } else {
        assert_eq!(limit, before + distance);
        assert!(swap.state.price < limit);
    }
}

fn check_swaps(workload: &Workload) -> Trades {
    let output = run(workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(workload, &output));
    let mut trades = Trades::default();
    let router = *workload.block.transactions[0].kind.to().unwrap();
    let manager = before.address(router, "manager()");
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        let gas = outcome.result.tx_gas_used();
        assert!(USUAL_GAS.contains(&gas), "{gas}");
        let (pool, swap) = read(tx, manager, outcome.result.logs());
        let first = state(&mut before, manager, pool);
        let last = trades.last(pool).unwrap_or(first);
        check_limit(tx, &swap, last.price);
        trades.add(pool, first, swap);
    }
    let state = |chain: &mut Chain, pool| state(chain, manager, pool);
    trades.check(&mut before, &mut after, state, |_| manager);
    trades
}

#[test]
fn own_pools() {
    let Some(workload) = generate(Protocol::AmmV4(Pools::Own), TRANSACTIONS, SEED) else {
        return;
    };
    let trades = check_swaps(&workload);
    assert_eq!(trades.counts().len(), TRANSACTIONS);
    trades.check_crossed(5..25);
    // Nor have any two a token in common.
    let transactions = workload.block.transactions.iter();
    let tokens = transactions.flat_map(|tx| [0, 1].map(|index| address_argument(tx, index)));
    let mut tokens: Vec<_> = tokens.collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 2 * TRANSACTIONS);
}

#[test]
fn popular_pools() {
    for (pools, most, different) in ZIPF {
        let Some(workload) = generate(Protocol::AmmV4(pools), ZIPF_TRANSACTIONS, SEED) else {
            return;
        };
        let trades = check_swaps(&workload);
        check_popularity(&trades.counts(), most, different);
        trades.check_crossed(5..25);
    }
}

#[test]
fn one_pool() {
    let Some(workload) = generate(Protocol::AmmV4(Pools::Hot), 400, SEED) else {
        return;
    };
    let trades = check_swaps(&workload);
    assert_eq!(trades.counts(), [400]);
    trades.check_crossed(5..25);
}
