//! Uniswap V2: every transaction is one swap, by the formula.

use crate::chain::{
    Chain, SEED, ZIPF, ZIPF_TRANSACTIONS, address_argument, after, argument, check_popularity,
    generate, run,
};
use alloy_primitives::{Address, Log, U256, keccak256, map::HashMap};
use parallax_workload::{Call, Pools, Protocol, Reserves, Workload};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 60;

/// A swap as its transaction asks for it.
struct Asked {
    amount_in: u128,
    least_out: U256,
    path: [Address; 2],
    pair: Address,
}

impl Asked {
    fn read(chain: &mut Chain, tx: &TxEnv) -> Self {
        let path = [6, 7].map(|index| address_argument(tx, index));
        let router = *tx.kind.to().unwrap();
        let factory = chain.address(router, "factory()");
        let [token, other] = path;
        let pair_of = Call::new("getPair(address,address)")
            .address(token)
            .address(other)
            .data();
        Self {
            amount_in: argument(tx, 0).to(),
            least_out: argument(tx, 1),
            path,
            pair: Address::from_word(chain.words(factory, pair_of)[0].into()),
        }
    }

    fn zero_for_one(&self) -> bool {
        self.path[0] < self.path[1]
    }
}

/// A swap that its transaction asked for, and what the formula gives for it.
struct Swap<'a> {
    tx: &'a TxEnv,
    asked: Asked,
    out: u128,
}

impl Swap<'_> {
    /// Two transfers, Sync, Swap.
    fn check_logs(&self, logs: &[Log]) {
        let [_, _, _, swap] = logs else {
            panic!("{logs:?}");
        };
        assert_eq!(swap.address, self.asked.pair);
        let event = keccak256("Swap(address,uint256,uint256,uint256,uint256,address)");
        assert_eq!(swap.topics()[0], event);
        assert_eq!(swap.topics()[2], self.tx.caller.into_word());
        let words = swap.data.data.chunks(32).map(U256::from_be_slice);
        let [into, out] = [self.asked.amount_in, self.out].map(U256::from);
        let expected = if self.asked.zero_for_one() {
            [into, U256::ZERO, U256::ZERO, out]
        } else {
            [U256::ZERO, into, out, U256::ZERO]
        };
        assert!(words.eq(expected));
    }

    /// Traders swap once, so the whole block moves as much as the swap.
    fn check_balances(&self, before: &mut Chain, after: &mut Chain) {
        let (Asked { path, .. }, trader) = (&self.asked, self.tx.caller);
        let paid = before.balance(path[0], trader) - after.balance(path[0], trader);
        assert_eq!(paid, U256::from(self.asked.amount_in));
        let got = after.balance(path[1], trader) - before.balance(path[1], trader);
        assert_eq!(got, U256::from(self.out));
        assert!(got >= self.asked.least_out);
    }
}

/// Gas of a swap by the router on mainnet, where nothing is used for the first time.
const USUAL_GAS: std::ops::Range<u64> = 85_000..130_000;

/// A pool in the middle of a block.
#[derive(Clone)]
struct Traded {
    reserves: Reserves,
    swaps: usize,
}

impl Traded {
    /// What comes out of the next swap.
    fn swap(&mut self, asked: &Asked) -> u128 {
        let product = |reserves: &Reserves| {
            let [reserve0, reserve1] = reserves.amounts.map(U256::from);
            reserve0 * reserve1
        };
        let (zero_for_one, before) = (asked.zero_for_one(), product(&self.reserves));
        let out = self.reserves.amount_out(zero_for_one, asked.amount_in);
        self.reserves = self.reserves.after_swap(zero_for_one, asked.amount_in);
        self.swaps += 1;
        // The product is constant but for the fee of 0.3 %, which stays.
        let grown = product(&self.reserves) - before;
        assert!(grown > U256::ZERO && grown < before / U256::from(1_000_000));
        out
    }

    /// The pair agrees, and holds what it says.
    fn check(mut self, workload: &Workload, after: &mut Chain, pair: Address) {
        self.reserves.timestamp = workload.block.env.timestamp.to();
        assert_eq!(after.reserves(pair), self.reserves);
        let tokens = ["token0()", "token1()"].map(|name| after.address(pair, name));
        for (token, amount) in tokens.into_iter().zip(self.reserves.amounts) {
            assert_eq!(after.balance(token, pair), U256::from(amount));
        }
    }
}

/// Every transaction is one swap, by the formula. Returns how many each pool saw.
fn check_swaps(workload: &Workload) -> Vec<usize> {
    let output = run(workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(workload, &output));
    let mut pools = HashMap::<Address, Traded>::default();
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        let asked = Asked::read(&mut before, tx);
        let pool = pools.entry(asked.pair).or_insert_with(|| Traded {
            reserves: before.reserves(asked.pair),
            swaps: 0,
        });
        let out = pool.swap(&asked);
        let gas = outcome.result.tx_gas_used();
        assert!(USUAL_GAS.contains(&gas), "{gas}");
        let swap = Swap { tx, asked, out };
        swap.check_logs(outcome.result.logs());
        swap.check_balances(&mut before, &mut after);
    }
    let counts = pools.values().map(|pool| pool.swaps).collect();
    for (pair, pool) in pools {
        pool.check(workload, &mut after, pair);
    }
    counts
}

#[test]
fn own_pools() {
    let Some(workload) = generate(Protocol::AmmV2(Pools::Own), TRANSACTIONS, SEED) else {
        return;
    };
    assert_eq!(check_swaps(&workload).len(), TRANSACTIONS);
}

#[test]
fn popular_pools() {
    for (pools, most, different) in ZIPF {
        let Some(workload) = generate(Protocol::AmmV2(pools), ZIPF_TRANSACTIONS, SEED) else {
            return;
        };
        check_popularity(&check_swaps(&workload), most, different);
    }
}

#[test]
fn one_pool() {
    let Some(workload) = generate(Protocol::AmmV2(Pools::Hot), TRANSACTIONS, SEED) else {
        return;
    };
    assert_eq!(check_swaps(&workload).len(), 1);
}
