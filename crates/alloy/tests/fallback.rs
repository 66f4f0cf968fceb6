//! What the engine cannot do is done sequentially, and failures are
//! alloy-evm's.

mod common;

use alloy_evm::{
    Evm, EvmFactory,
    block::{BlockExecutionError, BlockExecutor, BlockExecutorFactory},
    precompiles::DynPrecompile,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use common::{Setting, Tx, assert_same, bundle, engine, execute, state, transactions};
use parallax_alloy::{Fallback, ParallelBlockExecutor, ParentState, Served, Shared};
use parallax_engine::{Block, BlockOutput, Engine};
use parallax_workload::{
    Kind, MemoryState,
    adversarial::{AdversarialConfig, random_block},
    generate,
};
use revm::{
    Database, DatabaseCommit, Inspector,
    database::{CacheDB, State, WrapDatabaseRef},
    database_interface::DBErrorMarker,
    interpreter::interpreter::EthInterpreter,
    precompile::{PrecompileId, PrecompileOutput},
    primitives::{AddressMap, hardfork::SpecId},
    state::{Account, AccountInfo, Bytecode},
};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
};

/// Counts instructions.
#[derive(Debug, Default)]
struct Counter(u64);

impl<CTX> Inspector<CTX, EthInterpreter> for Counter {
    fn step(&mut self, _: &mut revm::interpreter::Interpreter<EthInterpreter>, _: &mut CTX) {
        self.0 += 1;
    }
}

#[test]
fn an_inspector_sees_every_instruction() {
    let workload = generate(Kind::Erc20, 10, 1);
    let setting = Setting::new(&workload.block);
    let txs = transactions(&workload);
    let engine = engine(2);

    let mut expected = Counter::default();
    let factory = setting.sequential();
    let evm = factory.evm_factory().create_evm_with_inspector(
        state(&workload.state),
        setting.env.clone(),
        &mut expected,
    );
    let wanted = factory
        .create_executor(evm, setting.ctx())
        .execute_block(txs.clone());

    let mut counter = Counter::default();
    let factory = setting.parallel(&engine);
    let evm = factory.evm_factory().create_evm_with_inspector(
        state(&workload.state),
        setting.env.clone(),
        &mut counter,
    );
    let got = factory
        .create_executor(evm, setting.ctx())
        .execute_block(txs);
    assert_same("inspected", &wanted, &got);
    assert!(expected.0 > 0);
    assert_eq!(expected.0, counter.0);
}

#[test]
fn precompiles_of_the_evm_are_called() {
    let mut workload = generate(Kind::Transfers, 4, 1);
    let place = Address::repeat_byte(0x77);
    for tx in &mut workload.block.transactions {
        tx.kind = place.into();
        tx.gas_limit = 60_000;
    }
    let setting = Setting::new(&workload.block);
    let txs = transactions(&workload);
    let engine = engine(2);
    let factory = setting.parallel(&engine);
    let mut evm = factory
        .evm_factory()
        .create_evm(state(&workload.state), setting.env.clone());
    evm.precompiles_mut().apply_precompile(&place, |_| {
        Some(DynPrecompile::new(
            PrecompileId::custom("costly"),
            |input| Ok(PrecompileOutput::new(30_000, Bytes::new(), input.reservoir)),
        ))
    });
    let result = factory
        .create_executor(evm, setting.ctx())
        .execute_block(txs)
        .unwrap();
    assert_eq!(result.gas_used, 4 * 51_000);
}

/// A database that fails, or panics, at the n-th read, and that no other thread
/// may have.
#[derive(Debug)]
struct Faulty<'a> {
    db: CacheDB<&'a MemoryState>,
    left: Rc<Cell<usize>>,
    panics: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault;

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("on purpose")
    }
}

impl std::error::Error for Fault {}
impl DBErrorMarker for Fault {}

impl Faulty<'_> {
    fn count(&self) -> Result<(), Fault> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        if left == 0 && self.panics {
            // As `panic!`, without a message on the terminal.
            resume_unwind(Box::new("on purpose"));
        }
        if left == 0 { Err(Fault) } else { Ok(()) }
    }
}

impl Database for Faulty<'_> {
    type Error = Fault;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Fault> {
        self.count()?;
        Ok(self.db.basic(address).unwrap())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Fault> {
        self.count()?;
        Ok(self.db.code_by_hash(hash).unwrap())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Fault> {
        self.count()?;
        Ok(self.db.storage(address, slot).unwrap())
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Fault> {
        self.count()?;
        Ok(self.db.block_hash(number).unwrap())
    }
}

impl DatabaseCommit for Faulty<'_> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        self.db.commit(changes);
    }
}

fn faulty(db: &MemoryState, reads: usize, panics: bool) -> Faulty<'_> {
    Faulty {
        db: CacheDB::new(db),
        left: Rc::new(Cell::new(reads)),
        panics,
    }
}

fn small_block() -> (MemoryState, Setting, Vec<Tx>) {
    let workload = generate(Kind::Swaps, 4, 5);
    let (setting, txs) = (Setting::new(&workload.block), transactions(&workload));
    (workload.state, setting, txs)
}

#[test]
fn a_failing_database_gives_the_error_of_alloy_evm() {
    let (db, setting, txs) = small_block();
    let engine = engine(2);
    let factory = setting.parallel(&engine);
    let expected = execute(&setting.sequential(), &setting, state(&db), &txs);
    let failing = execute(
        &setting.sequential(),
        &setting,
        faulty(&db, 30, false),
        &txs,
    );
    let Err(BlockExecutionError::Internal(_)) = failing else {
        panic!("{failing:?}");
    };
    let mut reads = 0;
    loop {
        let got = execute(&factory, &setting, faulty(&db, reads, false), &txs);
        if got.is_ok() {
            assert_same("at last", &expected, &got);
            break;
        }
        let error = got.unwrap_err().to_string();
        assert!(error.contains("on purpose"), "{error}");
        reads += 1;
    }
    assert!(reads > 30, "{reads}");
}

#[test]
fn a_panicking_database_panics_the_caller() {
    let (db, setting, txs) = small_block();
    let engine = engine(2);
    let factory = setting.parallel(&engine);
    for reads in (0..40).step_by(3) {
        let run = || execute(&factory, &setting, faulty(&db, reads, true), &txs);
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "{reads}");
    }
    let expected = execute(&setting.sequential(), &setting, state(&db), &txs);
    assert_same(
        "afterwards",
        &expected,
        &execute(&factory, &setting, state(&db), &txs),
    );
}

/// Databases without reverts, bundles or caches of their own.
#[test]
fn a_plain_cache_database() {
    let (db, setting, txs) = small_block();
    let engine = engine(2);
    let mut expected = CacheDB::new(&db);
    let wanted = execute(&setting.sequential(), &setting, &mut expected, &txs);

    let factory = setting.parallel(&engine);
    let mut shared = CacheDB::new(&db);
    let evm = factory
        .evm_factory()
        .create_evm(&mut shared, setting.env.clone());
    let got = factory
        .create_shared_executor(evm, setting.ctx())
        .execute_block(txs);
    assert_same("cache", &wanted, &got);
    for (address, account) in &expected.cache.accounts {
        let info = shared.basic(*address).unwrap().unwrap_or_default();
        assert_eq!(info, account.info().unwrap_or_default(), "{address}");
        for (slot, value) in &account.storage {
            assert_eq!(
                shared.storage(*address, *slot).unwrap(),
                *value,
                "{address} {slot}"
            );
        }
    }
}

/// A `State` that builds an access list has it as alloy-evm would.
#[test]
fn access_lists_of_a_state() {
    let (db, setting, txs) = small_block();
    let engine = engine(2);
    let with_list = || -> State<WrapDatabaseRef<&MemoryState>> {
        State::builder()
            .with_database_ref(&db)
            .with_bundle_update()
            .with_bal_builder()
            .build()
    };
    let mut expected = with_list();
    let wanted = execute(&setting.sequential(), &setting, &mut expected, &txs);
    let mut shared = with_list();
    let factory = setting.parallel(&engine);
    let evm = factory
        .evm_factory()
        .create_evm(&mut shared, setting.env.clone());
    let got = factory
        .create_shared_executor(evm, setting.ctx())
        .execute_block(txs);
    assert_same("with a list", &wanted, &got);
    assert_eq!(
        expected.take_built_alloy_bal(),
        shared.take_built_alloy_bal()
    );
    assert_eq!(bundle(&mut expected).state, bundle(&mut shared).state);
}

/// Tells whether the engine executed the block.
#[derive(Debug)]
struct Spy<'a, P>(P, &'a Cell<Option<bool>>);

impl<DB: alloy_evm::Database, P: ParentState<DB>> ParentState<DB> for Spy<'_, P> {
    fn replay(&self, engine: &Engine, block: &Block, db: &mut DB) -> Result<BlockOutput, Fallback> {
        let output = self.0.replay(engine, block, db);
        self.1.set(Some(output.is_ok()));
        output
    }
}

/// Whether the engine was asked, and whether it executed the block.
fn asked<'a>(
    setting: &Setting,
    db: &'a MemoryState,
    txs: &[Tx],
    parent: impl ParentState<State<WrapDatabaseRef<&'a MemoryState>>>,
) -> Option<bool> {
    let asked = Cell::new(None);
    let factory = setting.sequential();
    let evm = factory
        .evm_factory()
        .create_evm(state(db), setting.env.clone());
    let engine = engine(2);
    let sequential = factory.create_executor(evm, setting.ctx());
    let executor = ParallelBlockExecutor::new(sequential, &engine, Spy(parent, &asked));
    // Failing is not the subject here.
    let _ = executor.execute_block(txs.iter().cloned());
    asked.get()
}

/// The other tests compare; this one makes sure that there are two things to
/// compare.
#[test]
fn the_engine_executes_what_it_can() {
    for seed in 0..60 {
        let workload = random_block(seed, AdversarialConfig::default());
        let (setting, txs) = (Setting::new(&workload.block), transactions(&workload));
        assert!(txs.len() > 1, "{}", workload.name);
        for executed in [
            asked(&setting, &workload.state, &txs, Served),
            asked(&setting, &workload.state, &txs, Shared),
        ] {
            assert_eq!(executed, Some(true), "{}", workload.name);
        }
    }
}

#[test]
fn the_engine_is_not_asked_for_what_it_cannot_do() {
    let (db, setting, txs) = small_block();
    assert_eq!(asked(&setting, &db, &txs, Served), Some(true));
    assert_eq!(asked(&setting, &db, &txs[..1], Served), None);
    // An invalid block: the engine finds out, alloy-evm tells.
    let twice: Vec<Tx> = txs.iter().chain(&txs).cloned().collect();
    assert_eq!(asked(&setting, &db, &twice, Served), Some(false));
    let mut simulation = setting.clone();
    simulation.env.cfg_env.disable_nonce_check = true;
    assert_eq!(asked(&simulation, &db, &txs, Served), None);
    let mut future = setting;
    future.env.cfg_env.spec = SpecId::AMSTERDAM;
    assert_eq!(asked(&future, &db, &txs, Served), None);
}
