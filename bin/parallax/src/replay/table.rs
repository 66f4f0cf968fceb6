//! Results for people: a table, one line per block.

use super::summary::Summary;
use crate::harness::{
    examine::Examination,
    measure::{Samples, Timing},
};
use parallax_blocks::BlockFileError;

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

/// The line of a file that is no block.
pub(crate) fn unusable(error: &BlockFileError) -> String {
    format!("{:>LABEL$} {error}  FAILED", "unusable")
}

/// The lines below the blocks.
pub(crate) fn footer(summary: &Summary) -> String {
    let unusable = match summary.unusable {
        0 => String::new(),
        unusable => format!(", {unusable} unusable"),
    };
    format!(
        "\n{}, {} verified, {} failed{unusable}\n{}{}, speed-up {} (geometric mean), {} (least)",
        counted(summary.blocks(), "block"),
        summary.verified,
        summary.failed,
        state_roots(summary),
        counted(summary.workers, "worker"),
        times(summary.geomean_speedup()),
        times(summary.min_speedup()),
    )
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// How many of the blocks with a witness had their state root checked, and why
/// the others had not; nothing where there is no witness.
fn state_roots(summary: &Summary) -> String {
    let witnesses = summary.witnesses();
    if witnesses == 0 {
        return String::new();
    }
    let mut text = format!(
        "stateRoot checked in {} of {witnesses} blocks with a witness\n",
        summary.state_roots
    );
    for (gap, blocks) in &summary.unchecked {
        text += &format!("  not in {blocks}: {gap}\n");
    }
    text
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
