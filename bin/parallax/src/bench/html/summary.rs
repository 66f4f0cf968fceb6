//! The top of the page: what was found, in a sentence and four numbers.

use super::{
    super::{line::Line, report::Report},
    main_lines, most_workers,
    text::{escape, grouped, times},
};
use crate::harness::statistics::geometric_mean;

/// Title, sentence, numbers, and what it was measured on.
pub(super) fn header(report: &Report) -> String {
    format!(
        "<header>\n<p class=\"brand\">Parallax <span>bench</span></p>\n\
         <h1>{}</h1>\n<p class=\"sentence\">{}</p>\n{}{}{}</header>\n",
        headline(report),
        sentence(report),
        tiles(report),
        warnings(report),
        origin(report)
    )
}

fn headline(report: &Report) -> String {
    let mean = speedups(report);
    match geometric_mean(mean.iter().map(|(speedup, _)| *speedup)) {
        Some(mean) if report.lines.iter().all(|line| line.verified) => format!(
            "<b>{}</b> the speed of plain revm, with exactly the same results",
            times(mean)
        ),
        Some(_) => "Some results are wrong: they have no times".to_owned(),
        None => "Nothing was measured".to_owned(),
    }
}

/// Speed-ups of the lines that the pictures are about, and whose they are.
fn speedups(report: &Report) -> Vec<(f64, &Line)> {
    main_lines(report)
        .filter_map(|line| Some((line.figures?.speedup, line)))
        .collect()
}

fn sentence(report: &Report) -> String {
    let speedups = speedups(report);
    let ends = (
        speedups.iter().max_by(|a, b| a.0.total_cmp(&b.0)),
        speedups.iter().min_by(|a, b| a.0.total_cmp(&b.0)),
    );
    let (Some((most, fastest)), Some((least, slowest))) = ends else {
        return String::new();
    };
    let (workers, rows) = (most_workers(report), speedups.len());
    format!(
        "Geometric mean of {rows} {} on {workers} {}, against plain revm in the same run: from \
         {} ({}) to {} ({}). Receipts, gas, logs and state of every run are compared with those \
         of revm; a run that differs has no time.",
        if rows == 1 { "workload" } else { "workloads" },
        if workers == 1 { "core" } else { "cores" },
        times(*least),
        escape(&slowest.title()),
        times(*most),
        escape(&fastest.title()),
    )
}

fn tiles(report: &Report) -> String {
    let verified = report.lines.iter().filter(|line| line.verified).count();
    let met: Vec<_> = report.lines.iter().filter_map(Line::target_met).collect();
    let reached = met.iter().filter(|met| **met).count();
    let efficiency =
        geometric_mean(main_lines(report).filter_map(|line| Some(line.figures?.cpu_efficiency)));
    let fastest = main_lines(report)
        .filter_map(Line::transactions_per_second)
        .reduce(f64::max);
    let tile = |value: String, name: &str| format!("<div><dd>{value}</dd><dt>{name}</dt></div>\n");
    let dash = || "–".to_owned();
    format!(
        "<dl class=\"tiles\">\n{}{}{}{}</dl>\n",
        tile(
            format!("{verified}<small> of {}</small>", report.lines.len()),
            "results identical to sequential execution"
        ),
        tile(
            format!("{reached}<small> of {}</small>", met.len()),
            "targets reached"
        ),
        tile(
            efficiency.map_or_else(dash, |mean| format!("{mean:.2}")),
            "CPU efficiency: revm’s CPU time by ours"
        ),
        tile(
            fastest.map_or_else(dash, |rate| grouped(rate as u64)),
            "transactions per second, fastest row"
        ),
    )
}

fn warnings(report: &Report) -> String {
    let mut text = String::new();
    if report.quick {
        text.push_str(
            "<p class=\"warning\">A quick measurement: few runs of small blocks. \
             It gives an idea, not a result.</p>\n",
        );
    }
    if !super::super::report::OPTIMISED {
        text.push_str(
            "<p class=\"warning\">Built without optimisation: the times mean nothing.</p>\n",
        );
    }
    text
}

fn origin(report: &Report) -> String {
    let machine = &report.machine;
    let memory = machine.memory_gib().map(|gib| format!("{gib:.1} GiB"));
    let parts = [
        machine.cpu.clone(),
        Some(format!("{} cores", machine.cores)),
        memory,
        report
            .commit
            .as_ref()
            .map(|commit| format!("commit {commit}")),
        Some(format!("seed {}", report.seed)),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .map(|part| format!("<span>{}</span>", escape(&part)))
        .collect();
    format!("<p class=\"origin\">{}</p>\n", parts.join(" "))
}
