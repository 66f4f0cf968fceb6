//! Every figure of every line.

use super::{
    super::{line::Line, report::Report},
    Section,
    text::{escape, figure, grouped, times},
};
use std::fmt::Write;

const COLUMNS: [&str; 18] = [
    "row",
    "workers",
    "txs",
    "Mgas",
    "sequential ms",
    "parallel ms",
    "spread %",
    "speed-up",
    "tx/s",
    "Ggas/s",
    "CPU µs/tx",
    "CPU efficiency",
    "re-runs/tx",
    "× chain bound",
    "p50 commit ms",
    "p99 commit ms",
    "peak MiB",
    "verified",
];

pub(super) fn section(report: &Report) -> Option<Section> {
    let headings: String = COLUMNS
        .iter()
        .map(|heading| format!("<th scope=\"col\">{heading}</th>"))
        .collect();
    let rows: String = report.lines.iter().map(row).collect();
    Some(Section {
        id: "table",
        title: "Every figure",
        lead: "Times are medians of runs in turns. What each column is: see \
               <a href=\"#method\">how it was measured</a>."
            .to_owned(),
        body: format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Every figure\">\n\
             <table class=\"figures\">\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}\
             </tbody>\n</table>\n</div>\n"
        ),
    })
}

fn row(line: &Line) -> String {
    let mut html = format!("<tr><th scope=\"row\">{}</th>", escape(&line.title()));
    for cell in cells(line) {
        let _ = write!(html, "<td>{cell}</td>");
    }
    let verified = match line.verified {
        true => "<td class=\"met\">✓ yes</td>",
        false => "<td class=\"wrong\">✗ wrong</td>",
    };
    html + verified + "</tr>\n"
}

/// All but the first and the last.
fn cells(line: &Line) -> [String; COLUMNS.len() - 2] {
    let figures = line.figures;
    let commit = figures.and_then(|figures| figures.commit);
    let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), figure);
    let two =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    [
        line.workers.to_string(),
        grouped(line.txs as u64),
        figure(line.gas as f64 / 1e6),
        show(figures.map(|figures| figures.sequential_ms)),
        show(figures.map(|figures| figures.parallel_ms)),
        or_dash(figures.map(|figures| {
            let [sequential, parallel] =
                [figures.sequential_spread, figures.parallel_spread].map(|spread| spread * 1e2);
            format!("{sequential:.0} / {parallel:.0}")
        })),
        or_dash(figures.map(|figures| format!("<b>{}</b>", times(figures.speedup)))),
        show(line.transactions_per_second()),
        two(line.gigagas_per_second()),
        show(line.cpu_us_per_tx().map(|[_, parallel]| parallel)),
        two(figures.map(|figures| figures.cpu_efficiency)),
        or_dash(line.reexecution_rate().map(|rate| format!("{rate:.3}"))),
        two(figures.and_then(|figures| figures.chain_bound_ratio)),
        show(commit.map(|commit| commit.p50_us / 1e3)),
        show(commit.map(|commit| commit.p99_us / 1e3)),
        show(line.peak_mib()),
    ]
}
