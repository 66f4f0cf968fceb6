//! Payments as logs: `traceTransfers`.

use alloy_primitives::{Address, B256, Log, LogData, U256, address, b256};
use revm::{
    Inspector,
    bytecode::opcode::SELFDESTRUCT,
    context::{ContextTr, JournalTr},
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, Jumps},
    },
};

/// Who seems to emit them.
pub(super) const EMITTER: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");

/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Emits a log for each payment, if that is wanted, and counts all logs, whatever becomes
/// of them.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    pub(super) shows: bool,
    pub(super) emitted: u64,
}

impl Transfers {
    fn emit<J: JournalTr>(&mut self, journal: &mut J, from: Address, to: Address, value: U256) {
        if value.is_zero() || !self.shows {
            return;
        }
        self.emitted += 1;
        let topics = vec![TRANSFER, from.into_word(), to.into_word()];
        let data = value.to_be_bytes_vec().into();
        journal.log(Log {
            address: EMITTER,
            data: LogData::new_unchecked(topics, data),
        });
    }
}

impl<C: ContextTr> Inspector<C, EthInterpreter> for Transfers {
    fn log(&mut self, _: &mut C, _: Log) {
        self.emitted += 1;
    }

    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        if let Some(value) = inputs.transfer_value() {
            let (from, to) = (inputs.transfer_from(), inputs.transfer_to());
            self.emit(context.journal_mut(), from, to, value);
        }
        None
    }

    fn create(&mut self, context: &mut C, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let (from, value) = (inputs.caller(), inputs.value());
        let nonce = context.journal_mut().load_account(from).ok()?;
        let to = inputs.created_address(nonce.data.info.nonce);
        self.emit(context.journal_mut(), from, to, value);
        None
    }

    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, context: &mut C) {
        if !self.shows || interpreter.bytecode.opcode() != SELFDESTRUCT {
            return;
        }
        let from = interpreter.input.target_address();
        let (Some(to), Ok(account)) = (
            interpreter.stack.data().last(),
            context.journal_mut().load_account(from),
        ) else {
            return;
        };
        let value = account.data.info.balance;
        self.emit(
            context.journal_mut(),
            from,
            Address::from_word((*to).into()),
            value,
        );
    }
}
