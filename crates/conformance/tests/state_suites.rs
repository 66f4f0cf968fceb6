//! The official suites on the state as a node keeps it: the engine reads it, its changes
//! are made to it, and its root must be that of alloy-trie, also after a restart.

use parallax_conformance::{Compared, Executed, Report, World, blockchain_test, data, state_test};
use parallax_engine::{Block, Engine, EngineConfig, EngineError};
use parallax_log::{LogConfig, SimDisk};
use parallax_state::{History, MemoryStore, State, StateConfig, StateError};
use revm::{
    DatabaseRef,
    primitives::{Address, B256, U256},
    state::{AccountInfo, Bytecode},
};
use std::sync::atomic::{AtomicUsize, Ordering};

type Small = State<MemoryStore, SimDisk>;

const CONFIG: StateConfig = StateConfig {
    threads: 1,
    cache_bytes: 1 << 14,
    layer_bytes: 50_000,
    trie_bytes: 1 << 20,
    history: History::Blocks(2),
    log: LogConfig {
        segment_bytes: 1 << 20,
        chunk_bytes: 1 << 12,
        level: 1,
        first: 0,
        at_least: 0,
    },
};

/// Blocks after which the state was opened anew.
static RESTARTS: AtomicUsize = AtomicUsize::new(0);

/// The state as the engine reads it, with the world's hashes of blocks.
#[derive(Debug)]
struct Database<'d>(&'d Small, &'d World);

impl DatabaseRef for Database<'_> {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.0.flat().basic_ref(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StateError> {
        self.0.flat().code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.0.flat().storage_ref(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        let hash = self.1.block_hash_ref(number);
        Ok(hash.unwrap_or_else(|never| match never {}))
    }
}

/// A node's state, as far as it is worth to be kept between blocks.
struct Kept {
    engine: Engine,
    state: Small,
    store: MemoryStore,
    disk: SimDisk,
    blocks: usize,
}

impl Kept {
    fn new() -> Self {
        let config = EngineConfig {
            workers: 2,
            gas_per_helper: 0,
            ..EngineConfig::default()
        };
        let (store, disk) = (MemoryStore::new(), SimDisk::new(1));
        Self {
            engine: Engine::new(config).expect("threads"),
            state: open(&store, &disk),
            store,
            disk,
            blocks: 0,
        }
    }

    /// The state is that of the block before, or begins anew.
    fn follow(&mut self, world: &World) {
        if self.state.next() > 0 && self.state.last_root() == world.state_root() {
            return;
        }
        (self.store, self.disk) = (MemoryStore::new(), SimDisk::new(1));
        self.state = open(&self.store, &self.disk);
        self.commit(&world.from_nothing(), world);
    }

    fn commit(&mut self, changes: &parallax_engine::StateChanges, world: &World) {
        self.state.apply(changes).unwrap();
        assert_eq!(self.state.root().unwrap(), world.state_root());
        self.state
            .commit(&parallax_state::Block::default())
            .unwrap();
    }

    fn execute(&mut self, block: &Block, world: &World) -> Executed {
        self.follow(world);
        let database = Database(&self.state, world);
        let output = self
            .engine
            .replay(block, &database)
            .map_err(|error| match error {
                EngineError::InvalidTransaction { index, reason } => {
                    EngineError::InvalidTransaction { index, reason }
                }
                EngineError::InvalidHeader(reason) => EngineError::InvalidHeader(reason),
                EngineError::SystemCall { address, reason } => {
                    EngineError::SystemCall { address, reason }
                }
                EngineError::DepositLog(reason) => EngineError::DepositLog(reason),
                EngineError::UnsupportedFork(fork) => EngineError::UnsupportedFork(fork),
                error => EngineError::Fatal {
                    index: 0,
                    reason: error.to_string(),
                },
            })?;
        let mut after = world.clone();
        after.apply(&output.changes);
        self.commit(&output.changes, &after);
        self.blocks += 1;
        if self.blocks.is_multiple_of(8) {
            let nowhere = open(&MemoryStore::new(), &SimDisk::new(0));
            drop(std::mem::replace(&mut self.state, nowhere));
            self.state = open(&self.store, &self.disk);
            RESTARTS.fetch_add(1, Ordering::Relaxed);
        }
        Ok(output)
    }
}

fn open(store: &MemoryStore, disk: &SimDisk) -> Small {
    let store = parallax_state::Store::handle(store).unwrap();
    State::with(store, disk.clone(), CONFIG, &|_| ()).unwrap()
}

fn executor() -> Compared<impl FnMut(&Block, &World) -> Executed> {
    let mut kept = Kept::new();
    Compared(move |block: &Block, world: &World| kept.execute(block, world))
}

fn check(report: &Report, suite: &str) {
    report.assert_passed(&format!("{suite}, on the state of a node"));
    assert!(RESTARTS.load(Ordering::Relaxed) > 0);
}

#[test]
fn blockchain_tests() {
    for archive in [data::EXECUTION_SPEC_TESTS, data::ETHEREUM_TESTS] {
        let Some(path) = data::archive(archive) else {
            println!("skipped: data not found");
            return;
        };
        let report = blockchain_test::run(&path, 2, executor).unwrap();
        check(&report, "blockchain tests");
    }
}

#[test]
fn state_tests() {
    let Some(path) = data::archive(data::EXECUTION_SPEC_TESTS) else {
        println!("skipped: data not found");
        return;
    };
    let report = state_test::run(&path, 2, executor).unwrap();
    check(&report, "state tests");
}
