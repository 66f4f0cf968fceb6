//! Blocks on protocols do what they say, sequentially and in parallel.

mod amm_v2;
mod amm_v3;
mod amm_v4;
mod arbitrage;
mod chain;
mod concentrated;
mod cover;
mod day;
mod erc20;
mod gif;
mod lending;
mod nft;
mod order_book;
mod scale;
mod shape;
mod sharded_amm;

use chain::{SEED, generate, run};
use parallax_engine::{Engine, EngineConfig};
use parallax_workload::{INSTALL_COMMAND, PublishedArtifacts, Size, protocols};

/// On few pools, which take long to open.
fn small(transactions: usize) -> Size {
    Size::new(transactions).accounts(3_000).pools(50)
}

#[test]
fn same_seed_same_block() {
    for protocol in protocols() {
        let workloads = [5, 5, 6].map(|seed| generate(*protocol, small(10), seed));
        let [Some(first), Some(again), Some(other)] = workloads else {
            continue;
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
        if let Some(workload) = generate(*protocol, small(0), 1) {
            assert!(workload.block.transactions.is_empty());
        }
    }
}

#[test]
fn the_parallel_engine_agrees() {
    for protocol in protocols() {
        let Some(workload) = generate(*protocol, small(200), SEED) else {
            continue;
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
        let Err(missing) = protocol.check(&nowhere) else {
            // All its contracts are ours.
            assert!(protocol.generate(&nowhere, 1, 1).is_ok());
            continue;
        };
        let error = protocol.generate(&nowhere, 1, 1).unwrap_err().to_string();
        let told = [INSTALL_COMMAND, "nowhere/mainnet-bytecodes.json.zst"];
        assert!(told.iter().any(|words| error.contains(words)), "{error}");
        assert_eq!(missing.to_string(), error);
    }
}
