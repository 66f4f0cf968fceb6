//! What transactions wait for, and what could be done about it.

use super::ms;
use parallax_analysis::{Advice, Conflicts, Names, Trace, effect_of_removing};
use serde::Serialize;

/// Locations and pairs of functions that are kept.
const MOST: usize = 40;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct LocationFound {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) waits: usize,
    pub(crate) touched: usize,
    pub(crate) written: usize,
    pub(crate) on_chain: usize,
    /// The longest chain without it.
    pub(crate) chain_without_ms: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PairFound {
    pub(crate) writer: String,
    pub(crate) reader: String,
    pub(crate) count: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct RemovalFound {
    pub(crate) name: String,
    pub(crate) transactions: usize,
    pub(crate) ms: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct AdviceFound {
    pub(crate) problem: String,
    pub(crate) remedy: String,
    pub(crate) chain_without_ms: f64,
}

pub(super) fn locations(trace: &Trace, conflicts: &Conflicts, names: &Names) -> Vec<LocationFound> {
    let hottest = conflicts.locations.iter().take(MOST);
    let found = hottest.map(|hot| LocationFound {
        name: names.location(&hot.location),
        address: hot.location.address().to_string(),
        waits: hot.waits,
        touched: hot.touches.transactions,
        written: hot.touches.writers,
        on_chain: hot.links,
        chain_without_ms: ms(effect_of_removing(trace, &[hot.location])),
    });
    found.collect()
}

pub(super) fn functions(conflicts: &Conflicts, names: &Names) -> Vec<PairFound> {
    let name = |function: &Option<_>| {
        function.as_ref().map_or_else(
            || "creation".to_owned(),
            |function| names.function(function),
        )
    };
    let pairs = conflicts.functions.iter().take(4 * MOST);
    let found = pairs.map(|pair| PairFound {
        writer: name(&pair.writer),
        reader: name(&pair.reader),
        count: pair.count,
    });
    found.collect()
}

pub(super) fn removals(conflicts: &Conflicts, names: &Names) -> Vec<RemovalFound> {
    let found = conflicts.removals.iter().map(|removal| RemovalFound {
        name: names.location(&removal.location),
        transactions: removal.chain.transactions.len(),
        ms: ms(removal.chain.time),
    });
    found.collect()
}

pub(super) fn advice_found(advice: Advice) -> AdviceFound {
    AdviceFound {
        problem: advice.problem,
        remedy: advice.remedy,
        chain_without_ms: ms(advice.chain_without),
    }
}
