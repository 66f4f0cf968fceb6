//! All that is known of a block, in the form that reports print.

use super::labels;
use eyre::{Result, WrapErr};
use parallax_analysis::{
    Advice, Bound, Conflicts, Names, Recording, SegmentKind, Simulated, Trace, advise, conflicts,
    effect_of_removing, links_of, longest_chain, measure_parallel, overlapped_chain,
    record_stepwise, simulate, speedup_bound,
};
use parallax_engine::Block;
use revm::DatabaseRef;
use serde::Serialize;
use std::time::Duration;

/// Cores that bounds are given for.
const CORES: [usize; 5] = [2, 4, 8, 16, 64];

/// Cores that are simulated.
const SIMULATED: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Cores for which the page shows who ran what when.
const LANES: [usize; 3] = [2, 4, 8];

/// Longer chains are cut in the middle.
const LONGEST: usize = 400;

/// Locations and pairs of functions that are kept.
const MOST: usize = 40;

/// What was found out about a block.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Findings {
    pub(crate) block: String,
    pub(crate) txs: usize,
    pub(crate) gas: u64,
    pub(crate) failed: usize,
    /// Transactions that depend on no other one of the block.
    pub(crate) independent: usize,
    /// Plain revm, one after the other.
    pub(crate) sequential_ms: f64,
    /// The engine on one worker.
    pub(crate) one_worker_ms: f64,
    /// Executing the transactions, without all else.
    pub(crate) executing_ms: f64,
    pub(crate) chain: ChainFound,
    pub(crate) overlapped_chain_ms: f64,
    pub(crate) bounds: Vec<BoundFound>,
    pub(crate) simulated: Vec<Curve>,
    /// Predictions for cores that this machine has, and what was measured.
    pub(crate) validation: Option<Validation>,
    pub(crate) costs: CostsFound,
    pub(crate) locations: Vec<LocationFound>,
    pub(crate) functions: Vec<PairFound>,
    pub(crate) removals: Vec<RemovalFound>,
    pub(crate) advice: Vec<AdviceFound>,
    /// For the page only.
    #[serde(skip)]
    pub(crate) picture: Picture,
}

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

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct BoundFound {
    pub(crate) cores: usize,
    pub(crate) whole: f64,
    pub(crate) overlapped: f64,
    pub(crate) list: f64,
}

/// A point of the simulated curve.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Curve {
    pub(crate) cores: usize,
    pub(crate) ms: f64,
    pub(crate) speedup: f64,
    pub(crate) reexecutions: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Validation {
    pub(crate) workers: usize,
    pub(crate) predicted_ms: f64,
    pub(crate) measured_ms: f64,
    /// Of the measured time; positive if the prediction was too long.
    pub(crate) error: f64,
    pub(crate) predicted_reexecutions: u64,
    pub(crate) measured_reexecutions: f64,
    /// What measuring it gave as speed-up.
    pub(crate) measured_speedup: f64,
}

/// Costs of the engine's operations that the model used, in nanoseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct CostsFound {
    claim: u64,
    publish: u64,
    commit: u64,
    stall: u64,
    wake: u64,
    payment: u64,
    block: u64,
    gather: u64,
    speculation: f64,
}

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

impl Findings {
    /// Looks into a block.
    pub(crate) fn of<DB: DatabaseRef + Sync>(
        label: String,
        block: &Block,
        db: &DB,
        runs: usize,
        step: &mut dyn FnMut(),
    ) -> Result<Self>
    where
        DB::Error: Send + 'static,
    {
        let recording = Recording { runs };
        let recorded = record_stepwise(block, db, &recording, step);
        let (trace, mut names) = recorded.wrap_err_with(|| format!("cannot analyse {label}"))?;
        labels::add(&mut names, &trace, db)?;
        let mut findings = Self::of_trace(label, &trace, &names);
        findings.validation = validate(block, db, &recording, &trace)?;
        Ok(findings)
    }

    fn of_trace(block: String, trace: &Trace, names: &Names) -> Self {
        let conflicts = conflicts(trace);
        let simulations: Vec<_> = SIMULATED.map(|cores| simulate(trace, cores)).into();
        let advice = advise(trace, &conflicts, names);
        Self {
            block,
            txs: trace.transactions.len(),
            gas: trace.gas(),
            failed: trace.transactions.iter().filter(|tx| !tx.succeeded).count(),
            independent: trace.independent(),
            sequential_ms: ms(trace.sequential),
            one_worker_ms: ms(trace.one_worker),
            executing_ms: ms(trace.total()),
            chain: chain(trace, names),
            overlapped_chain_ms: ms(overlapped_chain(trace).time),
            bounds: CORES.map(|cores| bound(speedup_bound(trace, cores))).into(),
            simulated: simulations
                .iter()
                .map(|simulated| curve(trace, simulated))
                .collect(),
            validation: None,
            costs: costs(trace),
            locations: locations(trace, &conflicts, names),
            functions: functions(&conflicts, names),
            removals: removals(&conflicts, names),
            advice: advice.into_iter().map(advice_found).collect(),
            picture: picture(trace, names, &simulations),
        }
    }
}

/// One JSON object on one line.
pub(crate) fn json(findings: &Findings) -> serde_json::Result<String> {
    serde_json::to_string(findings)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Predicts two workers and measures them, where the machine has as many cores.
fn validate<DB: DatabaseRef + Sync>(
    block: &Block,
    db: &DB,
    recording: &Recording,
    trace: &Trace,
) -> Result<Option<Validation>>
where
    DB::Error: Send + 'static,
{
    const WORKERS: usize = 2;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < WORKERS || block.transactions.len() < WORKERS {
        return Ok(None);
    }
    let measured = measure_parallel(block, db, WORKERS, recording)?;
    let predicted = simulate(trace, WORKERS);
    let [predicted_ms, measured_ms] = [predicted.elapsed, measured.elapsed].map(ms);
    Ok(Some(Validation {
        workers: WORKERS,
        predicted_ms,
        measured_ms,
        error: predicted_ms / measured_ms - 1.0,
        predicted_reexecutions: predicted.repeated,
        measured_reexecutions: measured.repeated,
        measured_speedup: ms(trace.sequential) / measured_ms,
    }))
}

fn chain(trace: &Trace, names: &Names) -> ChainFound {
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

fn calls(trace: &Trace, names: &Names, tx: usize) -> String {
    let traced = &trace.transactions[tx];
    match &traced.function {
        None => "creation".to_owned(),
        Some(function) if traced.is_payment => format!("pay {}", names.account(function.contract)),
        Some(function) => names.function(function),
    }
}

fn bound(bound: Bound) -> BoundFound {
    BoundFound {
        cores: bound.cores,
        whole: bound.whole,
        overlapped: bound.overlapped,
        list: bound.list,
    }
}

fn curve(trace: &Trace, simulated: &Simulated) -> Curve {
    Curve {
        cores: simulated.cores,
        ms: ms(simulated.elapsed),
        speedup: simulated.speedup(trace),
        reexecutions: simulated.repeated,
    }
}

fn costs(trace: &Trace) -> CostsFound {
    let costs = &trace.costs;
    CostsFound {
        claim: costs.claim,
        publish: costs.publish,
        commit: costs.commit,
        stall: costs.stall,
        wake: costs.wake,
        payment: costs.payment,
        block: costs.block,
        gather: costs.gather,
        speculation: costs.speculation,
    }
}

fn locations(trace: &Trace, conflicts: &Conflicts, names: &Names) -> Vec<LocationFound> {
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

fn functions(conflicts: &Conflicts, names: &Names) -> Vec<PairFound> {
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

fn removals(conflicts: &Conflicts, names: &Names) -> Vec<RemovalFound> {
    let found = conflicts.removals.iter().map(|removal| RemovalFound {
        name: names.location(&removal.location),
        transactions: removal.chain.transactions.len(),
        ms: ms(removal.chain.time),
    });
    found.collect()
}

fn advice_found(advice: Advice) -> AdviceFound {
    AdviceFound {
        problem: advice.problem,
        remedy: advice.remedy,
        chain_without_ms: ms(advice.chain_without),
    }
}

fn picture(trace: &Trace, names: &Names, simulations: &[Simulated]) -> Picture {
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
