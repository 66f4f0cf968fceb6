//! The interpreter: revm's, with the simple instructions done in registers.
//!
//! revm's interpreter keeps instruction pointer, gas and height of the stack in
//! memory, and calls a function through a table for each instruction. Four in five
//! instructions only move or combine words. Those are executed here, in one loop
//! whose state is in registers; whatever needs the host, more memory, or goes wrong
//! is left as it was found to revm's own instruction, which then does it, or fails
//! with the reason that it has always failed with. So nothing here decides what is
//! an error.
//!
//! ```text
//!   ┌─▶ simple: ADD PUSH DUP MLOAD JUMPI ...   as long as everything is in order
//!   │        │ anything else
//!   │        ▼
//!   └── step: one instruction of revm's table ──error──▶ action of the frame
//! ```

mod registers;
mod simple;
mod words;

use super::Interpreter as Evm;
use crate::view::ViewError;
use revm::handler::EthFrame;
use revm::{
    DatabaseRef,
    context::ContextError,
    handler::FrameInitOrResult,
    interpreter::{
        GasTable, Host, InstructionTable, Interpreter, InterpreterAction,
        interpreter::EthInterpreter, interpreter_types::LoopControl,
    },
};

/// Runs the innermost frame until it calls, creates, or ends.
pub(super) fn run_frame<DB: DatabaseRef>(
    evm: &mut Evm<'_, DB>,
) -> Result<FrameInitOrResult<EthFrame<EthInterpreter>>, ContextError<ViewError<DB::Error>>> {
    let frame = evm.frame_stack.get();
    let action = run(
        &mut frame.interpreter,
        evm.instruction.instruction_table(),
        evm.instruction.gas_table(),
        &mut evm.ctx,
    );
    frame
        .process_next_action(&mut evm.ctx, action)
        .inspect(|next| {
            if next.is_result() {
                frame.set_finished(true);
            }
        })
}

/// What [`Interpreter::run_plain`] does, with the same result.
fn run<H: Host>(
    interpreter: &mut Interpreter,
    instructions: &InstructionTable<EthInterpreter, H>,
    gas: &GasTable,
    host: &mut H,
) -> InterpreterAction {
    let reason = loop {
        simple::run(interpreter);
        if let Err(reason) = interpreter.step(instructions, gas, host) {
            break reason;
        }
    };
    if interpreter.bytecode.action().is_none() {
        interpreter.halt(reason);
    }
    interpreter.take_next_action()
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
