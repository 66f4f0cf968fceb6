//! State tests: one transaction on a given state.

use crate::{
    Compared, Executor, Report, World, data::TestFile, network::Network, runner, world::TestAccount,
};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::HashMap};
use parallax_chain::{Fork, Schedule, SignedTransaction, blob_price, cfg, recover};
use parallax_engine::{Block, BlockOutput, EngineError, ProtocolChanges, sequential};
use revm::context::{BlockEnv, TxEnv};
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
    runner::run(archive, FOLDERS, threads, make, |file, executor, report| {
        check_file(file, report, |report, name, case| {
            report.case(name, || check(&case?, executor));
        });
    })
}

/// Runs each valid transaction of the state tests several times in one block,
/// with rising nonces. The suite does not say what becomes of that: the result
/// is compared with the oracle's. Transactions that are invalid when repeated
/// are left out.
///
/// This is where the suite meets parallelism: contracts that are created,
/// destroyed and created again within a block, by transactions that all depend
/// on one another.
///
/// # Errors
///
/// If the archive cannot be read.
pub fn run_repeated<E: Executor>(
    archive: &Path,
    times: usize,
    threads: usize,
    make: impl Fn() -> E + Sync,
) -> io::Result<Report> {
    let make = || Compared(make());
    runner::run(archive, FOLDERS, threads, make, |file, executor, report| {
        // Against plain revm, not against what the test expects: there are no exceptions.
        check_file(file, report, |report, name, case| {
            report.unlisted_case(name, || check_repeated(&case?, times, executor));
        });
    })
}

const FOLDERS: &[&str] = &["state_tests/"];

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

/// One transaction under one fork.
struct Case<'a> {
    test: &'a StateTest,
    fork: Fork,
    expected: &'a Expected,
    world: &'a World,
}

fn check_file(
    file: &TestFile,
    report: &mut Report,
    mut check: impl FnMut(&mut Report, &str, Result<Case<'_>, String>),
) {
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
                let case = Network::parse(fork).map(|network| Case {
                    test: &test,
                    fork: network.fork(0, 0, U256::ZERO),
                    expected,
                    world: &world,
                });
                check(report, &format!("{name} {fork} {index}"), case);
            }
        }
    }
}

fn check<E: Executor>(case: &Case<'_>, executor: &mut E) -> Result<(), String> {
    let expected = case.expected;
    let result = match case.transaction() {
        Ok(tx) if tx.caller != case.test.transaction.sender => {
            return Err(format!("sender {} recovered", tx.caller));
        }
        Ok(tx) => executor.execute(&case.block(vec![tx]), case.world),
        // Some transactions are so invalid that they cannot be written down.
        Err(_) if expected.exception.is_some() => return Ok(()),
        Err(error) => return Err(error),
    };
    match (result, &expected.exception) {
        (Ok(output), None) => check_output(&output, expected, case.world.clone()),
        (Ok(_), Some(exception)) => Err(format!("accepted in spite of {exception}")),
        (Err(EngineError::InvalidTransaction { index: 0, .. }), Some(_)) => Ok(()),
        (Err(error), _) => Err(error.to_string()),
    }
}

fn check_repeated<E: Executor>(
    case: &Case<'_>,
    times: usize,
    executor: &mut E,
) -> Result<(), String> {
    if case.expected.exception.is_some() {
        return Ok(());
    }
    let tx = case.transaction()?;
    let repeated = (0..times as u64).filter_map(|repetition| {
        let nonce = tx.nonce.checked_add(repetition)?;
        Some(TxEnv {
            nonce,
            ..tx.clone()
        })
    });
    let mut block = case.block(repeated.collect());
    block.env.gas_limit = block.env.gas_limit.saturating_mul(times as u64);
    let built = sequential::build(&block, case.world, false).map_err(|error| error.to_string())?;
    block.transactions = built
        .outcomes
        .iter()
        .map(|outcome| block.transactions[outcome.index].clone())
        .collect();
    executor
        .execute(&block, case.world)
        .map(drop)
        .map_err(|error| error.to_string())
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

impl Case<'_> {
    fn transaction(&self) -> Result<TxEnv, String> {
        let tx = SignedTransaction::decode_2718_exact(&self.expected.txbytes)
            .map_err(|error| format!("transaction: {error}"))?;
        recover(&tx, self.fork.spec()).map_err(|error| error.to_string())
    }

    fn block(&self, transactions: Vec<TxEnv>) -> Block {
        Block {
            cfg: cfg(&self.schedule(), self.fork),
            env: self.env(),
            transactions,
            protocol: ProtocolChanges::default(),
            max_blob_gas: None,
        }
    }

    fn schedule(&self) -> Schedule {
        Schedule::new(self.test.config.chainid.saturating_to())
    }

    fn env(&self) -> BlockEnv {
        let env = &self.test.env;
        let excess_blob_gas = env.current_excess_blob_gas.unwrap_or_default();
        BlockEnv {
            number: env.current_number,
            beneficiary: env.current_coinbase,
            timestamp: env.current_timestamp,
            gas_limit: env.current_gas_limit.saturating_to(),
            basefee: env.current_base_fee.unwrap_or_default().saturating_to(),
            difficulty: env.current_difficulty,
            prevrandao: env.current_random.filter(|_| self.fork >= Fork::Paris),
            blob_excess_gas_and_price: blob_price(
                &self.schedule(),
                self.fork,
                excess_blob_gas.saturating_to(),
            ),
            ..BlockEnv::default()
        }
    }
}
