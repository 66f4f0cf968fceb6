//! Instructions that look at a part of an account.
//!
//! revm's BALANCE, SELFBALANCE and EXTCODEHASH load the account and could then look at
//! all of it, so all of it would have to be observed: whoever asks for somebody's
//! balance would depend on their nonce as well. These here, with the same semantics and
//! gas, observe what they put on the stack.

use super::Ctx;
use crate::journal::{Journal, LoadError, Observed};
use alloy_primitives::{Address, B256, U256};
use revm::{
    DatabaseRef,
    bytecode::opcode,
    context::{Cfg, journaled_state::JournalLoadError},
    context_interface::{ContextTr, context::StateLoad},
    handler::instructions::EthInstructions,
    interpreter::{
        Instruction, InstructionContext, InstructionExecResult, InstructionResult,
        interpreter::EthInterpreter,
    },
    primitives::hardfork::SpecId,
};

type Context<'c, 'm, DB> = InstructionContext<'c, Ctx<'m, DB>, EthInterpreter>;

/// Puts them in the place of revm's, where the fork has them.
pub(super) fn install<'m, DB: DatabaseRef>(
    instructions: &mut EthInstructions<EthInterpreter, Ctx<'m, DB>>,
    spec: SpecId,
) {
    let mut put = |code: u8, instruction| {
        let gas = instructions.gas_table()[code as usize];
        instructions.insert_instruction(code, instruction, gas);
    };
    put(opcode::BALANCE, Instruction::new(balance::<DB>));
    if spec.is_enabled_in(SpecId::PETERSBURG) {
        put(opcode::EXTCODEHASH, Instruction::new(code_hash::<DB>));
    }
    if spec.is_enabled_in(SpecId::ISTANBUL) {
        put(opcode::SELFBALANCE, Instruction::new(own_balance::<DB>));
    }
}

fn balance<DB: DatabaseRef>(context: Context<'_, '_, DB>) -> InstructionExecResult {
    look_at(context, |journal, address, skip_cold| {
        journal.balance(address, skip_cold)
    })
}

fn code_hash<DB: DatabaseRef>(context: Context<'_, '_, DB>) -> InstructionExecResult {
    look_at(context, |journal, address, skip_cold| {
        journal.code_hash(address, skip_cold)
    })
}

fn own_balance<DB: DatabaseRef>(context: Context<'_, '_, DB>) -> InstructionExecResult {
    let InstructionContext { interpreter, host } = context;
    let own = interpreter.input.target_address;
    let balance = host.journaled_state.balance(own, false);
    let balance = balance.map_err(|error| failure(host, error))?;
    if interpreter.stack.push(balance.data) {
        Ok(())
    } else {
        Err(InstructionResult::StackOverflow)
    }
}

/// Replaces an address on the stack by what `look` finds there.
fn look_at<'m, DB: DatabaseRef>(
    context: Context<'_, 'm, DB>,
    look: impl FnOnce(&mut Journal<'m, DB>, Address, bool) -> Result<StateLoad<U256>, LoadError<DB>>,
) -> InstructionExecResult {
    let InstructionContext { interpreter, host } = context;
    let Some(([], top)) = interpreter.stack.popn_top::<0>() else {
        return Err(InstructionResult::StackUnderflow);
    };
    let address = Address::from_word(B256::from(*top));
    let cold_cost = host.cfg().gas_params().cold_account_additional_cost();
    let skip_cold = interpreter.gas.remaining() < cold_cost;
    let found = look(&mut host.journaled_state, address, skip_cold)
        .map_err(|error| failure(host, error))?;
    if found.is_cold && !interpreter.gas.record_regular_cost(cold_cost) {
        return Err(InstructionResult::OutOfGas);
    }
    *top = found.data;
    Ok(())
}

/// Leaves the error of the state where the interpreter's caller looks for it.
fn failure<DB: DatabaseRef>(host: &mut Ctx<'_, DB>, error: LoadError<DB>) -> InstructionResult {
    match error {
        JournalLoadError::ColdLoadSkipped => InstructionResult::OutOfGas,
        JournalLoadError::DBError(error) => {
            host.error = Err(error.into());
            InstructionResult::FatalExternalError
        }
    }
}

impl<DB: DatabaseRef> Journal<'_, DB> {
    /// BALANCE, and whether the account was cold.
    fn balance(
        &mut self,
        address: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<U256>, LoadError<DB>> {
        let (entry, is_cold) = self.load_entry(address, skip_cold_load)?;
        self.observe(entry, Observed::BALANCE)
            .map_err(JournalLoadError::DBError)?;
        Ok(StateLoad::new(self.entries[entry].balance(), is_cold))
    }

    /// EXTCODEHASH (EIP-1052), which is zero for an empty account.
    fn code_hash(
        &mut self,
        address: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<U256>, LoadError<DB>> {
        let (entry, is_cold) = self.load_entry(address, skip_cold_load)?;
        self.observe(entry, Observed::CODE)
            .and_then(|()| self.observe_emptiness(entry))
            .map_err(JournalLoadError::DBError)?;
        let info = &self.entries[entry].account.info;
        let hash = if info.is_empty() {
            B256::ZERO
        } else {
            info.code_hash
        };
        Ok(StateLoad::new(hash.into(), is_cold))
    }
}
