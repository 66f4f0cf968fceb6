//! The longest chain, link by link.

use super::ms;
use parallax_analysis::{Names, Trace, links_of, longest_chain};
use serde::Serialize;

/// Longer chains are cut in the middle.
const LONGEST: usize = 400;

/// The longest chain.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChainFound {
    pub(crate) transactions: usize,
    pub(crate) ms: f64,
    /// Of all executing.
    pub(crate) share: f64,
    pub(crate) links: Vec<LinkFound>,
    /// Links that are left out in the middle.
    pub(crate) omitted: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct LinkFound {
    pub(crate) tx: usize,
    pub(crate) us: f64,
    pub(crate) sender: String,
    pub(crate) calls: String,
    /// What it reads that the one before wrote.
    pub(crate) waits_for: Vec<String>,
    /// When it reads the first of these, as a fraction of its time.
    pub(crate) reads_at: Option<f64>,
}

pub(super) fn chain(trace: &Trace, names: &Names) -> ChainFound {
    let chain = longest_chain(trace);
    let before = links_of(trace, &chain);
    // The first has nobody before it.
    let waits = std::iter::once(Vec::new()).chain(before);
    let links = chain.transactions.iter().zip(waits).map(|(tx, waits)| {
        let traced = &trace.transactions[*tx];
        LinkFound {
            tx: *tx,
            us: traced.nanos as f64 / 1e3,
            sender: names.account(traced.sender),
            calls: calls(trace, names, *tx),
            reads_at: waits.first().map(|dependency| dependency.read_at),
            waits_for: waits
                .iter()
                .map(|dependency| names.location(&dependency.location))
                .collect(),
        }
    });
    let mut links: Vec<_> = links.collect();
    let omitted = links.len().saturating_sub(LONGEST);
    if omitted > 0 {
        links.drain(LONGEST / 2..LONGEST / 2 + omitted);
    }
    ChainFound {
        transactions: chain.transactions.len(),
        ms: ms(chain.time),
        share: ms(chain.time) / ms(trace.total()).max(f64::MIN_POSITIVE),
        links,
        omitted,
    }
}

pub(super) fn calls(trace: &Trace, names: &Names, tx: usize) -> String {
    let traced = &trace.transactions[tx];
    match &traced.function {
        None => "creation".to_owned(),
        Some(function) if traced.is_payment => format!("pay {}", names.account(function.contract)),
        Some(function) => names.function(function),
    }
}
