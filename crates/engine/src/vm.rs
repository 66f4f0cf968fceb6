//! revm over our journal: one interpreter for each worker and block.

mod accounts;
mod code_cache;
mod handler;
mod interpreter;
mod keccak;
mod precompiles;

use crate::{
    block::Block,
    error::AccessListMismatch,
    ids::Index,
    journal::{Effects, Journal},
    payments::Terms,
    scheduler::Transaction,
    view::{Mode, View, ViewError},
};
use revm::{
    DatabaseRef,
    bytecode::opcode,
    context::{
        BlockEnv, CfgEnv, Context, Evm, FrameStack, LocalContext, TxEnv,
        result::{EVMError, ExecutionResult, InvalidHeader, InvalidTransaction},
    },
    handler::{EthFrame, Handler, instructions::EthInstructions},
    interpreter::{Instruction, interpreter::EthInterpreter},
    precompile::Precompiles,
};

pub(crate) use code_cache::CodeCache;
use handler::ParallelHandler;
pub(crate) use keccak::KeccakCache;
use precompiles::PrecompileSet;

/// What a worker keeps beside the journal while it executes.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) keccak: KeccakCache,
    /// The fee of the running transaction, if it is paid outside the journal.
    pub(crate) fee: u128,
    /// The running transaction never entered the interpreter.
    pub(crate) plain_transfer: bool,
}

pub(crate) type Ctx<'m, DB> = Context<
    &'m BlockEnv,
    &'m TxEnv,
    &'m CfgEnv,
    View<'m, DB>,
    Journal<'m, DB>,
    Scratch,
    LocalContext,
>;

type Interpreter<'m, DB> = Evm<
    Ctx<'m, DB>,
    (),
    EthInstructions<EthInterpreter, Ctx<'m, DB>>,
    PrecompileSet<'m>,
    EthFrame<EthInterpreter>,
>;

/// How an execution ended: with a result, and this fee for the beneficiary
/// outside the journal, or not.
pub(crate) type Verdict<E> = Result<(ExecutionResult, u128), Box<Failure<E>>>;

/// Why an execution has no result.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// The transaction may not be part of the block.
    Invalid(InvalidTransaction),
    /// The block environment is unusable.
    InvalidHeader(InvalidHeader),
    /// The parent state could not be read.
    Database(E),
    /// It did not do what the access list says (Verify).
    Mismatch(Box<AccessListMismatch>),
    /// Something gave up for a reason of its own.
    Fatal(String),
}

/// Why an execution has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// It needs the result of the transaction at this index.
    Stall(Index),
    /// It has read something that has changed since.
    Stale,
}

/// A worker's interpreter.
pub(crate) struct Vm<'m, DB: DatabaseRef> {
    evm: Interpreter<'m, DB>,
    block: &'m Block,
}

impl<DB: DatabaseRef> std::fmt::Debug for Vm<'_, DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vm").finish_non_exhaustive()
    }
}

impl<'m, DB: DatabaseRef> Vm<'m, DB> {
    pub(crate) fn new(
        block: &'m Block,
        precompiles: &'m Precompiles,
        nothing: &'m TxEnv,
        view: View<'m, DB>,
        keccak: KeccakCache,
    ) -> Self {
        let spec = block.spec();
        let mut journal = Journal::with_view(view);
        journal.spec = spec;
        let mut instruction = EthInstructions::new_mainnet_with_spec(spec);
        instruction.insert_instruction(
            opcode::KECCAK256,
            Instruction::new(keccak::keccak256::<DB>),
            instruction.gas_table()[opcode::KECCAK256 as usize],
        );
        accounts::install(&mut instruction, spec);
        let ctx = Context {
            block: &block.env,
            tx: nothing,
            cfg: &block.cfg,
            journaled_state: journal,
            chain: Scratch {
                keccak,
                fee: 0,
                plain_transfer: false,
            },
            local: LocalContext::default(),
            error: Ok(()),
        };
        let evm = Evm {
            ctx,
            inspector: (),
            instruction,
            precompiles: PrecompileSet(precompiles),
            frame_stack: FrameStack::new_prealloc(8),
        };
        Self { evm, block }
    }

    pub(crate) fn journal(&mut self) -> &mut Journal<'m, DB> {
        &mut self.evm.ctx.journaled_state
    }

    /// Whether the last execution was a plain transfer.
    pub(crate) fn was_plain_transfer(&self) -> bool {
        self.evm.ctx.chain.plain_transfer
    }

    /// Gives back what is worth keeping for the next block.
    pub(crate) fn into_caches(self) -> (CodeCache, KeccakCache) {
        (
            self.evm.ctx.journaled_state.view.codes,
            self.evm.ctx.chain.keccak,
        )
    }

    /// Executes `tx` as the transaction at `index` and adds to `effects` what it
    /// read and wrote.
    pub(crate) fn execute(
        &mut self,
        tx: &'m TxEnv,
        index: Index,
        mode: Mode,
        transaction: Option<&'m Transaction>,
        effects: &mut Effects,
        accesses: bool,
    ) -> Result<Verdict<DB::Error>, Interruption> {
        self.prepare(tx, index, mode, transaction);
        let ended = self.transact();
        self.conclude(ended, effects, accesses)
    }

    /// Runs a call of the protocol itself.
    pub(crate) fn system_call(
        &mut self,
        tx: &'m TxEnv,
        index: Index,
        effects: &mut Effects,
        accesses: bool,
    ) -> Verdict<DB::Error> {
        self.prepare(tx, index, Mode::Final, None);
        let spec = self.block.spec();
        self.journal().spec = spec;
        let ended = ParallelHandler::default().run_system_call(&mut self.evm);
        match self.conclude(ended, effects, accesses) {
            Ok(verdict) => verdict,
            Err(_) => Err(Failure::Fatal("a system call was interrupted".to_owned()).into()),
        }
    }

    /// What `tx` costs if it is a payment to an account without code; see
    /// [`crate::payments`].
    pub(crate) fn payment_terms(&mut self, tx: &'m TxEnv) -> Option<Terms> {
        self.evm.ctx.tx = tx;
        handler::payment_terms(&mut self.evm)
    }

    fn prepare(
        &mut self,
        tx: &'m TxEnv,
        index: Index,
        mode: Mode,
        transaction: Option<&'m Transaction>,
    ) {
        let ctx = &mut self.evm.ctx;
        ctx.tx = tx;
        ctx.error = Ok(());
        ctx.chain.fee = 0;
        ctx.chain.plain_transfer = false;
        ctx.journaled_state.view.mode = mode;
        ctx.journaled_state.view.transaction = transaction;
        ctx.journaled_state.reset(index);
    }

    fn transact(&mut self) -> Result<ExecutionResult, EVMError<ViewError<DB::Error>>> {
        if let Some(done) = handler::plain_transfer(&mut self.evm)? {
            return Ok(done);
        }
        ParallelHandler::default().run(&mut self.evm)
    }

    /// Turns how revm ended into a verdict, and lists reads and writes.
    fn conclude(
        &mut self,
        ended: Result<ExecutionResult, EVMError<ViewError<DB::Error>>>,
        effects: &mut Effects,
        accesses: bool,
    ) -> Result<Verdict<DB::Error>, Interruption> {
        effects.clear();
        let fee = self.evm.ctx.chain.fee;
        let journal = self.journal();
        let ended = match journal.deferred.take() {
            Some(error) => Err(EVMError::Database(error)),
            None => ended,
        };
        let ended = ended.and_then(|result| {
            journal.finish(effects).map_err(EVMError::Database)?;
            Ok(result)
        });
        let failure = match ended {
            Ok(result) => {
                if accesses {
                    journal.list_accesses(&mut effects.accesses);
                }
                return Ok(Ok((result, fee)));
            }
            Err(EVMError::Database(ViewError::Stall(on))) => return Err(Interruption::Stall(on)),
            Err(EVMError::Database(ViewError::Stale)) => return Err(Interruption::Stale),
            Err(EVMError::Database(ViewError::Database(error))) => Failure::Database(error),
            Err(EVMError::Transaction(reason)) => Failure::Invalid(reason),
            Err(EVMError::Header(reason)) => Failure::InvalidHeader(reason),
            Err(EVMError::Custom(reason)) => Failure::Fatal(reason),
            Err(EVMError::CustomAny(reason)) => Failure::Fatal(reason.to_string()),
        };
        // No writes; but what it saw may still change.
        effects.clear();
        if journal.view.is_speculative() {
            journal.list_reads(&mut effects.reads);
        }
        Ok(Err(Box::new(failure)))
    }
}
