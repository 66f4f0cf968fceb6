//! Databases that misbehave, and a clock that ends what hangs.
#![allow(dead_code)] // Each test file uses a part of it.

use parallax_engine::{BlockOutput, Engine, EngineConfig};
use parallax_workload::MemoryState;
use revm::{
    DatabaseRef,
    database_interface::DBErrorMarker,
    primitives::{Address, B256, U256},
    state::{AccountInfo, Bytecode},
};
use std::{
    fmt,
    panic::resume_unwind,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

pub(crate) const WORKERS: [usize; 3] = [1, 2, 8];

pub(crate) fn engine(workers: usize) -> Engine {
    let config = EngineConfig {
        workers,
        ..EngineConfig::default()
    };
    Engine::new(config).expect("threads")
}

/// Runs `test`, and fails if it has not ended after two minutes.
pub(crate) fn in_time<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        let result = test();
        // The receiver is gone only if the time is up.
        let _ = sender.send(());
        result
    });
    if receiver.recv_timeout(Duration::from_secs(120)) == Err(RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Compares all but statistics.
pub(crate) fn assert_same(what: &str, expected: &BlockOutput, got: &BlockOutput) {
    assert_eq!(expected.outcomes, got.outcomes, "{what}");
    assert_eq!(expected.skipped, got.skipped, "{what}");
    assert_eq!(expected.gas_used, got.gas_used, "{what}");
    assert_eq!(expected.requests, got.requests, "{what}");
    let (mut expected, mut got) = (expected.changes.clone(), got.changes.clone());
    expected.sort();
    got.sort();
    assert_eq!(expected, got, "{what}");
}

/// What a [`Faulty`] database does when its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This and every later read fails.
    Fail,
    /// One read fails, later ones do not.
    FailOnce,
    /// This and every later read panics.
    Panic,
}

/// A database that answers so many reads before it misbehaves.
#[derive(Debug)]
pub(crate) struct Faulty<'a> {
    pub(crate) state: &'a MemoryState,
    pub(crate) after: usize,
    pub(crate) fault: Fault,
    pub(crate) reads: AtomicUsize,
}

/// The error of a [`Faulty`] database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnPurpose;

impl fmt::Display for OnPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("on purpose")
    }
}

impl std::error::Error for OnPurpose {}
impl DBErrorMarker for OnPurpose {}

impl<'a> Faulty<'a> {
    pub(crate) fn new(state: &'a MemoryState, fault: Fault, after: usize) -> Self {
        Self {
            state,
            after,
            fault,
            reads: AtomicUsize::new(0),
        }
    }

    fn read<T>(&self, value: Result<T, std::convert::Infallible>) -> Result<T, OnPurpose> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed);
        let broken = match self.fault {
            Fault::Fail | Fault::Panic => read >= self.after,
            Fault::FailOnce => read == self.after,
        };
        match self.fault {
            _ if !broken => Ok(value.unwrap_or_else(|never| match never {})),
            // As `panic!`, without a message on the terminal.
            Fault::Panic => resume_unwind(Box::new("on purpose")),
            Fault::Fail | Fault::FailOnce => Err(OnPurpose),
        }
    }
}

impl DatabaseRef for Faulty<'_> {
    type Error = OnPurpose;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, OnPurpose> {
        self.read(self.state.basic_ref(address))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, OnPurpose> {
        self.read(self.state.code_by_hash_ref(hash))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, OnPurpose> {
        self.read(self.state.storage_ref(address, slot))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, OnPurpose> {
        self.read(self.state.block_hash_ref(number))
    }
}
