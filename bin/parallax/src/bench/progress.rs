//! What is being measured right now, on stderr and only where that is a terminal.

use crate::harness::examine::Step;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar of lines, and what the current one is at. It is drawn between runs, never
/// by a thread of its own, which would take time from what is measured.
pub(crate) struct Progress {
    bar: ProgressBar,
    runs: usize,
}

impl Progress {
    /// For so many lines of at most so many timed runs.
    pub(crate) fn new(lines: usize, runs: usize) -> Self {
        let bar = ProgressBar::new(lines as u64);
        let style = ProgressStyle::with_template("{pos}/{len} {bar:24} {elapsed}  {wide_msg}");
        let bar = match style {
            Ok(style) => bar.with_style(style.progress_chars("━╸─")),
            Err(_) => bar,
        };
        Self { bar, runs }
    }

    /// A row's block is being made.
    pub(crate) fn prepare(&self, name: &str) {
        self.bar.set_message(format!("{name}: making the block"));
    }

    /// A trace of a row's block is being recorded.
    pub(crate) fn record(&self, name: &str) {
        self.bar
            .set_message(format!("{name}: recording a trace to simulate more cores"));
    }

    /// An examination is at `step`.
    pub(crate) fn step(&self, name: &str, workers: usize, step: Step) {
        self.bar
            .set_message(message(name, workers, step, self.runs));
    }

    /// A line is done.
    pub(crate) fn line_done(&self) {
        self.bar.inc(1);
    }

    /// All are.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn message(name: &str, workers: usize, step: Step, runs: usize) -> String {
    let s = if workers == 1 { "" } else { "s" };
    let at = match step {
        Step::Check => "comparing both results".to_owned(),
        Step::Run(run) => format!("run {run} of {runs}"),
        Step::Details => "commits, conflicts, memory".to_owned(),
    };
    format!("{name}, {workers} worker{s}: {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_row_workers_and_run() {
        assert_eq!(
            message("erc20", 2, Step::Run(3), 11),
            "erc20, 2 workers: run 3 of 11"
        );
        assert_eq!(
            message("erc20", 1, Step::Check, 11),
            "erc20, 1 worker: comparing both results"
        );
    }
}
