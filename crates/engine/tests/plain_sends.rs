//! Blocks of what look like payments and are none, or not valid: many in a row,
//! every other one, or here and there.

mod common;

use common::{WORKERS, assert_same, engine};
use parallax_engine::{Block, sequential};
use parallax_workload::{
    Kind, MemoryState, Workload,
    asm::{Asm, op},
    generate,
};
use revm::{
    primitives::{Address, TxKind, U256},
    state::Bytecode,
};

const SENDS: usize = 2000;

const COUNTER: Address = Address::repeat_byte(0xc0);
const REVERTER: Address = Address::repeat_byte(0xc1);

/// Whether a transaction is spoiled.
type Share = fn(usize) -> bool;

const SHARES: [(&str, Share); 3] = [
    ("all", |_| true),
    ("half", |tx| tx.is_multiple_of(2)),
    // Multiplicative hashing: about a third, in runs of any length.
    ("random", |tx| {
        (tx as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62 == 0 || (tx / 97) % 11 == 3
    }),
];

/// A block of payments of which those in `share` are spoiled, and how many are.
fn spoiled(share: Share, spoil: impl Fn(&mut Block, &mut MemoryState, usize)) -> (Workload, usize) {
    let mut workload = generate(Kind::Transfers, SENDS, 7);
    let state = &mut workload.state;
    let mut counter = Asm::new();
    counter.push(0).increment();
    state.set_raw_code(COUNTER, counter.code());
    let mut reverter = Asm::new();
    reverter.push(0).increment().push(0).push(0).op(op::REVERT);
    state.set_raw_code(REVERTER, reverter.code());
    workload.block.env.gas_limit = 1 << 40;
    let mut count = 0;
    for tx in (0..SENDS).filter(|tx| share(*tx)) {
        spoil(&mut workload.block, &mut workload.state, tx);
        count += 1;
    }
    (workload, count)
}

fn recipient(block: &Block, tx: usize) -> Address {
    *block.transactions[tx].kind.to().expect("a payment")
}

/// Checks both modes; the results of Build.
fn check(name: &str, workload: &Workload) -> parallax_engine::BlockOutput {
    let Workload { block, state, .. } = workload;
    let built = sequential::build(block, state, false).unwrap();
    let replayed = sequential::replay(block, state, false);
    for workers in WORKERS {
        let name = format!("{name}, {workers} workers");
        let engine = engine(workers);
        // The second time with what the first has left behind.
        for _ in 0..2 {
            assert_same(&name, &built, &engine.build(block, state).unwrap());
            match (&replayed, engine.replay(block, state)) {
                (Ok(expected), Ok(got)) => assert_same(&name, expected, &got),
                (Err(expected), Err(got)) => assert_eq!(*expected, got, "{name}"),
                (_, got) => panic!("{name}: {:?}", got.map(|output| output.gas_used)),
            }
        }
    }
    built
}

#[test]
fn sends_to_contracts() {
    for (name, share) in SHARES {
        let (workload, count) = spoiled(share, |block, _, tx| {
            let to = if tx.is_multiple_of(5) {
                REVERTER
            } else {
                COUNTER
            };
            block.transactions[tx].kind = TxKind::Call(to);
            block.transactions[tx].gas_limit = 100_000;
        });
        let built = check(name, &workload);
        let calls = built.outcomes.iter();
        let calls = calls.filter(|outcome| outcome.result.tx_gas_used() != 21_000);
        assert_eq!(calls.count(), count);
    }
}

/// Each to a contract of its own, so that nothing but the code is in the way.
#[test]
fn sends_to_contracts_that_do_nothing() {
    for (name, share) in SHARES {
        let (workload, count) = spoiled(share, |block, state, tx| {
            let mut stop = Asm::new();
            stop.op(op::STOP).push(tx);
            state.set_raw_code(recipient(block, tx), stop.code());
        });
        let built = check(name, &workload);
        assert!(count > 0 && built.outcomes.len() == SENDS);
    }
}

#[test]
fn sends_to_delegated_accounts() {
    for (name, share) in SHARES {
        let (workload, count) = spoiled(share, |block, state, tx| {
            state.set_code(recipient(block, tx), Bytecode::new_eip7702(COUNTER));
            block.transactions[tx].gas_limit = 100_000;
        });
        let built = check(name, &workload);
        let calls = built.outcomes.iter();
        let calls = calls.filter(|outcome| outcome.result.tx_gas_used() > 21_000);
        assert_eq!(calls.count(), count);
    }
}

#[test]
fn sends_by_delegated_accounts() {
    for (name, share) in SHARES {
        let (workload, count) = spoiled(share, |block, state, tx| {
            let sender = block.transactions[tx].caller;
            state.set_code(sender, Bytecode::new_eip7702(COUNTER));
        });
        let built = check(name, &workload);
        assert!(count > 0 && built.outcomes.len() == SENDS);
    }
}

#[test]
fn sends_by_unfunded_accounts() {
    for (name, share) in SHARES {
        let (workload, count) = spoiled(share, |block, state, tx| {
            state.set_account(block.transactions[tx].caller, U256::from(5), 0);
        });
        let built = check(name, &workload);
        assert_eq!(built.skipped.len(), count);
    }
}

/// Every other sender has nothing but what the one before it pays.
#[test]
fn sends_by_accounts_that_are_funded_on_the_way() {
    let odd: fn(usize) -> bool = |tx| !tx.is_multiple_of(2);
    let (workload, _) = spoiled(odd, |block, state, tx| {
        let sender = block.transactions[tx].caller;
        state.set_account(sender, U256::ZERO, 0);
        let funding = &mut block.transactions[tx - 1];
        funding.kind = TxKind::Call(sender);
        // Too little for every tenth.
        funding.value = if tx % 20 == 1 {
            U256::ONE
        } else {
            U256::from(10_u64.pow(17))
        };
        state.set_account(block.transactions[tx - 1].caller, U256::MAX >> 128, 0);
        block.transactions[tx].value = U256::ONE;
    });
    let built = check("funded on the way", &workload);
    assert_eq!(built.skipped.len(), SENDS / 20);
}
