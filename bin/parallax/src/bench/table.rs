//! The report for people.

use super::{
    line::Line,
    report::{BASELINE, LeftOut, OPTIMISED, Report, TIMED},
};
use std::fmt::Write;

const COLUMNS: [&str; 20] = [
    "row",
    "workers",
    "txs",
    "gas",
    "sequential ms",
    "parallel ms",
    "spread %",
    "speed-up",
    "TPS",
    "Ggas/s",
    "cpu us/tx",
    "cpu",
    "re-runs",
    "bound",
    "p50 ms",
    "p99 ms",
    "peak MiB",
    "verified",
    "target",
    "reached",
];

type Cells = [String; COLUMNS.len()];

/// The table, and below it how it came about.
pub(crate) fn text(report: &Report) -> String {
    let header = COLUMNS.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(header)
        .chain(report.lines.iter().map(cells))
        .collect();
    aligned(&rows) + "\n" + &notes(report)
}

fn cells(line: &Line) -> Cells {
    let figures = line.figures;
    let commit = figures.and_then(|figures| figures.commit);
    let number = |value: Option<f64>, decimals: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
    };
    let spread = figures.map(|figures| {
        let [sequential, parallel] =
            [figures.sequential_spread, figures.parallel_spread].map(|spread| spread * 100.0);
        format!("{sequential:.1}/{parallel:.1}")
    });
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        line.title(),
        line.workers.to_string(),
        line.txs.to_string(),
        line.gas.to_string(),
        number(figures.map(|figures| figures.sequential_ms), 2),
        number(figures.map(|figures| figures.parallel_ms), 2),
        or_dash(spread),
        or_dash(figures.map(|figures| format!("{:.2}x", figures.speedup))),
        number(line.transactions_per_second(), 0),
        number(line.gigagas_per_second(), 2),
        number(line.cpu_us_per_tx().map(|[_, parallel]| parallel), 2),
        number(figures.map(|figures| figures.cpu_efficiency), 2),
        number(figures.map(|figures| figures.reexecutions), 0),
        number(figures.and_then(|figures| figures.chain_bound_ratio), 2),
        number(commit.map(|commit| commit.p50_us / 1e3), 2),
        number(commit.map(|commit| commit.p99_us / 1e3), 2),
        number(line.peak_mib(), 1),
        if line.verified { "yes" } else { "WRONG" }.to_owned(),
        or_dash(line.target.map(|target| target.to_string())),
        or_dash(
            line.target_met()
                .map(|met| if met { "met" } else { "missed" }.to_owned()),
        ),
    ]
}

/// The first column to the left, the others to the right.
fn aligned(rows: &[Cells]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let _ = write!(text, "{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}

fn notes(report: &Report) -> String {
    let mut notes = vec![
        ("machine", report.machine.to_string()),
        (
            "commit",
            report
                .commit
                .clone()
                .unwrap_or_else(|| "unknown".to_owned()),
        ),
        ("seed", report.seed.to_string()),
        ("timed", TIMED.to_owned()),
        ("baseline", BASELINE.to_owned()),
        ("runs", report.runs_text()),
        (
            "columns",
            "spread: interquartile range in percent of the median, sequential and parallel; \
             cpu: CPU time of the baseline by that of the engine; re-runs: per run; bound: \
             parallel time by the least possible for whole transactions; p50, p99: from the \
             start until a transaction is committed; docs/benchmarks.md has more"
                .to_owned(),
        ),
    ];
    if let Some(count) = report.real_blocks {
        notes.push(("blocks", count.to_string()));
    }
    for same in report.left_out.chunk_by(|a, b| a.reason == b.reason) {
        notes.push(("left out", left_out(same)));
    }
    if report.quick {
        let text = "quick: few runs, small blocks; an idea, not a result";
        notes.push(("note", text.to_owned()));
    }
    if !OPTIMISED {
        let text = "built without optimisation: build with --release to measure";
        notes.push(("note", text.to_owned()));
    }
    notes
        .into_iter()
        .map(|(name, text)| format!("{name:<9} {text}\n"))
        .collect()
}

/// Rows that were left out for the same reason.
pub(super) fn left_out(rows: &[LeftOut]) -> String {
    let names: Vec<_> = rows.iter().map(|row| row.workload).collect();
    let reason = rows.first().map_or("", |row| &row.reason);
    format!("{}: {reason}", names.join(", "))
}
