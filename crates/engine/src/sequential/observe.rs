//! The oracle with somebody who watches.

use super::{Run, SystemTransactions, evm, transaction_error};
use crate::{Block, EngineError, TxOutcome};
use alloy_primitives::Address;
use revm::{
    DatabaseRef, InspectCommitEvm, Inspector,
    context::ContextTr,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter::EthInterpreter,
    },
};

/// Watches the transactions of a block from the inside; see [`observe`].
pub trait Observer {
    /// A call begins, that of the transaction included: of the account whose
    /// storage it works on, by the code of another one or the same.
    fn call(&mut self, account: Address, code: Address, input: &[u8]);

    /// Code that creates a contract begins to run.
    fn create(&mut self, creator: Address);

    /// The call or creation that began last and has not ended yet ends.
    fn end(&mut self);

    /// An instruction is about to be executed.
    fn step(&mut self, interpreter: &Interpreter<EthInterpreter>);

    /// A transaction has ended.
    fn transaction(&mut self, outcome: &TxOutcome);
}

/// Executes a block in order, as [`replay`](super::replay) does, and lets an observer
/// see how. The calls that the protocol makes itself are not shown.
///
/// # Errors
///
/// As [`replay`](super::replay).
pub fn observe<DB: DatabaseRef, O: Observer>(
    block: &Block,
    db: &DB,
    observer: O,
) -> Result<O, EngineError<DB::Error>> {
    let system = SystemTransactions::new(block);
    let mut run = Run::new(block, evm(block, db, false, &system, Watched(observer)));
    run.before(&system)?;
    for (index, tx) in block.transactions.iter().enumerate() {
        run.check_room(index, tx)?;
        let result = run
            .evm
            .inspect_tx_commit(tx)
            .map_err(|error| transaction_error(index, error))?;
        run.add(index, tx, result);
        if let Some(outcome) = run.output.outcomes.last() {
            run.evm.inspector.0.transaction(outcome);
        }
    }
    Ok(run.evm.inspector.0)
}

/// An observer as revm wants it.
struct Watched<O>(O);

impl<CTX: ContextTr, O: Observer> Inspector<CTX, EthInterpreter> for Watched<O> {
    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let input = inputs.input.bytes(context);
        self.0
            .call(inputs.target_address, inputs.bytecode_address, &input);
        None
    }

    fn call_end(&mut self, _: &mut CTX, _: &CallInputs, _: &mut CallOutcome) {
        self.0.end();
    }

    fn create(&mut self, _: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.0.create(inputs.caller());
        None
    }

    fn create_end(&mut self, _: &mut CTX, _: &CreateInputs, _: &mut CreateOutcome) {
        self.0.end();
    }

    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        self.0.step(interpreter);
    }
}
