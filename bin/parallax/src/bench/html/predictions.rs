//! What the model predicted for as many cores as were measured.

use super::{
    super::simulation::{Prediction, TypicalError, typical_errors},
    text::{escape, figure, times},
};

const COLUMNS: [&str; 7] = [
    "row",
    "workers",
    "error %",
    "simulated ms",
    "measured ms",
    "simulated speed-up",
    "measured speed-up",
];

/// How far the predictions are off, and all of them to unfold; empty if there are none.
pub(super) fn part(predictions: &[Prediction]) -> String {
    if predictions.is_empty() {
        return String::new();
    }
    let errors: String = typical_errors(predictions).iter().map(error).collect();
    let headings: String = COLUMNS
        .iter()
        .map(|heading| format!("<th scope=\"col\">{heading}</th>"))
        .collect();
    let rows: String = predictions.iter().map(row).collect();
    format!(
        "<h3>How well the model predicts</h3>\n<p class=\"lead\">Where this machine has as many \
         cores, the simulated time stands beside the measured one. The error is positive where \
         the engine was faster than predicted.</p>\n<ul>\n{errors}</ul>\n\
         <details><summary>Predicted and measured, row by row</summary>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Predictions\">\n\
         <table class=\"figures\">\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}\
         </tbody>\n</table>\n</div>\n</details>\n"
    )
}

fn error(error: &TypicalError) -> String {
    let s = if error.workers == 1 { "" } else { "s" };
    format!(
        "<li>{} core{s}: half of {} rows within {:.0}&nbsp;%, all within {:.0}&nbsp;%</li>\n",
        error.workers,
        error.rows,
        error.median * 1e2,
        error.most * 1e2
    )
}

/// With a sign as wide as a plus.
fn signed(number: f64) -> String {
    format!("{number:+.0}").replace('-', "−")
}

fn row(prediction: &Prediction) -> String {
    let cells = [
        prediction.workers.to_string(),
        format!("<b>{}</b>", signed(prediction.error * 1e2)),
        figure(prediction.predicted_ms),
        figure(prediction.measured_ms),
        times(prediction.predicted_speedup),
        times(prediction.measured_speedup),
    ];
    let cells = cells.map(|cell| format!("<td>{cell}</td>")).concat();
    let name = escape(prediction.workload);
    format!("<tr><th scope=\"row\">{name}</th>{cells}</tr>\n")
}
