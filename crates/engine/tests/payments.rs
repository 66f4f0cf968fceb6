//! Long runs of payments, with something else now and then.

mod common;

use common::{WORKERS, assert_same, engine};
use parallax_engine::{Block, TxOutcome, sequential};
use parallax_workload::{Kind, Workload, generate};
use revm::primitives::{Bytes, TxKind, U256};
use std::sync::Mutex;

const PAYMENTS: usize = 3000;

/// What becomes of every 700th payment.
type Spoil = fn(&mut Block, usize);

const SPOILS: [(&str, Spoil); 6] = [
    ("none", |_, _| ()),
    ("nonce too high", |block, tx| {
        block.transactions[tx].nonce += 1
    }),
    ("no funds", |block, tx| {
        block.transactions[tx].value = U256::MAX >> 8
    }),
    ("no gas", |block, tx| {
        block.transactions[tx].gas_limit = 20_999
    }),
    ("no payment", |block, tx| {
        block.transactions[tx].kind = TxKind::Create;
        block.transactions[tx].data = Bytes::from_static(&[0x00]);
        block.transactions[tx].gas_limit = 100_000;
    }),
    ("from and to the beneficiary", |block, tx| {
        let beneficiary = block.env.beneficiary;
        block.transactions[tx].kind = TxKind::Call(beneficiary);
        block.transactions[tx + 1].caller = beneficiary;
        block.transactions[tx + 1].nonce = 0;
        block.transactions[tx + 1].value = U256::ONE;
    }),
];

fn blocks() -> impl Iterator<Item = (String, Workload)> {
    let kinds = [
        Kind::Transfers,
        Kind::TransfersToOne,
        Kind::TransfersFromOne,
    ];
    kinds.into_iter().flat_map(|kind| {
        SPOILS.into_iter().map(move |(what, spoil)| {
            let mut workload = generate(kind, PAYMENTS, 7);
            for tx in (300..PAYMENTS).step_by(700) {
                spoil(&mut workload.block, tx);
            }
            (format!("{kind}, {what}"), workload)
        })
    })
}

#[test]
fn build_is_exact_and_streams_in_order() {
    for (name, Workload { block, state, .. }) in blocks() {
        let expected = sequential::build(&block, &state, true).unwrap();
        for workers in WORKERS {
            let name = format!("{name}, {workers} workers");
            let streamed = Mutex::new(Vec::new());
            let sink =
                |outcomes: &[TxOutcome]| streamed.lock().unwrap().extend_from_slice(outcomes);
            let got = engine(workers)
                .build_streaming(&block, &state, &sink)
                .unwrap();
            assert_same(&name, &expected, &got);
            assert_eq!(streamed.into_inner().unwrap(), got.outcomes, "{name}");
        }
    }
}

#[test]
fn replay_is_exact_or_names_the_first_that_is_invalid() {
    for (name, Workload { block, state, .. }) in blocks() {
        let expected = sequential::replay(&block, &state, true);
        for workers in WORKERS {
            let name = format!("{name}, {workers} workers");
            match (&expected, engine(workers).replay(&block, &state)) {
                (Ok(expected), Ok(got)) => assert_same(&name, expected, &got),
                (Err(expected), Err(got)) => assert_eq!(*expected, got, "{name}"),
                (_, got) => panic!("{name}: {:?}", got.map(|output| output.gas_used)),
            }
        }
    }
}

#[test]
fn the_block_gas_limit_cuts_a_run() {
    let Workload {
        mut block, state, ..
    } = generate(Kind::Transfers, 1000, 7);
    block.env.gas_limit = 21_000 * 700 + 5;
    let expected = sequential::build(&block, &state, false).unwrap();
    assert_eq!(expected.outcomes.len(), 700);
    for workers in WORKERS {
        let got = engine(workers).build(&block, &state).unwrap();
        assert_same(&format!("{workers} workers"), &expected, &got);
    }
}
