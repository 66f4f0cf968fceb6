//! Random blocks: the same seed gives the same block, the oracle accepts all of
//! them, and over the seeds everything happens that should.

use parallax_engine::{EngineError, sequential};
use parallax_workload::{
    Workload,
    adversarial::{AdversarialConfig, Coverage, FORKS, random_block, shrink, valid_part},
};
use revm::primitives::hardfork::SpecId;
use std::collections::BTreeSet;

const SEEDS: u64 = 200;

fn config(invalid: bool) -> AdversarialConfig {
    AdversarialConfig {
        transactions: 30,
        spec: None,
        invalid,
        payments: false,
    }
}

fn sorted_accounts(workload: &Workload) -> Vec<String> {
    let mut accounts: Vec<_> = workload
        .state
        .accounts()
        .map(|(address, info, storage)| {
            let mut storage: Vec<_> = storage.iter().collect();
            storage.sort();
            format!(
                "{address} {} {} {} {storage:?}",
                info.balance, info.nonce, info.code_hash
            )
        })
        .collect();
    accounts.sort();
    accounts
}

#[test]
fn same_seed_same_block() {
    for seed in 0..40 {
        let [first, again] = [(); 2].map(|()| random_block(seed, config(seed % 2 == 0)));
        assert_eq!(first.name, again.name);
        assert_eq!(
            first.block.transactions, again.block.transactions,
            "{}",
            first.name
        );
        assert_eq!(first.block.env, again.block.env);
        let protocol = |workload: &Workload| format!("{:?}", workload.block.protocol);
        assert_eq!(protocol(&first), protocol(&again));
        assert_eq!(sorted_accounts(&first), sorted_accounts(&again));
    }
}

#[test]
fn replay_accepts_blocks_without_invalid_transactions() {
    let mut transactions = 0;
    for seed in 0..SEEDS {
        let workload = random_block(seed, config(false));
        let output = sequential::replay(&workload.block, &workload.state, false)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        assert_eq!(output.outcomes.len(), workload.block.transactions.len());
        transactions += output.outcomes.len();
        let listed = sequential::replay(&workload.block, &workload.state, true)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        assert_eq!(listed.outcomes, output.outcomes, "{}", workload.name);
        assert_eq!(listed.changes, output.changes, "{}", workload.name);
    }
    assert!(transactions > SEEDS as usize * 25, "{transactions}");
}

#[test]
fn build_skips_exactly_the_invalid_ones() {
    let mut skipped = 0;
    for seed in 0..SEEDS {
        let workload = random_block(seed, config(true));
        let built = sequential::build(&workload.block, &workload.state, false)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        skipped += built.skipped.len();
        let valid = valid_part(&workload);
        assert_eq!(
            built.outcomes.len(),
            valid.block.transactions.len(),
            "{}",
            workload.name
        );

        let replayed = sequential::replay(&workload.block, &workload.state, false);
        match built.skipped.first() {
            None => assert!(replayed.is_ok()),
            Some(first) => assert_eq!(
                replayed.map(|_| ()),
                Err(EngineError::InvalidTransaction {
                    index: first.index,
                    reason: first.reason.clone(),
                })
            ),
        }
        let replayed = sequential::replay(&valid.block, &valid.state, false)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        assert_eq!(replayed.changes, built.changes, "{}", workload.name);
    }
    assert!(skipped > 500, "{skipped}");
}

/// Long: `cargo test --release -p parallax-workload -- --ignored`.
#[test]
#[ignore = "takes a minute"]
fn many_seeds_and_sizes() {
    for seed in 0..20_000 {
        let config = AdversarialConfig {
            transactions: [1, 8, 30, 200][seed as usize % 4],
            ..config(seed % 3 == 0)
        };
        let workload = random_block(1_000_000 + seed, config);
        let built = sequential::build(&workload.block, &workload.state, false)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        let valid = valid_part(&workload).block.transactions.len();
        assert_eq!(built.outcomes.len(), valid, "{}", workload.name);
        assert!(config.invalid || built.skipped.is_empty());
    }
}

#[test]
fn every_kind_of_event_happens() {
    let mut total = Coverage::default();
    for seed in 0..SEEDS {
        total += Coverage::of(&random_block(seed, config(seed % 2 == 0)));
    }
    println!("{total:#?}");
    for (name, count) in total.counters() {
        assert!(count > 0, "{name} never happened in {SEEDS} blocks");
    }
}

#[test]
fn every_fork_has_its_blocks() {
    for spec in FORKS {
        for seed in 0..5 {
            let config = AdversarialConfig {
                spec: Some(spec),
                ..config(false)
            };
            let workload = random_block(seed, config);
            assert_eq!(workload.block.spec(), spec);
            sequential::replay(&workload.block, &workload.state, false)
                .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        }
    }
}

#[test]
fn requests_of_every_type_are_made() {
    let mut types = BTreeSet::new();
    for seed in 0..40 {
        let config = AdversarialConfig {
            spec: Some(SpecId::PRAGUE),
            ..config(false)
        };
        let workload = random_block(seed, config);
        let output = sequential::replay(&workload.block, &workload.state, false)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        types.extend(output.requests.iter().map(|request| request[0]));
    }
    // Deposits, withdrawals and consolidations.
    assert_eq!(Vec::from_iter(types), [0, 1, 2]);
}

#[test]
fn a_subset_can_be_made_valid_again() {
    for seed in 0..30 {
        let workload = random_block(seed, config(false));
        let half = valid_part(&workload.subset(|index| index % 2 == 0));
        assert!(half.block.transactions.len() <= workload.block.transactions.len() / 2 + 1);
        sequential::replay(&half.block, &half.state, false)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
    }
}

#[test]
fn shrinking_keeps_what_fails_and_little_else() {
    let mut found = 0;
    for seed in 0..60 {
        let workload = random_block(seed, config(seed % 2 == 0));
        let recreates = |workload: &Workload| Coverage::of(workload).recreations > 0;
        if recreates(&workload) {
            found += 1;
            let small = shrink(&workload, recreates);
            assert!(recreates(&small));
            // Creating, destroying and creating again, and funds for it.
            assert!(small.block.transactions.len() <= 6, "{}", small.name);
        }
    }
    assert!(found > 0);
}
