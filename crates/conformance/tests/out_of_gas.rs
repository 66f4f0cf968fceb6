//! A transaction that runs out of gas at every single point, in the middle of a block that
//! conflicts: the parallel engine does what plain revm does.
//!
//! Every limit there is takes minutes; `PARALLAX_GAS_STEP` says how far apart those that
//! are tried lie.

use parallax_conformance::compare;
use parallax_engine::{Block, Engine, EngineConfig, sequential};
use parallax_workload::{Kind, Workload, generate};
use revm::primitives::hardfork::SpecId;

/// A prime, so that in time all limits are tried modulo anything.
const EVERYDAY_STEP: usize = 89;

/// Transactions: enough for one before and some behind that depend on it.
const TRANSACTIONS: usize = 5;

/// The one that runs out.
const VICTIM: usize = 1;

fn step() -> usize {
    let step = std::env::var("PARALLAX_GAS_STEP").ok();
    step.map_or(EVERYDAY_STEP, |n| {
        n.parse().expect("PARALLAX_GAS_STEP is a number")
    })
}

fn engines() -> Vec<Engine> {
    let engine = |workers| {
        Engine::new(EngineConfig {
            workers,
            gas_per_helper: 0,
            ..EngineConfig::default()
        })
        .unwrap()
    };
    [1, 4].map(engine).into()
}

/// What the victim uses if it may.
fn gas_used(workload: &Workload) -> u64 {
    let executed = sequential::replay(&workload.block, &workload.state, false).unwrap();
    let outcome = &executed.outcomes[VICTIM];
    assert!(outcome.result.is_success(), "{}", workload.name);
    outcome.result.gas().total_gas_spent()
}

fn check(engines: &[Engine], workload: &Workload, block: &Block) {
    let limit = block.transactions[VICTIM].gas_limit;
    let at = |mode: &str, engine: &Engine| {
        let (name, spec, workers) = (&workload.name, block.spec(), engine.config().workers);
        format!("{name}, {spec:?}, gas limit {limit}, {mode}, {workers} workers")
    };
    let replayed = sequential::replay(block, &workload.state, false);
    let built = sequential::build(block, &workload.state, false);
    for engine in engines {
        let got = engine.replay(block, &workload.state);
        if let Err(difference) = compare::results(&replayed, &got) {
            panic!("{}: {difference}", at("replay", engine));
        }
        let got = engine.build(block, &workload.state);
        if let Err(difference) = compare::results(&built, &got) {
            panic!("{}: {difference}", at("build", engine));
        }
    }
}

fn every_limit(kind: Kind, spec: SpecId) {
    let engines = engines();
    let mut workload = generate(kind, TRANSACTIONS, 1);
    workload.block.cfg.set_spec_and_mainnet_gas_params(spec);
    let used = gas_used(&workload);
    let mut block = workload.block.clone();
    let limits = (0..=used + 1).step_by(step()).chain([used - 1, used]);
    for limit in limits {
        block.transactions[VICTIM].gas_limit = limit;
        check(&engines, &workload, &block);
    }
}

#[test]
fn of_a_swap_under_shanghai() {
    every_limit(Kind::SwapOnePool, SpecId::SHANGHAI);
}

#[test]
fn of_a_swap_under_osaka() {
    every_limit(Kind::SwapOnePool, SpecId::OSAKA);
}

#[test]
fn of_a_token_transfer_under_osaka() {
    every_limit(Kind::Erc20ToOne, SpecId::OSAKA);
}

#[test]
fn of_a_write_that_others_read_under_osaka() {
    every_limit(Kind::Chain, SpecId::OSAKA);
}
