//! State tests: one transaction on a given state.

use crate::{
    Executor, Report, World,
    data::TestFile,
    fork::{Fork, Network, update_fraction},
    runner,
    transaction::{SignedTransaction, recover},
    world::TestAccount,
};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::HashMap};
use parallax_engine::{Block, BlockOutput, EngineError, ProtocolChanges};
use revm::{
    context::{BlockEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
};
use serde::Deserialize;
use std::{collections::BTreeMap, io, path::Path};

/// Runs all state tests of an archive.
///
/// # Errors
///
/// If the archive cannot be read.
pub fn run<E: Executor>(
    archive: &Path,
    threads: usize,
    make: impl Fn() -> E + Sync,
) -> io::Result<Report> {
    runner::run(archive, &["state_tests/"], threads, make, check_file)
}

#[derive(Deserialize)]
struct StateTest {
    env: Env,
    pre: HashMap<Address, TestAccount>,
    transaction: Transaction,
    post: BTreeMap<String, Vec<Expected>>,
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    chainid: U256,
}

#[derive(Deserialize)]
struct Transaction {
    sender: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Env {
    current_coinbase: Address,
    current_gas_limit: U256,
    current_number: U256,
    current_timestamp: U256,
    current_difficulty: U256,
    current_base_fee: Option<U256>,
    current_random: Option<B256>,
    current_excess_blob_gas: Option<U256>,
}

/// What executing the transaction under a fork gives.
#[derive(Deserialize)]
struct Expected {
    /// State root.
    hash: B256,
    /// Hash of the logs' RLP.
    logs: B256,
    /// The signed transaction.
    txbytes: Bytes,
    /// Present if the transaction is invalid.
    #[serde(rename = "expectException")]
    exception: Option<String>,
}

fn check_file<E: Executor>(file: &TestFile, executor: &mut E, report: &mut Report) {
    let tests: BTreeMap<String, StateTest> = match serde_json::from_slice(&file.json) {
        Ok(tests) => tests,
        Err(error) => {
            let failure = (file.path.clone(), format!("not a state test: {error}"));
            report.failures.push(failure);
            return;
        }
    };
    for (name, mut test) in tests {
        let world = World::new(std::mem::take(&mut test.pre));
        for (fork, expectations) in &test.post {
            for (index, expected) in expectations.iter().enumerate() {
                report.case(&format!("{name} {fork} {index}"), || {
                    let fork = Network::parse(fork)?.fork(0, 0, U256::ZERO);
                    check(&test, fork, expected, &world, executor)
                });
            }
        }
    }
}

fn check<E: Executor>(
    test: &StateTest,
    fork: Fork,
    expected: &Expected,
    world: &World,
    executor: &mut E,
) -> Result<(), String> {
    let result = match transaction(expected, fork) {
        Ok(tx) if tx.caller != test.transaction.sender => {
            return Err(format!("sender {} recovered", tx.caller));
        }
        Ok(tx) => executor.execute(&block(test, fork, tx), world),
        Err(error) if expected.exception.is_some() => {
            // Some transactions are so invalid that they cannot be written down.
            drop(error);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    match (result, &expected.exception) {
        (Ok(output), None) => check_output(&output, expected, world.clone()),
        (Ok(_), Some(exception)) => Err(format!("accepted in spite of {exception}")),
        (Err(EngineError::InvalidTransaction { index: 0, .. }), Some(_)) => Ok(()),
        (Err(error), _) => Err(error.to_string()),
    }
}

fn check_output(output: &BlockOutput, expected: &Expected, mut world: World) -> Result<(), String> {
    let [outcome] = output.outcomes.as_slice() else {
        return Err(format!("{} outcomes", output.outcomes.len()));
    };
    let logs = keccak256(alloy_rlp::encode(outcome.result.logs().to_vec()));
    if logs != expected.logs {
        return Err(format!("logs hash {logs} instead of {}", expected.logs));
    }
    world.apply(&output.changes);
    let root = world.state_root();
    if root != expected.hash {
        return Err(format!("state root {root} instead of {}", expected.hash));
    }
    Ok(())
}

fn transaction(expected: &Expected, fork: Fork) -> Result<TxEnv, String> {
    let tx = SignedTransaction::decode_2718_exact(&expected.txbytes)
        .map_err(|error| format!("transaction: {error}"))?;
    recover(&tx, fork.spec()).map_err(|error| error.to_string())
}

fn block(test: &StateTest, fork: Fork, transaction: TxEnv) -> Block {
    let env = &test.env;
    let excess_blob_gas = env.current_excess_blob_gas.unwrap_or_default();
    Block {
        cfg: fork.cfg(test.config.chainid.saturating_to()),
        env: BlockEnv {
            number: env.current_number,
            beneficiary: env.current_coinbase,
            timestamp: env.current_timestamp,
            gas_limit: env.current_gas_limit.saturating_to(),
            basefee: env.current_base_fee.unwrap_or_default().saturating_to(),
            difficulty: env.current_difficulty,
            prevrandao: env.current_random.filter(|_| fork >= Fork::Paris),
            blob_excess_gas_and_price: fork.blobs().map(|blobs| {
                BlobExcessGasAndPrice::new(excess_blob_gas.saturating_to(), update_fraction(&blobs))
            }),
            ..BlockEnv::default()
        },
        transactions: vec![transaction],
        protocol: ProtocolChanges::default(),
    }
}
