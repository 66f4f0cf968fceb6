//! Results for people: a table, one line per block.

use super::summary::Summary;
use crate::harness::{
    examine::Examination,
    measure::{Samples, Timing},
};

const LABEL: usize = 18;

/// The line above the blocks.
pub(crate) fn header() -> String {
    format!(
        "{:>LABEL$} {:>6} {:>12} {:>13} {:>11} {:>8} {:>7} {:>6} {:>6} {:>7}",
        "block",
        "txs",
        "gas",
        "sequential ms",
        "parallel ms",
        "speed-up",
        "re-runs",
        "chain",
        "cpu",
        "checks",
    )
}

/// The line of a block.
pub(crate) fn row(examination: &Examination) -> String {
    let verdict = &examination.verdict;
    let timing = examination.timing.as_ref();
    let checks = format!("{}/{}", verdict.passed(), verdict.findings.len());
    format!(
        "{:>LABEL$} {:>6} {:>12} {:>13} {:>11} {:>8} {:>7} {:>6} {:>6} {:>7}{}",
        examination.label.to_string(),
        examination.transactions,
        examination.gas,
        milliseconds(timing.map(|timing| &timing.sequential)),
        milliseconds(timing.map(|timing| &timing.parallel)),
        times(timing.map(Timing::speedup)),
        examination.stats.reexecutions,
        examination.stats.longest_chain,
        times(timing.map(Timing::cpu_efficiency)),
        checks,
        if verdict.verified() { "" } else { "  FAILED" },
    )
}

/// The lines below the blocks.
pub(crate) fn footer(summary: &Summary) -> String {
    let unchecked = match summary.unchecked {
        0 => String::new(),
        1 => "; 1 check is not possible, RUST_LOG=info says why".to_owned(),
        checks => format!("; {checks} checks are not possible, RUST_LOG=info says why"),
    };
    format!(
        "\n{} blocks, {} verified, {} failed{unchecked}\n{} workers, speed-up {} (geometric mean), {} (least)",
        summary.blocks(),
        summary.verified,
        summary.failed,
        summary.workers,
        times(summary.geomean_speedup()),
        times(summary.min_speedup()),
    )
}

fn milliseconds(samples: Option<&Samples>) -> String {
    samples.map_or_else(
        || "-".to_owned(),
        |samples| format!("{:.3}", samples.wall.median().as_secs_f64() * 1e3),
    )
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}x"))
}
