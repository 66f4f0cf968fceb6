//! How parallel a block can be at all: what depends on what, and how long each takes.

use super::case::Case;
use crate::cli::Mode;
use eyre::{Result, WrapErr};
use parallax_engine::{Block, BlockOutput, Engine, EngineConfig, EngineError, Stats};
use revm::DatabaseRef;
use std::time::Duration;

/// Executes blocks on one worker, where nothing waits and nothing is repeated, and
/// records more than a timed execution should.
pub(crate) struct Observer {
    is_build: bool,
    engine: Engine,
}

/// What the transactions of a block leave to any schedule.
#[derive(Clone, Debug)]
pub(crate) struct Observation(Stats);

impl Observer {
    /// For blocks that are executed in this mode.
    pub(crate) fn new(mode: Mode) -> Result<Self> {
        let engine = Engine::new(EngineConfig {
            workers: 1,
            dependencies: true,
            record_timelines: true,
            ..EngineConfig::default()
        });
        Ok(Self {
            is_build: mode == Mode::Build,
            engine: engine.wrap_err("cannot start the engine")?,
        })
    }

    /// Of so many executions, after one to warm up, the one that took the least time:
    /// whatever disturbs a run makes it longer. `None` if the block cannot be
    /// executed, which its examination has said.
    pub(crate) fn observe(&self, case: &Case, runs: usize) -> Option<Observation> {
        match case {
            Case::Recorded(file) => self.least(&file.block, &file.state, runs),
            Case::Generated(workload) => self.least(&workload.block, &workload.state, runs),
        }
    }

    fn least<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
        runs: usize,
    ) -> Option<Observation> {
        self.execute(block, db).ok()?;
        (0..runs)
            .filter_map(|_| Some(self.execute(block, db).ok()?.stats))
            .min_by_key(|stats| stats.work)
            .map(Observation)
    }

    fn execute<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        if self.is_build {
            self.engine.build(block, db)
        } else {
            self.engine.replay(block, db)
        }
    }
}

impl Observation {
    /// Transactions in the longest chain of which each read what one before wrote.
    pub(crate) fn longest_chain(&self) -> usize {
        self.0.longest_chain
    }

    /// The least time that a schedule of whole transactions can take.
    pub(crate) fn least_time(&self, workers: usize) -> Duration {
        self.0.least_time(workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parallax_workload::{Kind, generate};

    #[test]
    fn a_chain_leaves_nothing_to_other_workers() {
        let observer = Observer::new(Mode::Replay).unwrap();
        let observe = |kind| {
            let case = Case::Generated(Box::new(generate(kind, 30, 1)));
            observer.observe(&case, 2).unwrap()
        };
        let chain = observe(Kind::Chain);
        assert_eq!(chain.longest_chain(), 30);
        assert_eq!(chain.least_time(1), chain.least_time(8));
        let swaps = observe(Kind::Swaps);
        assert_eq!(swaps.longest_chain(), 1);
        assert!(swaps.least_time(2) < swaps.least_time(1));
    }
}
