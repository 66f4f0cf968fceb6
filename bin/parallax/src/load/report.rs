//! What is said at the end.

use super::{send::Sent, watch::Watched};
use crate::cli::LoadArguments;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

/// The result of a load.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    scenario: String,
    transport: String,
    url: String,
    rate: u64,
    sent: usize,
    taken: usize,
    mined: usize,
    refused: BTreeMap<String, u64>,
    seconds: f64,
    transactions_per_second: f64,
    gas_per_second: f64,
    blocks: usize,
    /// Milliseconds from when a transaction was due until its block was seen.
    waited: Quantiles,
    /// Milliseconds from when a request was due until it was answered.
    answered: Quantiles,
    /// Milliseconds by which the last request was late: whether the rate was kept.
    late: f64,
    /// Processor time of the node.
    cpu_microseconds: Option<f64>,
    wrong: Vec<String>,
}

/// Some quantiles, in milliseconds.
#[derive(Debug, Default, Serialize)]
struct Quantiles {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl Quantiles {
    fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let at = |share: f64| {
            let index = (durations.len() as f64 * share) as usize;
            let duration = durations.get(index.min(durations.len().saturating_sub(1)));
            duration.map_or(0.0, milliseconds)
        };
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

fn milliseconds(duration: &Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl Report {
    pub(super) fn new(
        arguments: &LoadArguments,
        sent: &Sent,
        watched: &Watched,
        cpu: Option<f64>,
        wrong: Vec<String>,
    ) -> Self {
        let mined = watched.waited.len();
        let seconds = watched.took.as_secs_f64().max(f64::MIN_POSITIVE);
        Self {
            scenario: format!("{:?}", arguments.scenario).to_lowercase(),
            transport: format!("{:?}", arguments.transport).to_lowercase(),
            url: arguments.url.clone(),
            rate: arguments.rate,
            sent: sent.taken.len(),
            taken: sent.taken.iter().filter(|taken| **taken).count(),
            mined,
            refused: sent.refused.clone(),
            seconds,
            transactions_per_second: mined as f64 / seconds,
            gas_per_second: watched.gas as f64 / seconds,
            blocks: watched.blocks,
            waited: Quantiles::new(watched.waited.clone()),
            answered: Quantiles::new(sent.answers.clone()),
            late: milliseconds(&sent.late),
            cpu_microseconds: cpu
                .filter(|_| mined > 0)
                .map(|cpu| cpu * 1e6 / mined as f64),
            wrong,
        }
    }

    /// Whether all that was taken is in blocks, and adds up.
    pub(super) const fn is_complete(&self) -> bool {
        self.wrong.is_empty() && self.taken > 0
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{} by {} to {}",
            self.scenario, self.transport, self.url
        )?;
        writeln!(
            out,
            "sent      {} at {}/s; {} taken, {} mined in {} blocks",
            self.sent, self.rate, self.taken, self.mined, self.blocks
        )?;
        writeln!(
            out,
            "speed     {:.0} transactions/s, {:.1} Mgas/s, over {:.2} s",
            self.transactions_per_second,
            self.gas_per_second / 1e6,
            self.seconds
        )?;
        for (name, of) in [("mined", &self.waited), ("answered", &self.answered)] {
            writeln!(
                out,
                "{name:9} after {:.0} ms (median), {:.0} ms (p90), {:.0} ms (p99), {:.0} ms (most)",
                of.p50, of.p90, of.p99, of.max
            )?;
        }
        writeln!(out, "late      {:.0} ms at the end", self.late)?;
        if let Some(cpu) = self.cpu_microseconds {
            writeln!(
                out,
                "node      {cpu:.1} us of processor time for each transaction"
            )?;
        }
        for (reason, count) in &self.refused {
            writeln!(out, "refused   {count}: {reason}")?;
        }
        for wrong in &self.wrong {
            writeln!(out, "wrong     {wrong}")?;
        }
        Ok(())
    }
}
