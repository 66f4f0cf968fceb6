//! Blocks on published protocols do what they say, sequentially and in parallel.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::HashMap};
use parallax_engine::{BlockOutput, Engine, EngineConfig, sequential};
use parallax_workload::{
    Call, MemoryState, Pools, Protocol, PublishedArtifacts, Reserves, Setup, Workload, protocols,
};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 60;
const SEED: u64 = 11;

/// Nothing, and why, where the published code is not installed.
fn generate(protocol: Protocol, transactions: usize, seed: u64) -> Option<Workload> {
    let artifacts = PublishedArtifacts::installed();
    if let Err(error) = protocol.check(&artifacts) {
        eprintln!("skipped: {error}");
        return None;
    }
    let workload = protocol.generate(&artifacts, transactions, seed);
    Some(workload.unwrap_or_else(|error| panic!("{protocol}: {error:?}")))
}

/// Executes in order; all transactions succeed.
fn run(workload: &Workload) -> BlockOutput {
    let output = sequential::replay(&workload.block, &workload.state, false).unwrap();
    for outcome in &output.outcomes {
        let (name, index, result) = (&workload.name, outcome.index, &outcome.result);
        assert!(result.is_success(), "{name} {index}: {result:?}");
    }
    output
}

/// The state after a block.
fn after(workload: &Workload, output: &BlockOutput) -> MemoryState {
    let mut state = workload.state.clone();
    for account in &output.changes.accounts {
        let info = account.after.as_ref().expect("nothing is destroyed");
        state.set_account(account.address, info.balance, info.nonce);
        for (slot, _, value) in &account.storage {
            state.set_storage(account.address, *slot, *value);
        }
    }
    state
}

/// What contracts answer.
struct Chain(Setup);

impl Chain {
    fn new(state: &MemoryState) -> Self {
        Self(Setup::new(state.clone(), 1, 1))
    }

    fn words(&mut self, to: Address, data: Bytes) -> Vec<U256> {
        let words = self.0.read(to, data).unwrap();
        words.chunks(32).map(U256::from_be_slice).collect()
    }

    fn address(&mut self, to: Address, signature: &str) -> Address {
        let word = self.words(to, Call::new(signature).data())[0];
        Address::from_word(word.into())
    }

    fn balance(&mut self, token: Address, owner: Address) -> U256 {
        let data = Call::new("balanceOf(address)").address(owner).data();
        self.words(token, data)[0]
    }

    fn reserves(&mut self, pair: Address) -> Reserves {
        let words = self.words(pair, Call::new("getReserves()").data());
        Reserves {
            amounts: [words[0].to(), words[1].to()],
            timestamp: words[2].to(),
        }
    }
}

fn argument(tx: &TxEnv, index: usize) -> U256 {
    U256::from_be_slice(&tx.data[4 + 32 * index..][..32])
}

fn address_argument(tx: &TxEnv, index: usize) -> Address {
    Address::from_word(argument(tx, index).into())
}

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

/// Every transaction is one swap, by the formula; what pools hold is what their
/// tokens say. Returns how many swaps each pool saw.
fn check_swaps(workload: &Workload) -> HashMap<Address, usize> {
    let output = run(workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(workload, &output));
    let mut pools = HashMap::<Address, (Reserves, usize)>::default();
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        let asked = Asked::read(&mut before, tx);
        let (reserves, count) = pools
            .entry(asked.pair)
            .or_insert_with(|| (before.reserves(asked.pair), 0));
        let out = reserves.amount_out(asked.zero_for_one(), asked.amount_in);
        let product = |reserves: &Reserves| {
            let [reserve0, reserve1] = reserves.amounts.map(U256::from);
            reserve0 * reserve1
        };
        let product_before = product(reserves);
        *reserves = reserves.after_swap(asked.zero_for_one(), asked.amount_in);
        *count += 1;
        assert!(product(reserves) > product_before, "the fee stays");
        assert!(U256::from(out) >= asked.least_out);

        // Two transfers, Sync, Swap.
        let [.., swap] = outcome.result.logs() else {
            panic!("no logs");
        };
        assert_eq!(outcome.result.logs().len(), 4);
        assert_eq!(swap.address, asked.pair);
        let event = keccak256("Swap(address,uint256,uint256,uint256,uint256,address)");
        assert_eq!(swap.topics()[0], event);
        assert_eq!(swap.topics()[2], B256::from(tx.caller.into_word()));
        let amounts: Vec<_> = swap.data.data.chunks(32).map(U256::from_be_slice).collect();
        let [input, output] = [asked.amount_in, out].map(U256::from);
        let zero = U256::ZERO;
        let expected = if asked.zero_for_one() {
            [input, zero, zero, output]
        } else {
            [zero, input, output, zero]
        };
        assert_eq!(amounts, expected);

        let [token_in, token_out] = asked.path;
        let paid = before.balance(token_in, tx.caller) - after.balance(token_in, tx.caller);
        assert_eq!(paid, input);
        let got = after.balance(token_out, tx.caller) - before.balance(token_out, tx.caller);
        assert_eq!(got, output);
    }
    for (pair, (mut reserves, _)) in pools.clone() {
        reserves.timestamp = workload.block.env.timestamp.to();
        assert_eq!(after.reserves(pair), reserves);
        for (name, amount) in ["token0()", "token1()"].into_iter().zip(reserves.amounts) {
            let token = after.address(pair, name);
            assert_eq!(after.balance(token, pair), U256::from(amount));
        }
    }
    pools
        .into_iter()
        .map(|(pair, (_, count))| (pair, count))
        .collect()
}

#[test]
fn uniswap_v2_own_pools() {
    let Some(workload) = generate(Protocol::AmmV2(Pools::Own), TRANSACTIONS, SEED) else {
        return;
    };
    assert_eq!(check_swaps(&workload).len(), TRANSACTIONS);
}

#[test]
fn uniswap_v2_popular_pools() {
    let Some(workload) = generate(Protocol::AmmV2(Pools::Zipf), 400, SEED) else {
        return;
    };
    let counts = check_swaps(&workload);
    // Of 1,000 pools with exponent 1, the first is chosen 1 time in 7.5.
    let most = counts.values().max().unwrap();
    assert!((35..75).contains(most), "{most}");
    assert!((150..300).contains(&counts.len()), "{}", counts.len());
}

#[test]
fn uniswap_v2_one_pool() {
    let Some(workload) = generate(Protocol::AmmV2(Pools::Hot), TRANSACTIONS, SEED) else {
        return;
    };
    assert_eq!(check_swaps(&workload).len(), 1);
}

#[test]
fn same_seed_same_block() {
    for protocol in protocols() {
        let workloads = [5, 5, 6].map(|seed| generate(*protocol, 10, seed));
        let [Some(first), Some(again), Some(other)] = workloads else {
            return;
        };
        assert_eq!(first.block.transactions, again.block.transactions);
        assert_ne!(first.block.transactions, other.block.transactions);
        assert_eq!(first.state.len(), again.state.len());
        for (address, info, storage) in first.state.accounts() {
            assert_eq!(again.state.account(address), Some(info), "{address}");
            for (slot, value) in storage {
                assert_eq!(again.state.storage(address, *slot), *value);
            }
        }
    }
}

#[test]
fn no_transactions_is_fine() {
    for protocol in protocols() {
        if let Some(workload) = generate(*protocol, 0, 1) {
            assert!(workload.block.transactions.is_empty());
        }
    }
}

#[test]
fn the_parallel_engine_agrees() {
    for protocol in protocols() {
        let Some(workload) = generate(*protocol, 200, SEED) else {
            return;
        };
        let mut expected = run(&workload);
        expected.changes.sort();
        for workers in [1, 2, 4] {
            let config = EngineConfig {
                workers,
                ..EngineConfig::default()
            };
            let engine = Engine::new(config).unwrap();
            let mut output = engine.replay(&workload.block, &workload.state).unwrap();
            output.changes.sort();
            let name = &workload.name;
            assert_eq!(output.outcomes, expected.outcomes, "{name} {workers}");
            assert!(output.changes == expected.changes, "{name} {workers}");
            assert_eq!(output.gas_used, expected.gas_used, "{name} {workers}");
        }
    }
}

#[test]
fn what_is_not_installed_is_named() {
    let nowhere = PublishedArtifacts::at("nowhere");
    for protocol in protocols() {
        let error = protocol.generate(&nowhere, 1, 1).unwrap_err().to_string();
        assert!(
            error.contains("npm ci --prefix contracts/third-party"),
            "{error}"
        );
        assert_eq!(protocol.check(&nowhere).unwrap_err().to_string(), error);
    }
}
