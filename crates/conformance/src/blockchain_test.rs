//! Blockchain tests: a genesis state and the blocks that follow, some of which
//! must be rejected.

use crate::{
    Executor, Report, World,
    chain::{BlockError, Chain, decode},
    data::TestFile,
    network::Network,
    runner,
    world::TestAccount,
};
use alloy_primitives::{Address, B256, Bytes, U256, map::HashMap};
use parallax_engine::EngineError;
use serde::Deserialize;
use std::{collections::BTreeMap, io, path::Path};

/// Runs all blockchain tests of an archive.
///
/// # Errors
///
/// If the archive cannot be read.
pub fn run<E: Executor>(
    archive: &Path,
    threads: usize,
    make: impl Fn() -> E + Sync,
) -> io::Result<Report> {
    let folders = ["blockchain_tests/", "BlockchainTests/"];
    runner::run(archive, &folders, threads, make, check_file)
}

/// The state after the last block is not compared account by account: its root
/// is compared after every block.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockchainTest {
    network: String,
    #[serde(rename = "genesisRLP")]
    genesis: Bytes,
    pre: HashMap<Address, TestAccount>,
    blocks: Vec<TestBlock>,
    #[serde(rename = "lastblockhash")]
    last_block_hash: B256,
    #[serde(default)]
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    chainid: U256,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            chainid: U256::from(1),
        }
    }
}

#[derive(Deserialize)]
struct TestBlock {
    rlp: Bytes,
    /// Present if the block is invalid.
    #[serde(rename = "expectException")]
    exception: Option<String>,
}

fn check_file<E: Executor>(file: &TestFile, executor: &mut E, report: &mut Report) {
    let tests: BTreeMap<String, BlockchainTest> = match serde_json::from_slice(&file.json) {
        Ok(tests) => tests,
        Err(error) => {
            let failure = (file.path.clone(), format!("not a blockchain test: {error}"));
            report.failures.push(failure);
            return;
        }
    };
    for (name, test) in tests {
        report.case(&name, || check(test, executor));
    }
}

fn check<E: Executor>(test: BlockchainTest, executor: &mut E) -> Result<(), String> {
    let network = Network::parse(&test.network)?;
    let genesis = decode(&test.genesis).map_err(|error| format!("genesis: {error}"))?;
    let world = World::new(test.pre);
    let chain_id = test.config.chainid.saturating_to();
    let mut chain = Chain::new(&network, chain_id, genesis.header, world)
        .map_err(|error| format!("genesis: {error}"))?;
    for (position, block) in test.blocks.iter().enumerate() {
        let result = chain.import(&block.rlp, executor);
        check_verdict(block.exception.as_deref(), result)
            .map_err(|difference| format!("block at {position}: {difference}"))?;
    }
    if chain.head() != test.last_block_hash {
        let expected = test.last_block_hash;
        return Err(format!("head is {} instead of {expected}", chain.head()));
    }
    Ok(())
}

/// Compares an import with the exception that a test names, as `A|B` if either
/// will do.
fn check_verdict(exception: Option<&str>, result: Result<(), BlockError>) -> Result<(), String> {
    let (exception, error) = match (exception, result) {
        (None, Ok(())) => return Ok(()),
        (None, Err(error)) => return Err(error.to_string()),
        (Some(exception), Ok(())) => return Err(format!("accepted in spite of {exception}")),
        (Some(exception), Err(error)) => (exception, error),
    };
    let right_kind = exception.split('|').any(|name| is_kind(name, &error));
    if right_kind {
        Ok(())
    } else {
        Err(format!("{exception} expected, rejected for: {error}"))
    }
}

/// Whether an error is of the kind that an exception names. A wrong header field
/// must show as such, and what the executor must refuse must not be left to a
/// root that differs.
fn is_kind(exception: &str, error: &BlockError) -> bool {
    if exception.starts_with("TransactionException.") {
        return error.blames_transaction();
    }
    let Some(name) = exception.strip_prefix("BlockException.") else {
        return false;
    };
    match name {
        "INVALID_GAS_USED"
        | "INVALID_RECEIPTS_ROOT"
        | "INVALID_STATE_ROOT"
        | "INVALID_LOG_BLOOM" => error.is_result(),
        "INVALID_REQUESTS" => {
            matches!(error, BlockError::Result { what, .. } if *what == "requests hash")
        }
        "INVALID_DEPOSIT_EVENT_LAYOUT" => {
            matches!(error.execution(), Some(EngineError::DepositLog(_)))
        }
        "SYSTEM_CONTRACT_CALL_FAILED" | "SYSTEM_CONTRACT_EMPTY" => {
            matches!(error.execution(), Some(EngineError::SystemCall { .. }))
        }
        _ => !error.is_result() && error.execution().is_none(),
    }
}
