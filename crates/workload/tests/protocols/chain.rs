//! Generated blocks, executed, and what contracts say before and after.

use alloy_primitives::{Address, Bytes, U256};
use parallax_engine::{BlockOutput, sequential};
use parallax_workload::{
    Call, MemoryState, Pools, Protocol, PublishedArtifacts, Reserves, Setup, Size, Workload,
};
use revm::context::TxEnv;
use std::ops::Range;

pub(crate) const SEED: u64 = 11;

pub(crate) const ZIPF_TRANSACTIONS: usize = 400;

/// How many of so many swaps are in the most popular of 1,000 pools, and in how many
/// different pools they are. Expected are 26, 53 and 92, and 237, 180 and 125.
pub(crate) const ZIPF: [(Pools, Range<usize>, Range<usize>); 3] = [
    (Pools::Zipf08, 13..40, 210..265),
    (Pools::Zipf, 35..75, 150..210),
    (Pools::Zipf12, 65..120, 100..150),
];

/// From how many swaps each pool saw.
pub(crate) fn check_popularity(swaps: &[usize], most: Range<usize>, different: Range<usize>) {
    let first = swaps.iter().max().unwrap();
    assert!(most.contains(first), "{first}");
    assert!(different.contains(&swaps.len()), "{}", swaps.len());
    assert_eq!(swaps.iter().sum::<usize>(), ZIPF_TRANSACTIONS);
}

/// Nothing, and why, where the published code is not installed.
pub(crate) fn generate(protocol: Protocol, size: impl Into<Size>, seed: u64) -> Option<Workload> {
    let artifacts = PublishedArtifacts::installed();
    if let Err(error) = protocol.check(&artifacts) {
        eprintln!("skipped: {error}");
        return None;
    }
    let workload = protocol.generate(&artifacts, size, seed);
    Some(workload.unwrap_or_else(|error| panic!("{protocol}: {error:?}")))
}

/// Executes in order; all transactions succeed but for those that are meant to revert.
pub(crate) fn run(workload: &Workload) -> BlockOutput {
    let output = sequential::replay(&workload.block, &workload.state, false).unwrap();
    for outcome in &output.outcomes {
        let (name, index, result) = (&workload.name, outcome.index, &outcome.result);
        let reverts = workload.reverts.contains(&index);
        assert_eq!(result.is_success(), !reverts, "{name} {index}: {result:?}");
        assert!(!result.is_halt(), "{name} {index}: {result:?}");
    }
    output
}

/// The state after a block.
pub(crate) fn after(workload: &Workload, output: &BlockOutput) -> MemoryState {
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
pub(crate) struct Chain(Setup);

impl Chain {
    pub(crate) fn new(state: &MemoryState) -> Self {
        Self(Setup::new(state.clone(), 1, 1))
    }

    /// As in the block of a workload: interest is counted up to then.
    pub(crate) fn at(workload: &Workload, state: &MemoryState) -> Self {
        let env = &workload.block.env;
        Self(Setup::new(
            state.clone(),
            env.number.to(),
            env.timestamp.to(),
        ))
    }

    pub(crate) fn words(&mut self, to: Address, data: Bytes) -> Vec<U256> {
        let words = self.0.read(to, data).unwrap();
        words.chunks(32).map(U256::from_be_slice).collect()
    }

    pub(crate) fn address(&mut self, to: Address, signature: &str) -> Address {
        let word = self.words(to, Call::new(signature).data())[0];
        Address::from_word(word.into())
    }

    pub(crate) fn balance(&mut self, token: Address, owner: Address) -> U256 {
        let data = Call::new("balanceOf(address)").address(owner).data();
        self.words(token, data)[0]
    }

    pub(crate) fn reserves(&mut self, pair: Address) -> Reserves {
        let words = self.words(pair, Call::new("getReserves()").data());
        Reserves {
            amounts: [words[0].to(), words[1].to()],
            timestamp: words[2].to(),
        }
    }
}

pub(crate) fn argument(tx: &TxEnv, index: usize) -> U256 {
    U256::from_be_slice(&tx.data[4 + 32 * index..][..32])
}

pub(crate) fn address_argument(tx: &TxEnv, index: usize) -> Address {
    Address::from_word(argument(tx, index).into())
}
