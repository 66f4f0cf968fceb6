//! The report for scripts.

use super::{
    curve::Curve,
    line::{Line, Variant},
    machine::Machine,
    report::{BASELINE, LeftOut, OPTIMISED, Report, TIMED},
    simulation::{Prediction, Simulation},
    target::Target,
};
use crate::harness::details::Hot;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    machine: &'a Machine,
    commit: Option<&'a str>,
    optimised: bool,
    seed: u64,
    accounts: Option<usize>,
    pools: Option<usize>,
    quick: bool,
    runs: usize,
    timed: &'a str,
    baseline: &'a str,
    results: Vec<Entry<'a>>,
    curves: Vec<Curve>,
    simulated: &'a [Simulation],
    predictions: Vec<Prediction>,
    left_out: &'a [LeftOut],
}

/// Conflicts beyond these are too rare to matter.
const MOST_CONFLICTS: usize = 16;

#[derive(Serialize)]
struct Entry<'a> {
    workload: &'static str,
    variant: Variant,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    txs: usize,
    gas: u64,
    workers: usize,
    sequential_ms: Option<f64>,
    parallel_ms: Option<f64>,
    spread: Option<Spread>,
    speedup: Option<f64>,
    tps: Option<f64>,
    gigagas_per_s: Option<f64>,
    cpu_us_per_tx: Option<f64>,
    cpu_efficiency: Option<f64>,
    reexecution_rate: Option<f64>,
    chain_bound_ratio: Option<f64>,
    p50_commit_us: Option<f64>,
    p99_commit_us: Option<f64>,
    peak_mib: Option<f64>,
    verified: bool,
    runs: Option<usize>,
    sequential_cpu_us_per_tx: Option<f64>,
    stall_rate: Option<f64>,
    longest_chain: Option<usize>,
    conflicts: &'a [Hot],
    target: Option<JudgedTarget>,
}

#[derive(Serialize)]
struct Spread {
    sequential: f64,
    parallel: f64,
}

#[derive(Serialize)]
struct JudgedTarget {
    #[serde(flatten)]
    target: Target,
    met: bool,
}

/// One JSON object.
pub(crate) fn text(report: &Report) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document {
        machine: &report.machine,
        commit: report.commit.as_deref(),
        optimised: OPTIMISED,
        seed: report.seed,
        accounts: given(report.size.accounts),
        pools: given(report.size.pools),
        quick: report.quick,
        runs: report.runs,
        timed: TIMED,
        baseline: BASELINE,
        results: report.lines.iter().map(entry).collect(),
        curves: report.curves(),
        simulated: &report.simulated,
        predictions: report.predictions(),
        left_out: &report.left_out,
    })
}

/// 0 is what a row has otherwise.
fn given(number: usize) -> Option<usize> {
    (number > 0).then_some(number)
}

fn entry(line: &Line) -> Entry<'_> {
    let figures = line.figures;
    let commit = figures.and_then(|figures| figures.commit);
    let cpu = line.cpu_us_per_tx();
    let conflicts = figures.map_or(&[][..], |_| &line.conflicts);
    Entry {
        workload: line.workload,
        variant: line.variant,
        block: line.block,
        txs: line.txs,
        gas: line.gas,
        workers: line.workers,
        sequential_ms: figures.map(|figures| figures.sequential_ms),
        parallel_ms: figures.map(|figures| figures.parallel_ms),
        spread: figures.map(|figures| Spread {
            sequential: figures.sequential_spread,
            parallel: figures.parallel_spread,
        }),
        speedup: figures.map(|figures| figures.speedup),
        tps: line.transactions_per_second(),
        gigagas_per_s: line.gigagas_per_second(),
        cpu_us_per_tx: cpu.map(|[_, parallel]| parallel),
        cpu_efficiency: figures.map(|figures| figures.cpu_efficiency),
        reexecution_rate: line.reexecution_rate(),
        chain_bound_ratio: figures.and_then(|figures| figures.chain_bound_ratio),
        p50_commit_us: commit.map(|commit| commit.p50_us),
        p99_commit_us: commit.map(|commit| commit.p99_us),
        peak_mib: line.peak_mib(),
        verified: line.verified,
        runs: figures.map(|figures| figures.runs),
        sequential_cpu_us_per_tx: cpu.map(|[sequential, _]| sequential),
        stall_rate: line.stall_rate(),
        longest_chain: line.longest_chain,
        conflicts: &conflicts[..conflicts.len().min(MOST_CONFLICTS)],
        target: line.target.map(|target| JudgedTarget {
            target,
            met: line.target_met() == Some(true),
        }),
    }
}
