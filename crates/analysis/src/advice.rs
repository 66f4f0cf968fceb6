//! What the author of a contract could change, in words.

use crate::{
    bounds::longest_chain,
    conflicts::{Conflicts, HotLocation, effect_of_removing},
    names::{ContractKind, Names},
    trace::Trace,
};
use parallax_engine::Location;
use std::time::Duration;

/// Something to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What is in the way.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
    /// How long the longest chain would be without it.
    pub chain_without: Duration,
    /// The locations that it is about.
    pub locations: Vec<Location>,
}

/// Fewer transactions than this that wait are not worth a change, nor is less than
/// this share of the block.
const FEWEST: usize = 3;
const SMALLEST_SHARE: f64 = 0.01;

/// How many pieces of advice somebody reads.
const MOST: usize = 6;

/// What to change, the most important first; empty if nothing is worth it.
#[must_use]
pub fn advise(trace: &Trace, conflicts: &Conflicts, names: &Names) -> Vec<Advice> {
    let all = trace.transactions.len();
    let least = FEWEST.max((all as f64 * SMALLEST_SHARE) as usize);
    let mut advice: Vec<Advice> = Vec::new();
    let mut hot: Vec<_> = conflicts
        .locations
        .iter()
        .filter(|hot| hot.waits >= least)
        .collect();
    // What is on the longest chain is what limits the block.
    hot.sort_by_key(|hot| std::cmp::Reverse((hot.links, hot.waits)));
    for hot in hot {
        if advice.len() == MOST {
            break;
        }
        let is_known = advice
            .iter()
            .any(|advice| advice.locations.contains(&hot.location));
        if !is_known {
            let together = together(conflicts, names, hot);
            advice.push(one(trace, names, hot, together));
        }
    }
    advice
}

/// Locations that one change concerns: a pool and its balances.
fn together(conflicts: &Conflicts, names: &Names, hot: &HotLocation) -> Vec<Location> {
    let Some(pool) = pool_of(names, &hot.location) else {
        return vec![hot.location];
    };
    let locations = conflicts.locations.iter().map(|hot| hot.location);
    let concerned = locations.filter(|location| pool_of(names, location) == Some(pool));
    concerned.collect()
}

/// The pool that a location belongs to: its own slots and what it has of tokens.
fn pool_of(names: &Names, location: &Location) -> Option<alloy_primitives::Address> {
    let is_pool = |address: &alloy_primitives::Address| {
        matches!(
            names.kind(*address),
            Some(ContractKind::V2Pair | ContractKind::V3Pool | ContractKind::Pool)
        )
    };
    let owner = names.token_balance(location).map(|(owner, _)| owner);
    owner.or(Some(location.address())).filter(is_pool)
}

fn one(trace: &Trace, names: &Names, hot: &HotLocation, locations: Vec<Location>) -> Advice {
    let all = trace.transactions.len();
    let name = names.location(&hot.location);
    let problem = format!("{} of {all} transactions wait for the {name}", hot.waits);
    let chain_without = effect_of_removing(trace, &locations);
    let chain = longest_chain(trace).time;
    let mut remedy = remedy(names, &hot.location);
    if chain_without < chain {
        let share = 100.0 * (1.0 - chain_without.as_secs_f64() / chain.as_secs_f64());
        let it = match locations.len() {
            1 => "it",
            _ => "it, and what changes with it,",
        };
        remedy += &format!(" Without {it} the longest chain is {share:.0} % shorter.");
    } else {
        remedy += " That alone does not shorten the longest chain, which has other links too.";
    }
    Advice {
        problem,
        remedy,
        chain_without,
        locations,
    }
}

fn remedy(names: &Names, location: &Location) -> String {
    if let Some(pool) = pool_of(names, location) {
        let pool = names.account(pool);
        return format!(
            "Each trade needs the price that the one before left. {pool} is one queue: spread \
             the liquidity over several pools, route around it, or match orders in batches \
             that touch the reserves once."
        );
    }
    if let Some((owner, _)) = names.token_balance(location) {
        let owner = names.account(owner);
        return format!(
            "Payments to and from {owner} change one number. Use several receiving accounts \
             and collect them later, or let each payer's share pile up under a key of its own."
        );
    }
    match location {
        Location::Nonce(_) => "One account sends them all, in the order of its nonces. Send from \
             several accounts, or put several calls into one transaction."
            .to_owned(),
        Location::Balance(_) => "The contract looks at its own ether (or somebody else's), so it \
             has to know of every payment before. Note what came in under a key of the payer's, \
             and read that; payments that nobody looks at need no order."
            .to_owned(),
        Location::Code(_) | Location::Life(_) => "They call what was created (or destroyed) in \
             the same block. Create it a block earlier, or create and use it in one transaction."
            .to_owned(),
        Location::Slot(_, slot) => {
            if names.slot(*slot).is_variable() {
                "One variable for everybody: split the counter (one part for each user or shard, \
                 added up by whoever reads the total), accumulate per user, or leave it to an \
                 event if nobody reads it on chain."
                    .to_owned()
            } else {
                "Everybody uses the same key of a mapping: choose keys that differ from user to \
                 user, split the entry into several, or move the part that all share out of the \
                 path of every call."
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conflicts::conflicts;
    use alloy_primitives::{Address, U256};

    #[test]
    fn a_counter_is_named_with_its_remedy() {
        let counter = Location::Slot(Address::repeat_byte(7), U256::ZERO);
        let mut trace = Trace::of(&[
            (10, &[]),
            (10, &[(0, 0.5)]),
            (10, &[(1, 0.5)]),
            (10, &[(2, 0.5)]),
        ]);
        for dependency in trace
            .transactions
            .iter_mut()
            .flat_map(|tx| &mut tx.dependencies)
        {
            dependency.location = counter;
        }
        let mut names = Names::default();
        names.set_contract(Address::repeat_byte(7), "Shop");
        names.set_variable(Address::repeat_byte(7), U256::ZERO, "totalSold");
        let advice = advise(&trace, &conflicts(&trace), &names);
        assert_eq!(advice.len(), 1);
        assert_eq!(
            advice[0].problem,
            "3 of 4 transactions wait for the totalSold of Shop"
        );
        assert!(advice[0].remedy.contains("split the counter"));
        assert!(advice[0].remedy.contains("75 % shorter"));
        assert_eq!(advice[0].chain_without.as_nanos(), 10);
    }

    #[test]
    fn nothing_is_advised_where_nothing_waits() {
        let trace = Trace::of(&[(10, &[][..]); 10]);
        assert_eq!(advise(&trace, &conflicts(&trace), &Names::default()), []);
    }
}
