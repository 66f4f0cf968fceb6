//! Results for scripts: one JSON object per line.

use super::summary::Summary;
use crate::harness::{
    case::Label,
    examine::Examination,
    measure::{Samples, Timing},
    verdict::{Finding, Of},
};
use parallax_blocks::BlockFileError;
use serde::Serialize;

#[derive(Serialize)]
struct BlockLine<'a> {
    block: &'a Label,
    txs: usize,
    gas: u64,
    verified: bool,
    checks: Vec<CheckLine<'a>>,
    unchecked: Vec<UncheckedLine<'a>>,
    sequential_ms: Option<f64>,
    parallel_ms: Option<f64>,
    speedup: Option<f64>,
    reexecutions: u64,
    longest_chain: usize,
    cpu_efficiency: Option<f64>,
}

#[derive(Serialize)]
struct UnusableLine<'a> {
    file: &'a str,
    verified: bool,
    error: String,
}

#[derive(Serialize)]
struct CheckLine<'a> {
    name: &'a str,
    of: Of,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<&'a str>,
}

#[derive(Serialize)]
struct UncheckedLine<'a> {
    name: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct SummaryLine {
    summary: SummaryObject,
}

#[derive(Serialize)]
struct SummaryObject {
    blocks: usize,
    verified: usize,
    failed: usize,
    unusable: usize,
    unchecked: usize,
    geomean_speedup: Option<f64>,
    min_speedup: Option<f64>,
    workers: usize,
}

/// The line of a block.
pub(crate) fn block(examination: &Examination) -> serde_json::Result<String> {
    let timing = examination.timing.as_ref();
    let milliseconds = |samples: &Samples| samples.wall.median().as_secs_f64() * 1e3;
    let verdict = &examination.verdict;
    serde_json::to_string(&BlockLine {
        block: &examination.label,
        txs: examination.transactions,
        gas: examination.gas,
        verified: verdict.verified(),
        checks: verdict.findings.iter().map(check).collect(),
        unchecked: verdict
            .unchecked
            .iter()
            .map(|gap| UncheckedLine {
                name: gap.name,
                reason: &gap.reason,
            })
            .collect(),
        sequential_ms: timing.map(|timing| milliseconds(&timing.sequential)),
        parallel_ms: timing.map(|timing| milliseconds(&timing.parallel)),
        speedup: timing.map(Timing::speedup),
        reexecutions: examination.stats.reexecutions,
        longest_chain: examination.stats.longest_chain,
        cpu_efficiency: timing.map(Timing::cpu_efficiency),
    })
}

/// The line of a file that is no block.
pub(crate) fn unusable(error: &BlockFileError) -> serde_json::Result<String> {
    serde_json::to_string(&UnusableLine {
        file: error.file(),
        verified: false,
        error: error.to_string(),
    })
}

fn check(finding: &Finding) -> CheckLine<'_> {
    let difference = finding.difference.as_ref();
    CheckLine {
        name: finding.name,
        of: finding.of,
        passed: finding.passed(),
        expected: difference.map(|(expected, _)| expected.as_str()),
        got: difference.map(|(_, got)| got.as_str()),
    }
}

/// The last line.
pub(crate) fn summary(summary: &Summary) -> serde_json::Result<String> {
    serde_json::to_string(&SummaryLine {
        summary: SummaryObject {
            blocks: summary.blocks(),
            verified: summary.verified,
            failed: summary.failed,
            unusable: summary.unusable,
            unchecked: summary.unchecked.values().sum(),
            geomean_speedup: summary.geomean_speedup(),
            min_speedup: summary.min_speedup(),
            workers: summary.workers,
        },
    })
}
