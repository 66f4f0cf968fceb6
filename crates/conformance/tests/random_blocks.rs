//! Random adversarial blocks: the parallel engine must do what plain revm does.

use alloy_eip7928::{AccountChanges, BlockAccessList};
use alloy_primitives::U256;
use parallax_conformance::{compare, tamper::tamper, verified};
use parallax_engine::{Engine, EngineConfig, EngineError, sequential};
use parallax_workload::{
    Workload,
    adversarial::{AdversarialConfig, random_block},
};

fn engine(workers: usize) -> Engine {
    Engine::new(EngineConfig {
        workers,
        access_list: true,
        // However few: what is short here is long elsewhere.
        payment_run: 2,
        gas_per_helper: 0,
        ..EngineConfig::default()
    })
    .unwrap()
}

fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("PARALLAX_SEEDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(150);
    0..count
}

#[test]
fn replay_equals_plain_revm() {
    let engines: Vec<_> = [1, 2, 4, 8].map(engine).into();
    for seed in seeds() {
        let workload = random_block(
            seed,
            AdversarialConfig {
                invalid: false,
                payments: seed % 3 == 0,
                ..Default::default()
            },
        );
        let expected = sequential::replay(
            &workload.block,
            &workload.state,
            compare::lists_are_defined(&workload.block),
        );
        for engine in &engines {
            let got = engine.replay(&workload.block, &workload.state);
            if let Err(difference) = compare::results(&expected, &got) {
                panic!(
                    "seed {seed}, {} workers: {difference}",
                    engine.config().workers
                );
            }
        }
    }
}

#[test]
fn build_equals_plain_revm() {
    let engines: Vec<_> = [1, 2, 4, 8].map(engine).into();
    for seed in seeds() {
        let workload = random_block(
            seed,
            AdversarialConfig {
                invalid: true,
                payments: seed % 3 == 0,
                ..Default::default()
            },
        );
        let expected = sequential::build(
            &workload.block,
            &workload.state,
            compare::lists_are_defined(&workload.block),
        );
        for engine in &engines {
            let got = engine.build(&workload.block, &workload.state);
            if let Err(difference) = compare::results(&expected, &got) {
                panic!(
                    "seed {seed}, {} workers: {difference}",
                    engine.config().workers
                );
            }
        }
    }
}

/// A seed whose access list does not say enough, so that Verify must replay. Such
/// blocks are rare: of the official suites, those for blocks and single
/// transactions do not notice if it does not.
const LIST_IS_NOT_ENOUGH: u64 = 1318;

#[test]
fn verify_equals_plain_revm_and_rejects_wrong_lists() {
    let engines: Vec<_> = [1, 2, 4, 8].map(engine).into();
    for seed in seeds().chain([LIST_IS_NOT_ENOUGH]) {
        let config = AdversarialConfig {
            invalid: seed % 5 == 4,
            payments: seed % 3 == 0,
            ..Default::default()
        };
        let Workload { block, state, .. } = &random_block(seed, config);
        let list = verified::access_list(&engines[0], block, state)
            .unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
        let mut expected = sequential::replay(block, state, false);
        if let Ok(output) = &mut expected {
            output.access_list = Some(list.clone());
        }
        for engine in &engines {
            let workers = engine.config().workers;
            let got = engine.verify(block, &list, state);
            if let Err(difference) = compare::results(&expected, &got) {
                panic!("seed {seed}, {workers} workers: {difference}");
            }
            let mut wrong = list.clone();
            let way = tamper(&mut wrong, seed.wrapping_mul(31) + workers as u64);
            if let Err(reason) = verified::rejected(&got, &engine.verify(block, &wrong, state)) {
                panic!("seed {seed}, {workers} workers, list with {way}: {reason}");
            }
        }
    }
}

/// Every list that differs from `list` in one place, in the ways that there are.
fn all_tampered(list: &BlockAccessList) -> Vec<BlockAccessList> {
    let mut all = Vec::new();
    let mut change = |position: usize, edit: &dyn Fn(&mut AccountChanges)| {
        let mut other = list.clone();
        edit(&mut other[position]);
        if other != *list {
            all.push(other);
        }
    };
    for (position, account) in list.iter().enumerate() {
        for i in 0..account.balance_changes.len() {
            change(position, &|a| {
                a.balance_changes[i].post_balance ^= U256::ONE;
            });
            change(position, &|a| {
                a.balance_changes[i].block_access_index.0 += 1;
            });
            change(position, &|a| {
                a.balance_changes.remove(i);
            });
            change(position, &|a| {
                a.balance_changes.push(account.balance_changes[i].clone());
            });
        }
        for i in 0..account.nonce_changes.len() {
            change(position, &|a| a.nonce_changes[i].new_nonce ^= 1);
            change(position, &|a| a.nonce_changes[i].block_access_index.0 ^= 1);
            change(position, &|a| {
                a.nonce_changes.remove(i);
            });
        }
        for i in 0..account.code_changes.len() {
            change(position, &|a| a.code_changes[i].block_access_index.0 += 1);
            change(position, &|a| {
                a.code_changes.remove(i);
            });
        }
        for i in 0..account.storage_changes.len() {
            let slot = account.storage_changes[i].slot;
            for j in 0..account.storage_changes[i].changes.len() {
                change(position, &|a| {
                    a.storage_changes[i].changes[j].new_value ^= U256::ONE;
                });
                change(position, &|a| {
                    a.storage_changes[i].changes[j].block_access_index.0 += 1;
                });
                change(position, &|a| {
                    a.storage_changes[i].changes.remove(j);
                });
            }
            change(position, &|a| a.storage_changes[i].changes.clear());
            change(position, &|a| a.storage_changes[i].slot ^= U256::ONE);
            change(position, &|a| {
                a.storage_changes.remove(i);
            });
            change(position, &|a| a.storage_reads.push(slot));
            change(position, &|a| {
                a.storage_changes.remove(i);
                a.storage_reads.push(slot);
                a.storage_reads.sort_unstable();
            });
        }
        for i in 0..account.storage_reads.len() {
            change(position, &|a| {
                a.storage_reads.remove(i);
            });
            change(position, &|a| a.storage_reads[i] ^= U256::ONE);
            change(position, &|a| {
                a.storage_reads.push(account.storage_reads[i]);
            });
            change(position, &|a| a.storage_reads.rotate_left(i));
        }
        change(position, &|a| a.storage_reads.push(U256::MAX));
        change(position, &|a| a.address.0[19] ^= 1);
    }
    for position in 0..list.len() {
        let mut other = list.clone();
        other.remove(position);
        all.push(other);
        let mut other = list.clone();
        other.insert(position, list[position].clone());
        all.push(other);
        if position > 0 {
            let mut other = list.clone();
            other.swap(position - 1, position);
            all.push(other);
        }
    }
    all
}

#[test]
fn verify_rejects_every_list_that_differs_in_one_place() {
    let engine = engine(2);
    let mut rejected = 0;
    for seed in seeds().take(seeds().count().div_ceil(10)) {
        let config = AdversarialConfig {
            transactions: 12,
            payments: seed % 3 == 0,
            ..Default::default()
        };
        let Workload { block, state, .. } = random_block(seed, config);
        let list = engine.replay(&block, &state).unwrap().access_list.unwrap();
        for wrong in all_tampered(&list) {
            let result = engine.verify(&block, &wrong, &state);
            assert!(
                matches!(result, Err(EngineError::AccessList(_))),
                "seed {seed}: {:?}, {wrong:#?} instead of {list:#?}",
                result.map(|output| output.gas_used),
            );
            rejected += 1;
        }
    }
    println!("{rejected} lists rejected");
}
