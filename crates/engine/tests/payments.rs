//! Long runs of payments, with something else now and then.

mod common;

use common::{Fault, Faulty, OnPurpose, WORKERS, assert_same, engine, in_time};
use parallax_engine::{Block, Engine, EngineConfig, EngineError, TxOutcome, sequential};
use parallax_workload::{Kind, Workload, generate};
use revm::primitives::{Bytes, TxKind, U256};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

const PAYMENTS: usize = 3000;

/// What becomes of every 700th payment.
type Spoil = fn(&mut Block, usize);

const SPOILS: [(&str, Spoil); 6] = [
    ("none", |_, _| ()),
    ("nonce too high", |block, tx| {
        block.transactions[tx].nonce += 1;
    }),
    ("no funds", |block, tx| {
        block.transactions[tx].value = U256::MAX >> 8;
    }),
    ("no gas", |block, tx| {
        block.transactions[tx].gas_limit = 20_999;
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

/// Whatever read of the parent state fails or panics, the error or the panic comes
/// out, and the engine can be used again.
#[test]
fn a_database_that_misbehaves() {
    in_time(|| {
        for kind in [Kind::Transfers, Kind::TransfersToOne, Kind::Mixed] {
            let Workload { block, state, .. } = generate(kind, 60, 3);
            let expected = sequential::replay(&block, &state, false).unwrap();
            for workers in WORKERS {
                let config = EngineConfig {
                    workers,
                    payment_run: 2,
                    gas_per_helper: 0,
                    ..EngineConfig::default()
                };
                let engine = Engine::new(config).unwrap();
                for fault in [Fault::Fail, Fault::FailOnce, Fault::Panic] {
                    for after in 0..100 {
                        let db = Faulty::new(&state, fault, after);
                        match catch_unwind(AssertUnwindSafe(|| engine.replay(&block, &db))) {
                            Ok(Ok(output)) => assert_same("no fault", &expected, &output),
                            Ok(Err(error)) => assert_eq!(error, EngineError::Database(OnPurpose)),
                            Err(panic) => assert_eq!(panic.downcast_ref(), Some(&"on purpose")),
                        }
                    }
                    let again = engine.replay(&block, &state).unwrap();
                    assert_same("afterwards", &expected, &again);
                }
            }
        }
    });
}
