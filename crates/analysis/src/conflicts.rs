//! Who is in whose way: by location, by function, and what it would take to be rid of it.

use crate::{
    bounds::{Chain, longest_chain},
    trace::{Dependency, Function, Touches, Trace},
};
use parallax_engine::Location;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

/// What transactions of a block depend on each other by.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    /// Most waits first.
    pub locations: Vec<HotLocation>,
    /// Most often first.
    pub functions: Vec<FunctionPair>,
    /// The longest chain, and what is left of it as one location after the other is
    /// taken away from it: what would have to change, in this order.
    pub removals: Vec<Removal>,
}

/// A location that transactions of the block depend on each other by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HotLocation {
    /// Which.
    pub location: Location,
    /// Transactions that read what an earlier one of the block wrote here.
    pub waits: usize,
    /// Transactions that touch it and that write it; zero if it is not a slot.
    pub touches: Touches,
    /// Links of the longest chain that go through it.
    pub links: usize,
}

/// Transactions that call one function read what transactions that call another one
/// wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionPair {
    /// What the writers call; `None` for creations.
    pub writer: Option<Function>,
    /// What the readers call.
    pub reader: Option<Function>,
    /// How many pairs of transactions.
    pub count: usize,
}

/// The longest chain without some locations.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// What was taken away last: the location by which most time of the chain before
    /// was spent waiting.
    pub location: Location,
    /// The chain that is left.
    pub chain: Chain,
}

/// Removals after which one gives up.
const MOST_REMOVALS: usize = 12;

/// Finds out who is in whose way.
#[must_use]
pub fn conflicts(trace: &Trace) -> Conflicts {
    let chain = longest_chain(trace);
    Conflicts {
        locations: locations(trace, &chain),
        functions: functions(trace),
        removals: removals(trace, chain),
    }
}

fn locations(trace: &Trace, chain: &Chain) -> Vec<HotLocation> {
    let mut waits: HashMap<Location, usize> = HashMap::new();
    for dependency in trace.transactions.iter().flat_map(|tx| &tx.dependencies) {
        *waits.entry(dependency.location).or_default() += 1;
    }
    let mut links: HashMap<Location, usize> = HashMap::new();
    for link in links_of(trace, chain).into_iter().flatten() {
        *links.entry(link.location).or_default() += 1;
    }
    let hot = waits.into_iter().map(|(location, waits)| HotLocation {
        location,
        waits,
        touches: trace.touches.get(&location).copied().unwrap_or_default(),
        links: links.get(&location).copied().unwrap_or_default(),
    });
    let mut hot: Vec<_> = hot.collect();
    hot.sort_unstable_by_key(|hot| (Reverse(hot.waits), Reverse(hot.links), hot.location));
    hot
}

/// For each link of a chain (one fewer than its transactions) all that makes the later
/// transaction depend on the earlier one.
#[must_use]
pub fn links_of(trace: &Trace, chain: &Chain) -> Vec<Vec<Dependency>> {
    let pairs = chain.transactions.windows(2);
    let link = |pair: &[usize]| {
        let dependencies = trace.transactions[pair[1]].dependencies.iter();
        let between = dependencies.filter(|dependency| dependency.on == pair[0]);
        between.copied().collect()
    };
    pairs.map(link).collect()
}

fn functions(trace: &Trace) -> Vec<FunctionPair> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for tx in &trace.transactions {
        let on: HashSet<_> = tx
            .dependencies
            .iter()
            .map(|dependency| dependency.on)
            .collect();
        for on in on {
            let pair = (trace.transactions[on].function, tx.function);
            *counts.entry(pair).or_default() += 1;
        }
    }
    let pairs = counts
        .into_iter()
        .map(|((writer, reader), count)| FunctionPair {
            writer,
            reader,
            count,
        });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by_key(|pair| Reverse(pair.count));
    pairs
}

fn removals(trace: &Trace, mut chain: Chain) -> Vec<Removal> {
    let mut left = trace.clone();
    let mut removals = Vec::new();
    while removals.len() < MOST_REMOVALS
        && let Some(location) = heaviest(&left, &chain)
    {
        remove(&mut left, |dependency| dependency.location == location);
        chain = longest_chain(&left);
        removals.push(Removal {
            location,
            chain: chain.clone(),
        });
    }
    removals
}

/// The location for which those of a chain wait longest.
fn heaviest(trace: &Trace, chain: &Chain) -> Option<Location> {
    let mut weights: BTreeMap<Location, u64> = BTreeMap::new();
    let waiting = chain.transactions.iter().skip(1);
    for (tx, link) in waiting.zip(links_of(trace, chain)) {
        for dependency in link {
            let weight = trace.transactions[*tx].nanos;
            *weights.entry(dependency.location).or_default() += weight;
        }
    }
    let heaviest = weights
        .into_iter()
        .max_by_key(|(location, weight)| (*weight, Reverse(*location)));
    heaviest.map(|(location, _)| location)
}

fn remove(trace: &mut Trace, is_gone: impl Fn(&Dependency) -> bool) {
    for tx in &mut trace.transactions {
        tx.dependencies.retain(|dependency| !is_gone(dependency));
    }
}

/// The time of the longest chain if nobody depended on anybody by these locations.
#[must_use]
pub fn effect_of_removing(trace: &Trace, locations: &[Location]) -> Duration {
    let mut left = trace.clone();
    remove(&mut left, |dependency| {
        locations.contains(&dependency.location)
    });
    longest_chain(&left).time
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256};

    fn slot(number: u64) -> Location {
        Location::Slot(Address::ZERO, U256::from(number))
    }

    #[test]
    fn waits_and_links_are_counted() {
        // 1 and 2 read what 0 wrote, 3 what 2 wrote.
        let trace = Trace::of(&[
            (10, &[]),
            (10, &[(0, 0.0)]),
            (20, &[(0, 0.0)]),
            (10, &[(2, 0.0)]),
        ]);
        let conflicts = conflicts(&trace);
        let hot: Vec<_> = conflicts
            .locations
            .iter()
            .map(|hot| (hot.location, hot.waits, hot.links))
            .collect();
        assert_eq!(hot, [(slot(0), 2, 1), (slot(2), 1, 1)]);
        assert_eq!(conflicts.functions[0].count, 3);
    }

    #[test]
    fn locations_are_taken_away_one_after_the_other() {
        let trace = Trace::of(&[
            (10, &[]),
            (10, &[(0, 0.0)]),
            (20, &[(1, 0.0)]),
            (15, &[(0, 0.0)]),
        ]);
        let removals = conflicts(&trace).removals;
        let left: Vec<_> = removals
            .iter()
            .map(|removal| (removal.location, removal.chain.time.as_nanos()))
            .collect();
        assert_eq!(left, [(slot(1), 25), (slot(0), 20)]);
        let both = effect_of_removing(&trace, &[slot(0), slot(1)]);
        assert_eq!(both.as_nanos(), 20);
    }
}
