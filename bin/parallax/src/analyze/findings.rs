//! All that is known of a block, in the form that reports print.
//!
//! ```text
//! trace ─> chain, model (bounds, curve, validation), conflicts, picture ─> findings
//! ```

mod chain;
mod conflicts;
mod model;
mod picture;

use super::labels;
use chain::ChainFound;
pub(crate) use chain::LinkFound;
use conflicts::{AdviceFound, LocationFound, PairFound, RemovalFound};
use eyre::{Result, WrapErr};
use model::{BoundFound, CORES, CostsFound, Curve, SIMULATED, Validation};
use parallax_analysis::{
    Names, Recording, Trace, advise, overlapped_chain, record_stepwise, simulate, speedup_bound,
};
use parallax_engine::Block;
pub(crate) use picture::Picture;
use revm::DatabaseRef;
use serde::Serialize;
use std::time::Duration;

/// What was found out about a block.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Findings {
    pub(crate) block: String,
    pub(crate) txs: usize,
    pub(crate) gas: u64,
    pub(crate) failed: usize,
    /// Transactions that depend on no other one of the block.
    pub(crate) independent: usize,
    /// Plain revm, one after the other.
    pub(crate) sequential_ms: f64,
    /// The engine on one worker.
    pub(crate) one_worker_ms: f64,
    /// Executing the transactions, without all else.
    pub(crate) executing_ms: f64,
    pub(crate) chain: ChainFound,
    pub(crate) overlapped_chain_ms: f64,
    pub(crate) bounds: Vec<BoundFound>,
    pub(crate) simulated: Vec<Curve>,
    /// Predictions for cores that this machine has, and what was measured.
    pub(crate) validation: Option<Validation>,
    pub(crate) costs: CostsFound,
    pub(crate) locations: Vec<LocationFound>,
    pub(crate) functions: Vec<PairFound>,
    pub(crate) removals: Vec<RemovalFound>,
    pub(crate) advice: Vec<AdviceFound>,
    /// For the page only.
    #[serde(skip)]
    pub(crate) picture: Picture,
}

impl Findings {
    /// Looks into a block.
    pub(crate) fn of<DB: DatabaseRef + Sync>(
        label: String,
        block: &Block,
        db: &DB,
        runs: usize,
        step: &mut dyn FnMut(),
    ) -> Result<Self>
    where
        DB::Error: Send + 'static,
    {
        let recording = Recording { runs };
        let recorded = record_stepwise(block, db, &recording, step);
        let (trace, mut names) = recorded.wrap_err_with(|| format!("cannot analyse {label}"))?;
        labels::add(&mut names, &trace, db)?;
        let mut findings = Self::of_trace(label, &trace, &names);
        findings.validation = model::validate(block, db, &recording, &trace)?;
        Ok(findings)
    }

    fn of_trace(block: String, trace: &Trace, names: &Names) -> Self {
        let found = parallax_analysis::conflicts(trace);
        let simulations: Vec<_> = SIMULATED.map(|cores| simulate(trace, cores)).into();
        let advice = advise(trace, &found, names);
        Self {
            block,
            txs: trace.transactions.len(),
            gas: trace.gas(),
            failed: trace.transactions.iter().filter(|tx| !tx.succeeded).count(),
            independent: trace.independent(),
            sequential_ms: ms(trace.sequential),
            one_worker_ms: ms(trace.one_worker),
            executing_ms: ms(trace.total()),
            chain: chain::chain(trace, names),
            overlapped_chain_ms: ms(overlapped_chain(trace).time),
            bounds: CORES
                .map(|cores| model::bound(speedup_bound(trace, cores)))
                .into(),
            simulated: simulations
                .iter()
                .map(|simulated| model::curve(trace, simulated))
                .collect(),
            validation: None,
            costs: model::costs(trace),
            locations: conflicts::locations(trace, &found, names),
            functions: conflicts::functions(&found, names),
            removals: conflicts::removals(&found, names),
            advice: advice.into_iter().map(conflicts::advice_found).collect(),
            picture: picture::picture(trace, names, &simulations),
        }
    }
}

/// One JSON object on one line.
pub(crate) fn json(findings: &Findings) -> serde_json::Result<String> {
    serde_json::to_string(findings)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
