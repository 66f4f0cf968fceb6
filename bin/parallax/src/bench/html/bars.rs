//! How many times faster each row is, and how many times it should be.

use super::{
    super::{line::Line, report::Report},
    Section,
    axis::{Axis, PlotRow, plot},
    main_lines, most_workers,
    text::times,
};
use std::fmt::Write;

/// Bars that start where plain revm is.
pub(super) fn section(report: &Report) -> Option<Section> {
    let workers = most_workers(report);
    let values = main_lines(report).flat_map(|line| {
        let target = line.target.map(|target| target.speedup);
        [Some(1.0), speedup(line), target, alone(report, line)]
    });
    let axis = Axis::around(2.0, values.flatten());
    let rows: Vec<_> = main_lines(report)
        .map(|line| PlotRow {
            label: line.title(),
            marks: marks(&axis, line, alone(report, line)),
            value: value(line),
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let cores = if workers == 1 { "core" } else { "cores" };
    let mut lead = format!(
        "On {workers} {cores}. A bar to the right of 1× is time saved, a bar to the left is time \
         lost; each step of the scale doubles."
    );
    if main_lines(report).any(|line| line.target.is_some()) {
        lead.push_str(" <i class=\"key target\"></i> is the target of a row");
        lead.push_str(match rows.len() {
            1 => ".",
            _ => ", where it has one.",
        });
    }
    if main_lines(report).any(|line| alone(report, line).is_some()) {
        lead.push_str(" <i class=\"key dot hollow\"></i> is one worker.");
    }
    Some(Section {
        id: "speed",
        title: "Speed-up over plain revm",
        lead,
        body: plot(&axis, |tick| format!("{tick}×"), &rows),
    })
}

fn speedup(line: &Line) -> Option<f64> {
    Some(line.figures?.speedup)
}

/// The same on one worker, if that was measured too.
fn alone(report: &Report, line: &Line) -> Option<f64> {
    let is_wanted = |other: &&Line| {
        let same_row = (other.workload, other.variant) == (line.workload, line.variant);
        same_row && other.workers == 1 && line.workers > 1
    };
    speedup(report.lines.iter().find(is_wanted)?)
}

fn marks(axis: &Axis, line: &Line, alone: Option<f64>) -> String {
    let mut marks = String::new();
    let one = axis.place(1.0);
    if let Some(speedup) = speedup(line) {
        let end = axis.place(speedup);
        let class = match speedup {
            1.0.. => "bar",
            _ => "bar slower",
        };
        let _ = write!(
            marks,
            "<i class=\"{class}\" style=\"left:{:.2}%;width:{:.2}%\"></i>",
            one.min(end),
            (end - one).abs()
        );
    }
    let _ = write!(marks, "<i class=\"zero\" style=\"left:{one:.2}%\"></i>");
    if let Some(alone) = alone {
        let place = axis.place(alone);
        let _ = write!(
            marks,
            "<i class=\"dot hollow\" style=\"left:{place:.2}%\"></i>"
        );
    }
    if let Some(target) = line.target {
        let place = axis.place(target.speedup);
        let _ = write!(marks, "<i class=\"target\" style=\"left:{place:.2}%\"></i>");
    }
    marks
}

/// The number, and what is to be said about the target. A target may ask for CPU
/// efficiency too.
fn value(line: &Line) -> String {
    let Some(figures) = line.figures else {
        return "<b class=\"wrong\">wrong result</b>".to_owned();
    };
    let number = format!("<b>{}</b>", times(figures.speedup));
    match (line.target, line.target_met()) {
        (Some(target), Some(true)) => format!(
            "{number} <small class=\"met\">✓ target {}×</small>",
            target.speedup
        ),
        (Some(target), _) if figures.speedup >= target.speedup => format!(
            "{number} <small class=\"missed\">✗ CPU {:.2}</small>",
            figures.cpu_efficiency
        ),
        (Some(target), _) => format!(
            "{number} <small class=\"missed\">✗ target {}×</small>",
            target.speedup
        ),
        (None, _) => number,
    }
}
