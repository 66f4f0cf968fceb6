//! What was not measured, and how well it would have predicted what was.

use super::{
    super::{
        report::Report,
        simulation::{Prediction, SimulatedPoint, Simulation, typical_errors},
    },
    aligned,
};

/// Curves, and predictions beside what was measured; empty if nothing was simulated.
pub(super) fn text(report: &Report) -> String {
    let Some(first) = report.simulated.first() else {
        return String::new();
    };
    let cores = first.points.iter().map(|point| point.cores.to_string());
    let header = ["simulated speed-up on cores".to_owned()].into_iter();
    let mut curves = vec![header.chain(cores).collect::<Vec<_>>()];
    curves.extend(report.simulated.iter().map(curve));
    let predictions = report.predictions();
    let mut errors = vec![HEADER.map(str::to_owned)];
    errors.extend(predictions.iter().map(prediction));
    aligned(&curves) + "\n" + &aligned(&errors) + "\n"
}

fn curve(simulation: &Simulation) -> Vec<String> {
    let speedup = |point: &SimulatedPoint| format!("{:.2}x", point.speedup);
    let name = simulation.workload.to_owned();
    let speedups = simulation.points.iter().map(speedup);
    std::iter::once(name).chain(speedups).collect()
}

const HEADER: [&str; 6] = [
    "predicted and measured",
    "workers",
    "simulated ms",
    "measured ms",
    "error %",
    "re-runs, simulated/measured",
];

fn prediction(prediction: &Prediction) -> [String; HEADER.len()] {
    [
        prediction.workload.to_owned(),
        prediction.workers.to_string(),
        format!("{:.2}", prediction.predicted_ms),
        format!("{:.2}", prediction.measured_ms),
        format!("{:+.0}", prediction.error * 1e2),
        format!(
            "{}/{:.0}",
            prediction.predicted_reexecutions, prediction.measured_reexecutions
        ),
    ]
}

/// Where the figures come from and how far they are off.
pub(crate) fn note(report: &Report) -> Option<String> {
    let runs = || report.simulated.iter().map(|simulation| simulation.runs);
    let (least, most) = (runs().min()?, runs().max()?);
    let runs = if least < most {
        format!("{least} to {most}")
    } else {
        most.to_string()
    };
    let mut text = format!(
        "from a trace of the same block on one worker ({runs} runs of each way), by a model of \
         the scheduler: upper limits, not measured; error: positive if the engine was faster \
         than predicted"
    );
    for error in typical_errors(&report.predictions()) {
        text += &format!(
            "; {}: half of {} rows within {:.0} %, all within {:.0} %",
            match error.workers {
                1 => "1 worker".to_owned(),
                workers => format!("{workers} workers"),
            },
            error.rows,
            error.median * 1e2,
            error.most * 1e2
        );
    }
    Some(text)
}
