//! A tiny assembler, for code that has to run on forks for which no compiler
//! makes code any more.
//!
//! ```
//! use parallax_workload::asm::{Asm, op};
//!
//! // storage[0] += 1, but only if the call brings value.
//! let code = Asm::new()
//!     .op(op::CALLVALUE)
//!     .when(|asm| {
//!         asm.push(0).op(op::SLOAD).push(1).op(op::ADD).push(0).op(op::SSTORE);
//!     })
//!     .code();
//! assert_eq!(code.len(), 16);
//! ```

use alloy_primitives::{Address, Bytes, U256, ruint::UintTryFrom};

pub use revm::bytecode::opcode as op;

/// Code under construction.
///
/// Jumps come only from [`when`](Self::when), so there are no labels to forget.
#[derive(Clone, Debug, Default)]
pub struct Asm(Vec<u8>);

impl Asm {
    /// No code yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an instruction without immediate data; see [`op`].
    pub fn op(&mut self, opcode: u8) -> &mut Self {
        self.0.push(opcode);
        self
    }

    /// Appends the shortest push that every fork knows.
    pub fn push<T>(&mut self, value: T) -> &mut Self
    where
        U256: UintTryFrom<T>,
    {
        let bytes = U256::from(value).to_be_bytes::<32>();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(31);
        self.push_bytes(&bytes[zeros..])
    }

    /// Pushes an address.
    pub fn push_address(&mut self, address: Address) -> &mut Self {
        self.push_bytes(address.as_slice())
    }

    /// Pushes word `index` of the call data.
    pub fn argument(&mut self, index: u64) -> &mut Self {
        self.push(32 * index).op(op::CALLDATALOAD)
    }

    /// Takes a word from the stack and runs `body` only if it is not zero. What
    /// `body` does must leave the height of the stack as it was.
    pub fn when(&mut self, body: impl FnOnce(&mut Self)) -> &mut Self {
        self.op(op::ISZERO).op(op::PUSH2);
        let target = self.0.len();
        self.0.extend([0; 2]);
        self.op(op::JUMPI);
        body(self);
        // Code this long would be refused at deployment (EIP-170); the jump then
        // goes nowhere and halts.
        let end = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        self.0[target..target + 2].copy_from_slice(&end.to_be_bytes());
        self.op(op::JUMPDEST)
    }

    /// Runs `body` if word 0 of the call data is `selector`, and stops after it.
    pub fn on(&mut self, selector: u64, body: impl FnOnce(&mut Self)) -> &mut Self {
        self.push(selector).argument(0).op(op::EQ);
        self.when(|asm| {
            body(asm);
            asm.op(op::STOP);
        })
    }

    /// Adds 1 to the storage slot on the stack.
    pub fn increment(&mut self) -> &mut Self {
        self.op(op::DUP1).op(op::SLOAD).push(1).op(op::ADD);
        self.op(op::SWAP1).op(op::SSTORE)
    }

    /// Writes data to memory from offset 0 on.
    pub fn memory(&mut self, data: &[u8]) -> &mut Self {
        for (index, chunk) in data.chunks(32).enumerate() {
            let mut word = [0; 32];
            word[..chunk.len()].copy_from_slice(chunk);
            self.push_bytes(&word).push(32 * index).op(op::MSTORE);
        }
        self
    }

    /// The code so far.
    #[must_use]
    pub fn code(&self) -> Bytes {
        self.0.clone().into()
    }

    /// Initialization code that runs the code so far and then deploys `runtime`.
    /// The code so far must leave the stack as it was.
    #[must_use]
    pub fn deploying(&self, runtime: &[u8]) -> Bytes {
        let mut asm = self.clone();
        let len = u16::try_from(runtime.len()).unwrap_or(u16::MAX);
        // Length of what is appended before the runtime code.
        const TAIL: usize = 13;
        let offset = u16::try_from(self.0.len() + TAIL).unwrap_or(u16::MAX);
        asm.push_bytes(&len.to_be_bytes()).op(op::DUP1);
        asm.push_bytes(&offset.to_be_bytes())
            .push(0)
            .op(op::CODECOPY);
        asm.push(0).op(op::RETURN);
        asm.0.extend(runtime);
        asm.0.into()
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        debug_assert!((1..=32).contains(&bytes.len()));
        self.0.push(op::PUSH1 + bytes.len() as u8 - 1);
        self.0.extend(bytes);
        self
    }
}

/// A message call: what goes on the stack before CALL and its relatives.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// `CALL`, `CALLCODE`, `DELEGATECALL` or `STATICCALL`.
    pub opcode: u8,
    /// Gas to pass on. A constant: before EIP-150 asking for more than there is
    /// fails.
    pub gas: u64,
    /// Length of the input, from memory offset 0 on.
    pub input: u64,
}

impl Message {
    /// A plain call without input.
    #[must_use]
    pub fn call(gas: u64) -> Self {
        Self {
            opcode: op::CALL,
            gas,
            input: 0,
        }
    }

    /// Appends the call; `to` and `value` push one word each. Success is then on
    /// the stack.
    pub fn emit(self, asm: &mut Asm, to: impl FnOnce(&mut Asm), value: impl FnOnce(&mut Asm)) {
        asm.push(0).push(0).push(self.input).push(0);
        if matches!(self.opcode, op::CALL | op::CALLCODE) {
            value(asm);
        }
        to(asm);
        asm.push(self.gas).op(self.opcode);
    }
}
