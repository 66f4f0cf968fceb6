//! The parallel engine on a database that answers late: random blocks, random
//! pauses, 2 to 16 workers, compared with plain revm.
//!
//! A pause in a read holds one transaction in its middle while others overtake
//! it, which is what a schedule-dependent bug needs. Pauses are drawn from the
//! seed; which transaction they hit is up to the machine, so repeat a failing
//! seed a few times. `PARALLAX_SEEDS` sets how many seeds are tried.

use parallax_conformance::compare;
use parallax_engine::{
    Block, BlockOutput, Engine, EngineConfig, EngineError, TxOutcome, sequential,
};
use parallax_workload::{
    MemoryState,
    adversarial::{AdversarialConfig, random_block},
};
use revm::{
    DatabaseRef,
    primitives::{Address, B256, U256},
    state::{AccountInfo, Bytecode},
};
use std::{
    convert::Infallible,
    hint::spin_loop,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

const WORKERS: [usize; 6] = [2, 3, 4, 6, 9, 16];

fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("PARALLAX_SEEDS").ok();
    0..count.map_or(100, |n| n.parse().expect("PARALLAX_SEEDS is a number"))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn mix(seed: u64, step: u64) -> u64 {
    let mut z = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Pauses of random kind and length.
struct Pauses {
    seed: u64,
    steps: AtomicU64,
}

impl Pauses {
    fn new(seed: u64) -> Self {
        let steps = AtomicU64::new(1);
        Self { seed, steps }
    }

    fn pause(&self) {
        let random = mix(self.seed, self.steps.fetch_add(1, Ordering::Relaxed));
        let length = random >> 32;
        match random % 64 {
            0 => thread::sleep(Duration::from_micros(length % 500)),
            1..8 => thread::yield_now(),
            8..24 => (0..length % 3_000).for_each(|_| spin_loop()),
            _ => {}
        }
    }
}

/// A state whose reads take their time.
struct Late<'s> {
    state: &'s MemoryState,
    pauses: Pauses,
}

impl DatabaseRef for Late<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        self.pauses.pause();
        self.state.basic_ref(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Infallible> {
        self.pauses.pause();
        self.state.code_by_hash_ref(code_hash)
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, Infallible> {
        self.pauses.pause();
        self.state.storage_ref(address, index)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        self.pauses.pause();
        self.state.block_hash_ref(number)
    }
}

type Executed = Result<BlockOutput, EngineError<Infallible>>;

/// Executes with a sink that takes its time as well; checks what it was given.
fn execute(engine: &Engine, block: &Block, db: &Late<'_>, build: bool) -> Executed {
    let delivered = Mutex::new(Vec::new());
    let sink = |outcomes: &[TxOutcome]| {
        db.pauses.pause();
        delivered
            .lock()
            .unwrap()
            .extend(outcomes.iter().map(|outcome| outcome.index));
    };
    let executed = if build {
        engine.build_streaming(block, db, &sink)
    } else {
        engine.replay_streaming(block, db, &sink)
    };
    if let Ok(output) = &executed {
        let indices: Vec<_> = output
            .outcomes
            .iter()
            .map(|outcome| outcome.index)
            .collect();
        assert_eq!(delivered.into_inner().unwrap(), indices, "sub-blocks");
    }
    executed
}

fn shake(build: bool) {
    let engines = WORKERS.map(|workers| {
        let config = EngineConfig {
            workers,
            access_list: true,
            payment_run: 2,
            gas_per_helper: 0,
            ..EngineConfig::default()
        };
        Engine::new(config).unwrap()
    });
    for seed in seeds() {
        let config = AdversarialConfig {
            transactions: 4 + (mix(seed, 1) % 60) as usize,
            spec: None,
            // Replay must blame the same transaction where there is one.
            invalid: build || seed % 8 == 7,
            payments: seed % 5 == 0,
        };
        let workload = random_block(seed, config);
        let (block, state) = (&workload.block, &workload.state);
        let lists = compare::lists_are_defined(block);
        let expected = if build {
            sequential::build(block, state, lists)
        } else {
            sequential::replay(block, state, lists)
        };
        for round in 0..3 {
            let engine = &engines[(mix(seed, 2) + round) as usize % engines.len()];
            let pauses = Pauses::new(mix(seed, 3 + round));
            let got = execute(engine, block, &Late { state, pauses }, build);
            if let Err(difference) = compare::results(&expected, &got) {
                let workers = engine.config().workers;
                panic!(
                    "{}, {workers} workers, round {round}: {difference}",
                    workload.name
                );
            }
        }
    }
}

#[test]
fn replay_does_not_depend_on_the_schedule() {
    shake(false);
}

#[test]
fn build_does_not_depend_on_the_schedule() {
    shake(true);
}
