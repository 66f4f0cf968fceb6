//! On what, of what and how was measured, and what each column is.

use super::{
    super::{
        report::{BASELINE, Report, TIMED},
        row::Row,
        table::{left_out, simulated_note},
    },
    Section,
    text::{definitions, escape},
};

/// Columns of the table, and what they are.
const COLUMNS: [(&str, &str); 12] = [
    (
        "sequential ms, parallel ms",
        "median times of plain revm and of the engine for the whole block",
    ),
    (
        "spread %",
        "interquartile range in percent of the median, sequential / parallel: half of the times \
         lie in a band this wide",
    ),
    ("speed-up", "the first time divided by the second"),
    (
        "tx/s, Ggas/s",
        "of the engine: execution only, no network and no disk",
    ),
    (
        "CPU µs/tx",
        "CPU time of all threads of the engine for each transaction",
    ),
    (
        "CPU efficiency",
        "CPU time of revm by that of the engine: 1 is no work wasted, more is work saved",
    ),
    (
        "re-runs/tx",
        "executions that were repeated, for each transaction",
    ),
    (
        "× chain bound",
        "parallel time by the least possible time for whole transactions: all work shared out \
         evenly, or the longest chain if that takes more. 1 is optimal. Plain payments are settled \
         together, not one by one, and can be below",
    ),
    (
        "p50, p99 commit",
        "time from the call of the engine until a transaction was committed and delivered, for \
         half and for 99 of 100 transactions",
    ),
    (
        "peak MiB",
        "how much memory the process grew by, at most, while a fresh engine executed the block; \
         block and state are not in it, the result is",
    ),
    (
        "verified",
        "outcomes, gas, logs, requests and state changes are those of plain revm",
    ),
    (
        "waited",
        "transactions put aside until an earlier one was done, of 1,000",
    ),
];

pub(super) fn section(report: &Report) -> Option<Section> {
    let columns = COLUMNS.map(|(name, text)| (name, escape(text)));
    let mut body = definitions(machine(report));
    body.push_str("<h3>What the rows execute</h3>\n");
    body.push_str(&definitions(rows(report)));
    body.push_str("<h3>What the columns say</h3>\n");
    body.push_str(&definitions(columns));
    if !report.left_out.is_empty() {
        body.push_str("<h3>What is missing</h3>\n");
        let same = report.left_out.chunk_by(|a, b| a.reason == b.reason);
        let items: String = same
            .map(|rows| format!("<li>{}</li>\n", escape(&left_out(rows))))
            .collect();
        body.push_str(&format!("<ul>\n{items}</ul>\n"));
    }
    Some(Section {
        id: "method",
        title: "How it was measured",
        lead: "Both ways run in turns in one process, after one run of each to warm up, so that \
               whatever else the machine does meets both. What is compared is what was timed."
            .to_owned(),
        body,
    })
}

fn machine(report: &Report) -> Vec<(&'static str, String)> {
    let machine = &report.machine;
    let mut pairs = vec![
        ("machine", machine.to_string()),
        (
            "commit",
            report
                .commit
                .clone()
                .unwrap_or_else(|| "unknown".to_owned()),
        ),
        ("seed", report.seed.to_string()),
        ("runs", report.runs_text()),
        ("timed", TIMED.to_owned()),
        ("baseline", BASELINE.to_owned()),
    ];
    pairs.extend(simulated_note(report).map(|note| ("simulated", note)));
    if let Some(count) = report.real_blocks {
        pairs.push(("real blocks", count.to_string()));
    }
    pairs
        .into_iter()
        .map(|(name, text)| (name, escape(&text)))
        .collect()
}

fn rows(report: &Report) -> Vec<(&'static str, String)> {
    let mut names: Vec<_> = report.lines.iter().map(|line| line.workload).collect();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let row = Row::parse(name).ok()?;
            Some((name, escape(row.description())))
        })
        .collect()
}
