//! A line of the table.

use crate::{bench::Machine, cli::StateBenchArguments, harness::statistics::Times};
use serde::Serialize;
use std::{fmt::Write, time::Duration};

/// What a figure is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// A line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) row: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// Interquartile range as a fraction of the median.
    pub(crate) spread: f64,
    pub(crate) runs: usize,
    pub(crate) target: Option<Target>,
    /// What the figure includes.
    pub(crate) what: String,
}

impl Figure {
    /// The median of times, in milliseconds.
    pub(crate) fn time(row: &'static str, times: &Times, what: impl Into<String>) -> Self {
        Self {
            row,
            value: milliseconds(times.median()),
            unit: "ms",
            spread: times.spread(),
            runs: times.count(),
            target: None,
            what: what.into(),
        }
    }

    /// As [`Figure::time`], for each of `count` things that a run does.
    pub(crate) fn each(
        row: &'static str,
        times: &Times,
        count: usize,
        what: impl Into<String>,
    ) -> Self {
        Self {
            value: times.median().as_secs_f64() * 1e6 / count as f64,
            unit: "us",
            ..Self::time(row, times, what)
        }
    }

    /// How many of `count` things that a run does are done in a second.
    pub(crate) fn rate(
        row: &'static str,
        times: &Times,
        count: usize,
        what: impl Into<String>,
    ) -> Self {
        Self {
            value: count as f64 / times.median().as_secs_f64(),
            unit: "/s",
            ..Self::time(row, times, what)
        }
    }

    /// One median by another.
    pub(crate) fn ratio(
        row: &'static str,
        times: &Times,
        by: &Times,
        what: impl Into<String>,
    ) -> Self {
        Self {
            value: times.median().as_secs_f64() / by.median().as_secs_f64(),
            unit: "x",
            ..Self::time(row, times, what)
        }
    }

    pub(crate) const fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    fn is_met(&self) -> Option<bool> {
        match self.target? {
            Target::AtLeast(least) => Some(self.value >= least),
            Target::AtMost(most) => Some(self.value <= most),
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The table for people. With `--quick` sizes are not those that targets are for.
pub(crate) fn text(figures: &[Figure], arguments: &StateBenchArguments) -> String {
    let mut text = format!(
        "{:<22} {:>12} {:<3} {:>7} {:>5}  {:<10} {:<7} what it includes\n",
        "row", "median", "", "spread", "runs", "target", "reached"
    );
    for figure in figures {
        let target = figure.target.filter(|_| !arguments.quick);
        let wanted = match target {
            Some(Target::AtLeast(least)) => format!(">= {}", number(least)),
            Some(Target::AtMost(most)) => format!("<= {}", number(most)),
            None => "-".to_owned(),
        };
        let reached = match figure.is_met().filter(|_| !arguments.quick) {
            Some(true) => "met",
            Some(false) => "missed",
            None => "-",
        };
        let _ = writeln!(
            text,
            "{:<22} {:>12} {:<3} {:>5.1} % {:>5}  {wanted:<10} {reached:<7} {}",
            figure.row,
            number(figure.value),
            figure.unit,
            figure.spread * 100.0,
            figure.runs,
            figure.what
        );
    }
    let _ = writeln!(text, "\nmachine   {}", Machine::describe());
    let _ = writeln!(text, "threads   {}", arguments.threads());
    if arguments.quick {
        text.push_str("note      quick: a tenth of all sizes; an idea, not a result\n");
    }
    text
}

fn number(value: f64) -> String {
    match value {
        value if value >= 1000.0 => format!("{value:.0}"),
        value if value >= 100.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// The table for scripts.
pub(crate) fn json(figures: &[Figure]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Report<'r> {
        machine: Machine,
        figures: &'r [Figure],
    }
    serde_json::to_string_pretty(&Report {
        machine: Machine::describe(),
        figures,
    })
}
