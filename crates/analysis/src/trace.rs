//! What is known of a block after it was executed.
//!
//! ```text
//! transaction 7   ├──────────────┤ nanos
//!                        ▲ read_at: 0.5 of the way        Dependency { on: 4, .. }
//! transaction 4   ├────────────┤
//!                           ▲ written_at
//! ```

use crate::costs::Costs;
use alloy_primitives::{Address, Selector};
use parallax_engine::Location;
use std::{collections::HashMap, ops::Range, time::Duration};

/// An executed block: what each transaction took and depended on. Everything that
/// this crate says about parallelism is worked out from it.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// In the order of the block.
    pub transactions: Vec<Traced>,
    /// What the engine's operations cost beside executing.
    pub costs: Costs,
    /// Plain revm, one transaction after the other: median.
    pub sequential: Duration,
    /// The engine on one worker: median.
    pub one_worker: Duration,
    /// How many transactions touch each location.
    pub touches: HashMap<Location, Touches>,
}

/// One transaction of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traced {
    /// Time that executing it takes, alone on one core, in nanoseconds.
    pub nanos: u64,
    /// Gas used, after refunds.
    pub gas: u64,
    /// Who sent it.
    pub sender: Address,
    /// Which contract and function it calls; `None` for a creation.
    pub function: Option<Function>,
    /// The addresses and hashes among its arguments, shortened: what it is about, as
    /// the engine sees it.
    pub about: Vec<u64>,
    /// Whether it did what it was meant to do.
    pub succeeded: bool,
    /// It only moves ether, to an account without code.
    pub is_payment: bool,
    /// What it reads that earlier transactions of the block wrote: of each location
    /// the last writer. In the order in which it reads.
    pub dependencies: Vec<Dependency>,
}

/// A function of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Function {
    /// The account that is called.
    pub contract: Address,
    /// The first four bytes of the input, if there are so many.
    pub selector: Option<Selector>,
}

/// A transaction reads what an earlier one wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependency {
    /// Who wrote last.
    pub on: usize,
    /// What.
    pub location: Location,
    /// When it is first read: instructions executed before, as a fraction of all that
    /// the transaction executes. What is read before the first instruction, as the
    /// nonce is, has 0.
    pub read_at: f64,
    /// When the writer last wrote it, as a fraction of the writer's instructions.
    /// The engine shows it to others at the writer's end.
    pub written_at: f64,
    /// In which function it is first read, which another one may have called.
    pub reader: Option<Function>,
}

/// How many transactions touch a location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touches {
    /// Transactions that read it, or write it.
    pub transactions: usize,
    /// Transactions that write it.
    pub writers: usize,
}

impl Trace {
    /// A trace of transactions that take so long (in nanoseconds) and depend on so
    /// many others, each pair `(on, read_at)`, and use a gas in a nanosecond; for tests
    /// and experiments. Operations
    /// of the engine cost nothing, and every dependency is at a slot of its own.
    #[must_use]
    pub fn of(transactions: &[(u64, &[(usize, f64)])]) -> Self {
        let traced = transactions.iter().enumerate().map(|(tx, (nanos, on))| {
            let dependencies = on.iter().map(|(on, read_at)| Dependency {
                on: *on,
                location: Location::Slot(Address::ZERO, alloy_primitives::U256::from(*on)),
                read_at: *read_at,
                written_at: 1.0,
                reader: None,
            });
            Traced {
                nanos: *nanos,
                gas: *nanos,
                sender: Address::left_padding_from(&(tx + 1).to_be_bytes()),
                succeeded: true,
                dependencies: dependencies.collect(),
                ..Traced::default()
            }
        });
        Self {
            transactions: traced.collect(),
            costs: Costs::NONE,
            ..Self::default()
        }
    }

    /// Time that executing all transactions takes, one after the other.
    #[must_use]
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.transactions.iter().map(|tx| tx.nanos).sum())
    }

    /// Transactions that depend on no other one of the block.
    #[must_use]
    pub fn independent(&self) -> usize {
        let independent = |tx: &&Traced| tx.dependencies.is_empty();
        self.transactions.iter().filter(independent).count()
    }

    /// Gas that all transactions use.
    #[must_use]
    pub fn gas(&self) -> u64 {
        self.transactions.iter().map(|tx| tx.gas).sum()
    }

    /// Payments in a row that the engine settles account by account, without
    /// scheduling them, if there are at least `shortest`.
    #[must_use]
    pub fn payment_runs(&self, shortest: usize) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut start = 0;
        for run in self
            .transactions
            .chunk_by(|a, b| a.is_payment == b.is_payment)
        {
            let end = start + run.len();
            if run[0].is_payment && run.len() >= shortest {
                runs.push(start..end);
            }
            start = end;
        }
        runs
    }
}
