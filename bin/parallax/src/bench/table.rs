//! The report for people.

mod simulated;

use super::{
    line::Line,
    report::{BASELINE, LeftOut, OPTIMISED, Report, TIMED},
};
pub(super) use simulated::note as simulated_note;
use std::fmt::Write;

/// What was reached.
const RESULTS: [&str; 11] = [
    "row",
    "workers",
    "txs",
    "sequential ms",
    "parallel ms",
    "spread %",
    "speed-up",
    "cpu",
    "verified",
    "target",
    "reached",
];

/// What is behind it.
const DETAILS: [&str; 11] = [
    "row",
    "workers",
    "Mgas",
    "TPS",
    "Ggas/s",
    "cpu us/tx",
    "re-runs",
    "bound",
    "p50 ms",
    "p99 ms",
    "peak MiB",
];

/// Two tables, since one would be too wide for most terminals, what was simulated, and
/// below them how they came about.
pub(crate) fn text(report: &Report) -> String {
    let table = |header: [&str; 11], cells: fn(&Line) -> [String; 11]| {
        let header = header.map(str::to_owned);
        let rows: Vec<_> = std::iter::once(header)
            .chain(report.lines.iter().map(cells))
            .collect();
        aligned(&rows) + "\n"
    };
    let measured = table(RESULTS, results) + &table(DETAILS, details);
    measured + &simulated::text(report) + &notes(report)
}

fn results(line: &Line) -> [String; RESULTS.len()] {
    let figures = line.figures;
    let spread = figures.map(|figures| {
        let [sequential, parallel] =
            [figures.sequential_spread, figures.parallel_spread].map(|spread| spread * 100.0);
        format!("{sequential:.1}/{parallel:.1}")
    });
    [
        line.title(),
        line.workers.to_string(),
        line.txs.to_string(),
        number(figures.map(|figures| figures.sequential_ms), 2),
        number(figures.map(|figures| figures.parallel_ms), 2),
        or_dash(spread),
        or_dash(figures.map(|figures| format!("{:.2}x", figures.speedup))),
        number(figures.map(|figures| figures.cpu_efficiency), 2),
        if line.verified { "yes" } else { "WRONG" }.to_owned(),
        or_dash(line.target.map(|target| target.to_string())),
        or_dash(
            line.target_met()
                .map(|met| if met { "met" } else { "missed" }.to_owned()),
        ),
    ]
}

fn details(line: &Line) -> [String; DETAILS.len()] {
    let figures = line.figures;
    let commit = figures.and_then(|figures| figures.commit);
    [
        line.title(),
        line.workers.to_string(),
        number(Some(line.gas as f64 / 1e6), 1),
        number(line.transactions_per_second(), 0),
        number(line.gigagas_per_second(), 2),
        number(line.cpu_us_per_tx().map(|[_, parallel]| parallel), 2),
        number(figures.map(|figures| figures.reexecutions), 0),
        number(figures.and_then(|figures| figures.chain_bound_ratio), 2),
        number(commit.map(|commit| commit.p50_us / 1e3), 2),
        number(commit.map(|commit| commit.p99_us / 1e3), 2),
        number(line.peak_mib(), 1),
    ]
}

fn number(value: Option<f64>, decimals: usize) -> String {
    or_dash(value.map(|value| format!("{value:.decimals$}")))
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// The first column to the left, the others to the right.
fn aligned<R: AsRef<[String]>>(rows: &[R]) -> String {
    let cells = || rows.iter().map(AsRef::as_ref);
    let columns = cells().map(<[_]>::len).max().unwrap_or(0);
    let width = |column: usize| {
        let column = cells().filter_map(|row| row.get(column));
        column.map(String::len).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in cells() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
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
    if let Some(text) = simulated_note(report) {
        notes.push(("simulated", text));
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
