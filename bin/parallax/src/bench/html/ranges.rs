//! Two figures of each row on one axis: CPU time of both ways, and how long a
//! transaction waits for its commit.

use super::{
    super::{line::Line, report::Report},
    Section,
    axis::{Axis, PlotRow, plot},
    main_lines,
    text::{figure, microseconds},
};

/// Two values of a row.
struct Range {
    label: String,
    from: f64,
    to: f64,
    /// HTML.
    value: String,
}

/// What a transaction costs on plain revm and on the engine.
pub(super) fn cpu_section(report: &Report) -> Option<Section> {
    let ranges = main_lines(report).filter_map(|line| {
        let [sequential, parallel] = line.cpu_us_per_tx()?;
        Some(Range {
            label: line.title(),
            from: sequential,
            to: parallel,
            value: format!(
                "<b>{} µs</b> <small>revm {}</small>",
                figure(parallel),
                figure(sequential)
            ),
        })
    });
    section(
        ranges.collect(),
        Section {
            id: "cpu",
            title: "CPU time per transaction",
            lead: "All threads together: what a transaction costs in energy and money. \
                   <i class=\"key dot base\"></i> plain revm, <i class=\"key dot\"></i> Parallax; \
                   to the left is cheaper, and each step of the scale is ten times."
                .to_owned(),
            body: String::new(),
        },
    )
}

/// How long after the block began transactions were committed.
pub(super) fn commit_section(report: &Report) -> Option<Section> {
    let ranges = main_lines(report).filter_map(|line: &Line| {
        let commit = line.figures?.commit?;
        Some(Range {
            label: line.title(),
            from: commit.p50_us,
            to: commit.p99_us,
            value: format!(
                "<b>{}</b> <small>p99 {}</small>",
                microseconds(commit.p50_us),
                microseconds(commit.p99_us)
            ),
        })
    });
    section(
        ranges.collect(),
        Section {
            id: "commit",
            title: "From start of block to commit",
            lead: "When a transaction is final and handed on, counted from the call that begins \
                   the block, while later ones still run. \
                   <i class=\"key dot base\"></i> half of the transactions, \
                   <i class=\"key dot\"></i> 99 of 100."
                .to_owned(),
            body: String::new(),
        },
    )
}

fn section(ranges: Vec<Range>, section: Section) -> Option<Section> {
    if ranges.is_empty() {
        return None;
    }
    let axis = Axis::around(10.0, ranges.iter().flat_map(|range| [range.from, range.to]));
    let rows: Vec<_> = ranges
        .into_iter()
        .map(|range| PlotRow {
            marks: marks(axis.place(range.from), axis.place(range.to)),
            label: range.label,
            value: range.value,
        })
        .collect();
    Some(Section {
        body: plot(&axis, tick, &rows),
        ..section
    })
}

fn tick(value: f64) -> String {
    match value {
        1e6.. => format!("{} s", value / 1e6),
        1e3.. => format!("{} ms", value / 1e3),
        _ => format!("{value} µs"),
    }
}

fn marks(from: f64, to: f64) -> String {
    format!(
        "<i class=\"span\" style=\"left:{:.2}%;width:{:.2}%\"></i>\
         <i class=\"dot base\" style=\"left:{from:.2}%\"></i>\
         <i class=\"dot\" style=\"left:{to:.2}%\"></i>",
        from.min(to),
        (to - from).abs()
    )
}
