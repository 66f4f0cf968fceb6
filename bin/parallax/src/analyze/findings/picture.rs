//! What only the page shows: who ran what when.

use super::chain::calls;
use parallax_analysis::{Names, SegmentKind, Simulated, Trace, longest_chain};
use serde::Serialize;

/// Cores for which the page shows who ran what when.
const LANES: [usize; 3] = [2, 4, 8];

/// What only the page shows.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Picture {
    /// Label, sender, time in microseconds and the number of its contract for each
    /// transaction.
    pub(crate) transactions: Vec<(String, String, f64, usize)>,
    /// Contracts by the time that their calls take, the largest first.
    pub(crate) contracts: Vec<String>,
    /// Transactions of the longest chain.
    pub(crate) chain: Vec<usize>,
    pub(crate) lanes: Vec<Lanes>,
}

/// Who ran what when.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Lanes {
    pub(crate) cores: usize,
    pub(crate) end: u64,
    /// Worker, transaction, start, end, kind; nanoseconds.
    pub(crate) segments: Vec<(usize, usize, u64, u64, u8)>,
}

pub(super) fn picture(trace: &Trace, names: &Names, simulations: &[Simulated]) -> Picture {
    let contract = |tx: usize| match &trace.transactions[tx].function {
        _ if trace.transactions[tx].is_payment => "payments".to_owned(),
        Some(function) => names.account(function.contract),
        None => "creations".to_owned(),
    };
    let all = trace.transactions.len();
    let mut times = std::collections::BTreeMap::<String, u64>::new();
    for tx in 0..all {
        *times.entry(contract(tx)).or_default() += trace.transactions[tx].nanos;
    }
    let mut contracts: Vec<_> = times.into_iter().collect();
    contracts.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let contracts: Vec<_> = contracts.into_iter().map(|(name, _)| name).collect();
    let number: std::collections::HashMap<_, _> = contracts.iter().zip(0..).collect();
    let transactions = (0..all).map(|tx| {
        let traced = &trace.transactions[tx];
        let sender = names.account(traced.sender);
        let time = traced.nanos as f64 / 1e3;
        (calls(trace, names, tx), sender, time, number[&contract(tx)])
    });
    Picture {
        transactions: transactions.collect(),
        chain: longest_chain(trace).transactions,
        lanes: simulations
            .iter()
            .filter(|simulated| LANES.contains(&simulated.cores))
            .map(lanes)
            .collect(),
        contracts,
    }
}

fn lanes(simulated: &Simulated) -> Lanes {
    let kind = |kind| match kind {
        SegmentKind::Executed => 0,
        SegmentKind::Wasted => 1,
        SegmentKind::PutAside => 2,
        SegmentKind::Waiting => 3,
        SegmentKind::Payment => 4,
    };
    let segments = simulated.segments.iter();
    Lanes {
        cores: simulated.cores,
        end: simulated.elapsed.as_nanos() as u64,
        segments: segments
            .map(|s| (s.worker, s.tx, s.start, s.end, kind(s.kind)))
            .collect(),
    }
}
