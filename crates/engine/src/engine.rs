//! The engine: threads, and one block after the other.

use crate::{
    EngineConfig, access_list,
    block::Block,
    commit::Commits,
    deltas::Fees,
    error::EngineError,
    memory::Memory,
    outcome::{BlockOutput, TxOutcome},
    pool::Pool,
    protocol::system_transactions,
    resources::Resources,
    results::Results,
    room::LeastGas,
    run::{OnInvalid, Request, Run},
    writes,
};
use alloy_eip7928::BlockAccessList;
use revm::{
    DatabaseRef,
    precompile::{PrecompileSpecId, Precompiles},
    primitives::hardfork::SpecId,
};
use std::{
    fmt,
    io::ErrorKind,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
    time::Instant,
};

/// A parallel block executor.
///
/// It owns its threads, its memory and its caches, and executes one block at a
/// time; further calls wait. See the [crate] for an example.
pub struct Engine {
    config: EngineConfig,
    pool: Pool,
    /// The caller's own, by fork; empty: those of the fork.
    precompiles: Vec<Precompiles>,
    /// Locked while a block executes.
    memory: Mutex<Resources>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// All that there are, in order.
fn forks() -> impl Iterator<Item = SpecId> {
    (0..=u8::MAX).map_while(SpecId::try_from_u8)
}

impl Engine {
    /// The most workers that an engine can have.
    pub const MOST_WORKERS: usize = 1024;

    /// Starts an engine with `config.workers - 1` threads; the caller of its
    /// methods is a worker too.
    ///
    /// # Errors
    /// If there are more than [`Engine::MOST_WORKERS`], or the system refuses to
    /// start a thread.
    pub fn new(config: EngineConfig) -> std::io::Result<Self> {
        let workers = config.workers.max(1);
        if workers > Self::MOST_WORKERS {
            let reason = format!("{workers} workers are more than {}", Self::MOST_WORKERS);
            return Err(std::io::Error::new(ErrorKind::InvalidInput, reason));
        }
        Ok(Self {
            pool: Pool::new(workers - 1)?,
            precompiles: Vec::new(),
            memory: Mutex::new(Resources::new(workers)),
            config: EngineConfig { workers, ..config },
        })
    }

    /// Replaces the precompiled contracts of every fork by one set of the caller's.
    ///
    /// For blocks of different forks, which differ in which precompiles there are and
    /// what they cost, use [`Engine::with_precompiles_of`].
    #[must_use]
    pub fn with_precompiles(mut self, precompiles: Precompiles) -> Self {
        self.precompiles = vec![precompiles; forks().count()];
        self
    }

    /// Replaces the precompiled contracts of each fork by a set of the caller's, for
    /// example that of the fork and one more. `of` is called now, once for each fork.
    ///
    /// They must be functions of their input: parallel execution may call them
    /// in any order and more often than the block does.
    #[must_use]
    pub fn with_precompiles_of(mut self, of: impl FnMut(SpecId) -> Precompiles) -> Self {
        self.precompiles = forks().map(of).collect();
        self
    }

    /// The precompiled contracts of blocks of a fork.
    fn precompiles(&self, spec: SpecId) -> &Precompiles {
        self.precompiles
            .get(usize::from(spec as u8))
            .unwrap_or_else(|| Precompiles::new(PrecompileSpecId::from_spec_id(spec)))
    }

    /// The settings.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Bytes that the engine holds between blocks: what the next one will fill (arenas,
    /// hash tables, scheduler) and each worker's caches of code and hashes.
    pub fn memory_bytes(&self) -> usize {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.capacity_bytes()
    }

    /// Executes a block whose order is given.
    ///
    /// # Errors
    /// The first transaction that may not be part of the block, or another
    /// [`EngineError`].
    pub fn replay<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        self.execute(block, db, self.request(OnInvalid::Fail))
    }

    /// Executes candidates in order and leaves out those that may not be part of
    /// the block; see [`BlockOutput::skipped`].
    ///
    /// # Errors
    /// [`EngineError`], but never [`EngineError::InvalidTransaction`].
    pub fn build<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        self.execute(block, db, self.request(OnInvalid::Skip))
    }

    /// As [`Engine::replay`], and calls `sink` with the outcomes of each newly
    /// committed range of transactions while later ones still run (a sub-block).
    ///
    /// `sink` is called in order, by one worker at a time, which waits for it:
    /// it should hand the outcomes on and return. It must not call this engine,
    /// which executes one block at a time.
    ///
    /// # Errors
    /// As [`Engine::replay`]. Outcomes that were delivered stay valid.
    pub fn replay_streaming<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
        sink: &(dyn Fn(&[TxOutcome]) + Sync),
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        self.execute(
            block,
            db,
            Request {
                sink: Some(sink),
                ..self.request(OnInvalid::Fail)
            },
        )
    }

    /// As [`Engine::build`], streaming as [`Engine::replay_streaming`] does.
    ///
    /// # Errors
    /// As [`Engine::build`].
    pub fn build_streaming<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
        sink: &(dyn Fn(&[TxOutcome]) + Sync),
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        self.execute(
            block,
            db,
            Request {
                sink: Some(sink),
                ..self.request(OnInvalid::Skip)
            },
        )
    }

    /// Executes a block against its access list
    /// ([EIP-7928](https://eips.ethereum.org/EIPS/eip-7928)): without speculation,
    /// each transaction on the values that the list gives it.
    ///
    /// Execution can depend on which empty accounts exist, which no list says:
    /// before Spurious Dragon, or if the parent state holds empty accounts (that
    /// of mainnet does not). Such blocks are replayed and their list compared.
    ///
    /// # Errors
    /// [`EngineError::AccessList`] with the first difference if the list is not
    /// exactly the block's; otherwise as [`Engine::replay`].
    pub fn verify<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        access_list: &BlockAccessList,
        db: &DB,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        let request = Request {
            access_list: true,
            ..self.request(OnInvalid::Fail)
        };
        if block.spec().is_enabled_in(SpecId::SPURIOUS_DRAGON) {
            let given = Some(access_list);
            let (result, list_was_enough) =
                self.execute_noting(block, db, Request { given, ..request });
            if list_was_enough {
                return result;
            }
        }
        let mut output = self.execute(block, db, request)?;
        let produced = output.access_list.as_deref().unwrap_or_default();
        match access_list::first_difference(access_list, produced) {
            None => {
                output.access_list.take_if(|_| !self.config.access_list);
                Ok(output)
            }
            Some(difference) => Err(EngineError::AccessList(Box::new(difference))),
        }
    }

    /// As [`Engine::build_streaming`], and ends the block at `deadline`: candidates
    /// that are not committed by then are left for another one. See
    /// [`BlockOutput::considered`]. What is being executed at that moment is
    /// finished first.
    ///
    /// # Errors
    /// As [`Engine::build`].
    pub fn build_until<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
        deadline: Instant,
        sink: &(dyn Fn(&[TxOutcome]) + Sync),
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        let request = Request {
            sink: Some(sink),
            deadline: Some(deadline),
            ..self.request(OnInvalid::Skip)
        };
        self.execute(block, db, request)
    }

    fn request(&self, on_invalid: OnInvalid) -> Request<'static> {
        let access_list = self.config.access_list;
        Request {
            on_invalid,
            access_list,
            given: None,
            sink: None,
            deadline: None,
        }
    }

    fn execute<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
        request: Request<'_>,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        self.execute_noting(block, db, request).0
    }

    /// As [`Engine::execute`]; also says whether a given access list told enough.
    fn execute_noting<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        db: &DB,
        request: Request<'_>,
    ) -> (Result<BlockOutput, EngineError<DB::Error>>, bool) {
        let started = Instant::now();
        if block.spec().is_enabled_in(SpecId::AMSTERDAM) {
            return (Err(EngineError::UnsupportedFork(block.spec())), true);
        }
        let transactions = block.transactions.len();
        let workers = self.config.workers.min(transactions.max(1));
        let precompiles = self.precompiles(block.spec());
        let system = system_transactions(block);
        let mut resources = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        resources.reset(block, workers);
        let Resources {
            key,
            accounts,
            slots,
            arenas,
            caches,
            scheduler,
        } = &*resources;
        let memory = Memory::new(*key, accounts, slots, arenas);
        // SAFETY: no worker runs yet.
        let first_arenas = unsafe { arenas.get(0) };
        let address = block.env.beneficiary;
        let beneficiary = memory.account(address, memory.hash(&address), first_arenas);
        let run = Run {
            block,
            db,
            config: &self.config,
            precompiles,
            memory: &memory,
            scheduler,
            fees: Fees {
                beneficiary: address,
                scheduler,
                separate: request.given.is_none(),
            },
            beneficiary,
            system: &system,
            request,
            caches,
            started,
            fee_bit: writes::bit(beneficiary.hash, 0),
            least_gas: match request.on_invalid {
                OnInvalid::Skip => LeastGas::of(block),
                OnInvalid::Fail => LeastGas::default(),
            },
            results: Results::new(transactions),
            commits: Mutex::new(Commits::default()),
            reports: Mutex::new(Vec::new()),
            protocol_writes: Mutex::default(),
            destroyed: AtomicBool::new(false),
        };
        (
            run.execute(&self.pool, workers - 1),
            memory.is_list_enough(),
        )
    }
}
