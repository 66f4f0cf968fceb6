//! Random blocks that try to break a parallel executor.
//!
//! ```text
//! seed ── Scene: fork, environment, cast of accounts and contracts
//!           │
//!           ├─ candidate: who sends what, with what gas
//!           │     │ executed on plain revm; out if invalid at its place
//!           │     │ (kept, and some spoiled, if invalid ones are wanted)
//!           └─────┴──> block
//! ```
//!
//! Few accounts and many conflicts: hot counters, rings, slots chosen by data,
//! contracts made up at random that call each other, CREATE2 and SELFDESTRUCT and
//! CREATE2 again, delegations set, changed and cleared (EIP-7702), reverts after
//! writes, payments to and from the coinbase and looks at its balance, running
//! out of gas at any point, senders who can pay only because somebody paid them
//! earlier in the block, empty accounts being touched, blobs, access lists,
//! withdrawals, rewards and system calls. Each block has one fork and uses only
//! what is valid in it.
//!
//! Generation asks plain revm and nothing else, so that a bug of the engine's own
//! sequential mode shows as a difference rather than as a different block.

mod authorization;
mod call;
mod candidate;
mod cast;
mod code;
mod coverage;
mod program;
mod runner;
mod scene;
mod shrink;
mod solidity;
mod spoil;

pub use coverage::Coverage;
pub use shrink::{shrink, valid_part};

use crate::{Workload, rng::Rng};
use candidate::Candidates;
use revm::primitives::hardfork::SpecId;
use runner::Runner;
use scene::Scene;

/// The forks that blocks are made for.
pub const FORKS: [SpecId; 14] = [
    SpecId::FRONTIER,
    SpecId::HOMESTEAD,
    SpecId::TANGERINE,
    SpecId::SPURIOUS_DRAGON,
    SpecId::BYZANTIUM,
    SpecId::PETERSBURG,
    SpecId::ISTANBUL,
    SpecId::BERLIN,
    SpecId::LONDON,
    SpecId::MERGE,
    SpecId::SHANGHAI,
    SpecId::CANCUN,
    SpecId::PRAGUE,
    SpecId::OSAKA,
];

/// What random blocks are like.
#[derive(Clone, Copy, Debug)]
pub struct AdversarialConfig {
    /// Number of transactions, invalid ones included.
    pub transactions: usize,
    /// The fork; `None` lets the seed choose among [`FORKS`].
    pub spec: Option<SpecId>,
    /// Also puts invalid transactions in, so that only Build accepts the block.
    pub invalid: bool,
    /// Nearly all transactions pay somebody and do nothing else.
    pub payments: bool,
}

impl Default for AdversarialConfig {
    fn default() -> Self {
        Self {
            transactions: 40,
            spec: None,
            invalid: false,
            payments: false,
        }
    }
}

/// Makes a random block. Unless [`AdversarialConfig::invalid`] is set, every
/// transaction may be part of the block, though it may well revert or halt.
///
/// It may have fewer transactions than asked for, if so many candidates in a row
/// were invalid that nobody seems to have funds or gas left.
#[must_use]
pub fn random_block(seed: u64, config: AdversarialConfig) -> Workload {
    let mut rng = Rng::new(seed);
    let spec = config.spec.unwrap_or_else(|| *rng.pick(&FORKS));
    let scene = Scene::new(&mut rng, spec, config);
    let mut workload = scene.workload(format!(
        "adversarial seed={seed} txs={} spec={spec:?} invalid={}",
        config.transactions, config.invalid
    ));
    let mut runner = Runner::new(&workload);
    let mut candidates = Candidates::new(&scene, config.payments);
    let mut transactions = Vec::with_capacity(config.transactions);
    let mut attempts = 20 * config.transactions;
    while transactions.len() < config.transactions && attempts > 0 {
        attempts -= 1;
        let mut tx = candidates.next(&mut rng, &mut runner);
        if config.invalid && rng.chance(15) {
            spoil::spoil(&mut rng, &mut runner, &scene, &mut tx);
        }
        let valid = runner.run(&tx).is_ok();
        if valid && !config.invalid {
            // Where invalid ones are wanted, so are more blobs than there is room for.
            candidates.included(&tx);
        }
        if valid || config.invalid {
            transactions.push(tx);
        }
    }
    drop(runner);
    workload.block.transactions = transactions;
    workload
}
