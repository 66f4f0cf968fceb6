//! What the first bytes of an input choose: a block and an engine.
//!
//! ```text
//! 0..8  seed of the block         10  workers (2 to 8)
//! 8     transactions (1 to 48)    11  fork, or any
//! 9     bit 0: invalid ones as well; bit 1: mostly payments
//! ```

use parallax_engine::{Engine, EngineConfig};
use parallax_workload::{
    Workload,
    adversarial::{AdversarialConfig, FORKS, random_block},
};
use std::{array, sync::LazyLock};

static ENGINES: LazyLock<[Engine; 7]> = LazyLock::new(|| {
    array::from_fn(|i| {
        let config = EngineConfig {
            workers: i + 2,
            access_list: true,
            payment_run: 2,
            gas_per_helper: 0,
            ..EngineConfig::default()
        };
        Engine::new(config).expect("the system lets threads start")
    })
});

/// The choice, and the bytes after it. `None` if there are too few.
pub fn choose(bytes: &[u8]) -> Option<(Workload, &'static Engine, &[u8])> {
    let (seed, bytes) = bytes.split_first_chunk::<8>()?;
    let ([transactions, sort, workers, fork], rest) = bytes.split_first_chunk::<4>()?;
    let config = AdversarialConfig {
        transactions: usize::from(transactions % 48) + 1,
        spec: FORKS.get(usize::from(*fork) % (FORKS.len() + 1)).copied(),
        invalid: sort & 1 != 0,
        payments: sort & 2 != 0,
    };
    let workload = random_block(u64::from_le_bytes(*seed), config);
    let engine = &ENGINES[usize::from(*workers) % ENGINES.len()];
    Some((workload, engine, rest))
}
