//! What operators see of a node.

use crate::SealedBlock;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

/// What making a block took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// Choosing transactions.
    pub(crate) candidates: Duration,
    pub(crate) execute: Duration,
    /// For those who read the state.
    pub(crate) wait: Duration,
    /// Making its changes to the flat state.
    pub(crate) apply: Duration,
    /// The state root.
    pub(crate) root: Duration,
    /// The other roots, and the header.
    pub(crate) seal: Duration,
    /// Encoding, writing, waiting for the disk, telling everybody.
    pub(crate) append: Duration,
    pub(crate) all: Duration,
}

impl Spent {
    fn stages(&self) -> [(&'static str, Duration); 8] {
        [
            ("candidates", self.candidates),
            ("execute", self.execute),
            ("wait", self.wait),
            ("apply", self.apply),
            ("root", self.root),
            ("seal", self.seal),
            ("append", self.append),
            ("all", self.all),
        ]
    }
}

/// Says what each number means.
pub(crate) fn describe() {
    describe_gauge!("parallax_head", "Number of the last block");
    describe_gauge!("parallax_pool_transactions", "Transactions that wait");
    describe_counter!("parallax_blocks_total", "Blocks added to the chain");
    describe_counter!("parallax_transactions_total", "Transactions in them");
    describe_counter!("parallax_gas_total", "Gas that they used");
    describe_counter!(
        "parallax_submitted_total",
        "Transactions taken into the pool"
    );
    describe_counter!(
        "parallax_refused_total",
        "Transactions not taken into the pool"
    );
    describe_histogram!(
        "parallax_block_seconds",
        "Time that a block takes, by stage"
    );
}

/// A block was added to the chain.
pub(crate) fn added(block: &SealedBlock, waiting: usize) {
    gauge!("parallax_head").set(block.number() as f64);
    gauge!("parallax_pool_transactions").set(waiting as f64);
    counter!("parallax_blocks_total").increment(1);
    counter!("parallax_transactions_total").increment(block.transactions.len() as u64);
    counter!("parallax_gas_total").increment(block.header.gas_used);
}

/// A block was made here.
pub(crate) fn made(block: &SealedBlock, spent: &Spent) {
    for (stage, took) in spent.stages() {
        histogram!("parallax_block_seconds", "stage" => stage).record(took.as_secs_f64());
    }
    let Spent {
        candidates,
        execute,
        wait,
        apply,
        root,
        seal,
        append,
        all,
    } = spent;
    tracing::debug!(
        number = block.number(),
        transactions = block.transactions.len(),
        gas = block.header.gas_used,
        ?all,
        ?candidates,
        ?execute,
        ?wait,
        ?apply,
        ?root,
        ?seal,
        ?append,
        "a block was made"
    );
}

/// A transaction was taken or not.
pub(crate) fn submitted(was_taken: bool) {
    match was_taken {
        true => counter!("parallax_submitted_total").increment(1),
        false => counter!("parallax_refused_total").increment(1),
    }
}
