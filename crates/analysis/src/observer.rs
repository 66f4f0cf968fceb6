//! What happens inside the transactions of a block: where each location is read and
//! written, in which function, and what is hashed.

use crate::{
    preimages::Preimages,
    trace::{Function, Touches},
};
use alloy_primitives::{Address, B256, Selector, U256, b256};
use parallax_engine::{Location, TxOutcome, sequential::Observer};
use revm::{
    bytecode::opcode,
    interpreter::{
        Interpreter,
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, Jumps},
    },
};
use std::collections::{HashMap, HashSet};

/// Watches a whole block.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// One for each transaction that has ended.
    pub(crate) seen: Vec<Seen>,
    pub(crate) preimages: Preimages,
    pub(crate) touches: HashMap<Location, Touches>,
    /// Functions by which each contract was called.
    pub(crate) called: HashMap<Address, HashSet<Selector>>,
    /// Accounts between which tokens have moved, by token.
    pub(crate) token_moves: HashMap<Address, HashSet<Address>>,
    current: Seen,
    written: HashSet<Location>,
    frames: Vec<Function>,
}

/// What was seen of one transaction. Times are instructions since its start.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) instructions: u64,
    /// First read, and where.
    pub(crate) reads: HashMap<Location, (u64, Function)>,
    /// Last write.
    pub(crate) writes: HashMap<Location, u64>,
    /// First call of an account or look at it.
    pub(crate) accounts: HashMap<Address, (u64, Function)>,
    pub(crate) gas: u64,
    pub(crate) succeeded: bool,
}

impl Seen {
    /// When a location was first read, as a fraction, and by which function.
    pub(crate) fn read_at(&self, location: &Location) -> (f64, Option<Function>) {
        let found = match location {
            Location::Slot(..) => self.reads.get(location),
            // The sender's is read before the first instruction.
            Location::Nonce(_) => None,
            Location::Balance(address) | Location::Code(address) | Location::Life(address) => {
                self.accounts.get(address)
            }
        };
        match found {
            Some((at, function)) => (self.fraction(*at), Some(*function)),
            None => (0.0, None),
        }
    }

    /// When a location was last written, as a fraction; at the end if that was not seen.
    pub(crate) fn written_at(&self, location: &Location) -> f64 {
        let at = self.writes.get(location);
        at.map_or(1.0, |at| self.fraction(*at))
    }

    fn fraction(&self, instruction: u64) -> f64 {
        instruction as f64 / self.instructions.max(1) as f64
    }
}

/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Code that creates a contract has no function.
const CREATION: Option<Selector> = None;

impl Recorder {
    fn function(&self) -> Function {
        self.frames.last().copied().unwrap_or(Function {
            contract: Address::ZERO,
            selector: None,
        })
    }

    fn slot(&mut self, account: Address, slot: U256, is_write: bool) {
        let location = Location::Slot(account, slot);
        let (now, function) = (self.current.instructions, self.function());
        self.current
            .reads
            .entry(location)
            .or_insert((now, function));
        if is_write {
            self.current.writes.insert(location, now);
            self.written.insert(location);
        }
    }

    fn account(&mut self, address: Address) {
        let (now, function) = (self.current.instructions, self.function());
        self.current
            .accounts
            .entry(address)
            .or_insert((now, function));
    }

    fn hashed(&mut self, interpreter: &Interpreter<EthInterpreter>, offset: U256, size: U256) {
        let Ok(offset) = usize::try_from(offset) else {
            return;
        };
        let (one, two) = (U256::from(32), U256::from(64));
        let end = offset.saturating_add(64);
        if (size != one && size != two) || end > interpreter.memory.len().saturating_add(32) {
            return;
        }
        let word = |at: usize| {
            let there = at + 32 <= interpreter.memory.len();
            there.then(|| interpreter.memory.get_u256(at))
        };
        match (word(offset), word(offset + 32)) {
            (Some(first), Some(second)) if size == two => self.preimages.add_pair(first, second),
            (Some(first), _) if size == one => self.preimages.add_word(first),
            _ => {}
        }
    }
}

impl Observer for Recorder {
    fn call(&mut self, account: Address, code: Address, input: &[u8]) {
        let selector = input.first_chunk::<4>().map(|bytes| Selector::from(*bytes));
        self.account(account);
        self.account(code);
        if let Some(selector) = selector {
            self.called.entry(account).or_default().insert(selector);
        }
        self.frames.push(Function {
            contract: account,
            selector,
        });
    }

    fn create(&mut self, creator: Address) {
        self.frames.push(Function {
            contract: creator,
            selector: CREATION,
        });
    }

    fn end(&mut self) {
        self.frames.pop();
    }

    fn step(&mut self, interpreter: &Interpreter<EthInterpreter>) {
        let stack = |from_top| interpreter.stack.peek(from_top).unwrap_or_default();
        let here = interpreter.input.target_address();
        match interpreter.bytecode.opcode() {
            opcode::SLOAD => self.slot(here, stack(0), false),
            opcode::SSTORE => self.slot(here, stack(0), true),
            opcode::KECCAK256 => self.hashed(interpreter, stack(0), stack(1)),
            opcode::SELFBALANCE => self.account(here),
            opcode::BALANCE | opcode::EXTCODESIZE | opcode::EXTCODECOPY | opcode::EXTCODEHASH => {
                self.account(Address::from_word(stack(0).into()));
            }
            _ => {}
        }
        self.current.instructions += 1;
    }

    fn transaction(&mut self, outcome: &TxOutcome) {
        let mut seen = std::mem::take(&mut self.current);
        seen.gas = outcome.result.tx_gas_used();
        seen.succeeded = outcome.result.is_success();
        for location in seen.reads.keys() {
            let touches = self.touches.entry(*location).or_default();
            touches.transactions += 1;
            touches.writers += usize::from(self.written.contains(location));
        }
        for log in outcome.result.logs() {
            if let [TRANSFER, from, to] = log.topics() {
                let moves = self.token_moves.entry(log.address).or_default();
                moves.extend([from, to].map(|topic| Address::from_word(*topic)));
            }
        }
        self.written.clear();
        self.frames.clear();
        self.seen.push(seen);
    }
}
