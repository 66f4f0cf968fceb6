//! The report for scripts.

use super::{
    line::{Line, Variant},
    machine::Machine,
    report::{BASELINE, LeftOut, OPTIMISED, Report, TIMED},
    target::Target,
};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    machine: &'a Machine,
    commit: Option<&'a str>,
    optimised: bool,
    seed: u64,
    quick: bool,
    runs: usize,
    timed: &'a str,
    baseline: &'a str,
    results: Vec<Entry>,
    left_out: &'a [LeftOut],
}

#[derive(Serialize)]
struct Entry {
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
    cpu_efficiency: Option<f64>,
    reexecution_rate: Option<f64>,
    verified: bool,
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
        quick: report.quick,
        runs: report.runs,
        timed: TIMED,
        baseline: BASELINE,
        results: report.lines.iter().map(entry).collect(),
        left_out: &report.left_out,
    })
}

fn entry(line: &Line) -> Entry {
    let figures = line.figures;
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
        cpu_efficiency: figures.map(|figures| figures.cpu_efficiency),
        reexecution_rate: line.reexecution_rate(),
        verified: line.verified,
        target: line.target.map(|target| JudgedTarget {
            target,
            met: line.target_met() == Some(true),
        }),
    }
}
