//! An interpreter's state in registers, while simple instructions run.
//!
//! Every operation either happens whole and gives `true`, or changes nothing and
//! gives `false`: then the interpreter, in the state from before, is to say why.

mod jump;
mod memory;
mod push;

use alloy_primitives::U256;
use memory::whole;
use revm::{
    bytecode::JumpTable,
    interpreter::{
        InputsImpl, Interpreter, STACK_LIMIT, SharedMemory,
        interpreter_types::{Jumps, ReturnData},
    },
    primitives::hardfork::SpecId,
};
use std::marker::PhantomData;

/// Bytes of a word.
const WORD: usize = 32;

/// Gas of JUMP and of JUMPI and JUMPDEST.
const JUMP: u64 = 8;
const JUMP_IF: u64 = 10;
const JUMP_DESTINATION: u64 = 1;

/// Gas of most instructions: pushes, additions, memory.
pub(super) const VERY_LOW: u64 = 3;
/// Gas of instructions that push what is at hand.
pub(super) const BASE: u64 = 2;
/// Gas of multiplications and divisions.
pub(super) const LOW: u64 = 5;

/// Where execution stands, and what simple instructions look at.
#[derive(Debug)]
pub(super) struct Registers<'i> {
    /// The next instruction, in `code`.
    ip: *const u8,
    /// One past the top of the stack.
    top: *mut U256,
    gas: u64,
    /// The lowest word of the stack, which has room for [`STACK_LIMIT`].
    bottom: *mut U256,
    /// The memory of the frame, of `memory_len` bytes.
    memory: *mut u8,
    memory_len: usize,
    /// Code, which ends in an instruction that is not simple.
    code: &'i [u8],
    jumps: &'i JumpTable,
    shared: &'i mut SharedMemory,
    pub(super) input: &'i InputsImpl,
    /// Length of what the last call returned.
    pub(super) returned: usize,
    /// Length of the code, as deployed.
    pub(super) code_len: usize,
    pub(super) spec: SpecId,
    stack: PhantomData<&'i mut [U256]>,
}

/// Where simple instructions have stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pc: usize,
    height: usize,
    gas: u64,
}

impl Stop {
    #[inline]
    pub(super) fn put_back(self, interpreter: &mut Interpreter) {
        interpreter.bytecode.absolute_jump(self.pc);
        interpreter.gas.set_remaining(self.gas);
        // SAFETY: that many words were initialised, within the capacity.
        unsafe { interpreter.stack.data_mut().set_len(self.height) };
    }
}

impl<'i> Registers<'i> {
    /// `None` if the interpreter has no code of the ordinary kind.
    #[inline]
    pub(super) fn new(interpreter: &'i mut Interpreter) -> Option<Self> {
        let pc = interpreter.bytecode.pc();
        let code = interpreter.bytecode.bytes_ref();
        let jumps = interpreter.bytecode.legacy_jump_table()?;
        let stack = interpreter.stack.data_mut();
        if stack.capacity() < STACK_LIMIT || pc >= code.len() {
            return None;
        }
        let height = stack.len();
        let bottom = stack.as_mut_ptr();
        let shared = &mut interpreter.memory;
        let (memory, memory_len) = whole(shared);
        Some(Self {
            ip: code[pc..].as_ptr(),
            // SAFETY: the end of what is initialised.
            top: unsafe { bottom.add(height) },
            gas: interpreter.gas.remaining(),
            bottom,
            memory,
            memory_len,
            code,
            jumps,
            shared,
            input: &interpreter.input,
            returned: interpreter.return_data.buffer().len(),
            code_len: interpreter.bytecode.len(),
            spec: interpreter.runtime_flag.spec_id,
            stack: PhantomData,
        })
    }

    #[inline]
    pub(super) fn stop(self) -> Stop {
        Stop {
            pc: self.pc(),
            height: self.height(),
            gas: self.gas,
        }
    }

    /// The next instruction.
    #[inline(always)]
    pub(super) fn opcode(&self) -> u8 {
        // SAFETY: `ip` is in the code: instructions step over their immediates, which
        // revm's analysis pads, jumps go to instructions, and what the code ends with
        // is never stepped over, because it is STOP.
        unsafe { *self.ip }
    }

    /// Position of the next instruction.
    #[inline(always)]
    pub(super) fn pc(&self) -> usize {
        // SAFETY: both are in the code.
        unsafe { self.ip.offset_from_unsigned(self.code.as_ptr()) }
    }

    pub(super) const fn memory_len(&self) -> usize {
        self.memory_len
    }

    pub(super) const fn gas(&self) -> u64 {
        self.gas
    }

    /// Words on the stack.
    #[inline(always)]
    fn height(&self) -> usize {
        // SAFETY: both are of the stack.
        unsafe { self.top.offset_from_unsigned(self.bottom) }
    }

    /// Whether an instruction of `cost` that needs `words` may be executed.
    #[inline(always)]
    fn has(&self, cost: u64, words: usize) -> bool {
        self.gas >= cost && self.height() >= words
    }

    /// Whether an instruction of `cost` that needs `words` may push one more.
    #[inline(always)]
    fn has_room(&self, cost: u64, words: usize) -> bool {
        self.has(cost, words) && self.height() < STACK_LIMIT
    }

    /// Pays, and goes on behind the instruction of `len` bytes.
    #[inline(always)]
    fn advance(&mut self, cost: u64, len: usize) {
        self.gas -= cost;
        // SAFETY: see `opcode`.
        self.ip = unsafe { self.ip.add(len) };
    }

    /// The word at `depth`, 0 being the top. The stack has more than `depth` words.
    #[inline(always)]
    unsafe fn word(&mut self, depth: usize) -> &mut U256 {
        // SAFETY: up to the caller; all words below `top` are initialised.
        unsafe { &mut *self.top.sub(depth + 1) }
    }

    /// Drops `words`, which the stack has.
    #[inline(always)]
    unsafe fn shrink(&mut self, words: usize) {
        // SAFETY: up to the caller.
        self.top = unsafe { self.top.sub(words) };
    }

    /// Adds a word to a stack that has room for it.
    #[inline(always)]
    unsafe fn grow(&mut self, word: U256) {
        // SAFETY: up to the caller.
        unsafe {
            self.top.write(word);
            self.top = self.top.add(1);
        }
    }

    /// Does nothing, for a price.
    #[inline(always)]
    pub(super) fn nothing(&mut self, cost: u64) -> bool {
        let may = self.has(cost, 0);
        if may {
            self.advance(cost, 1);
        }
        may
    }

    #[inline(always)]
    pub(super) fn unary(&mut self, cost: u64, f: impl FnOnce(U256) -> U256) -> bool {
        if !self.has(cost, 1) {
            return false;
        }
        // SAFETY: there is one.
        let top = unsafe { self.word(0) };
        *top = f(*top);
        self.advance(cost, 1);
        true
    }

    /// `f` of the top and the word below.
    #[inline(always)]
    pub(super) fn binary(&mut self, cost: u64, f: impl FnOnce(U256, U256) -> U256) -> bool {
        if !self.has(cost, 2) {
            return false;
        }
        // SAFETY: there are two.
        unsafe {
            let first = *self.word(0);
            self.shrink(1);
            let second = self.word(0);
            *second = f(first, *second);
        }
        self.advance(cost, 1);
        true
    }

    #[inline(always)]
    pub(super) fn push(&mut self, cost: u64, word: U256) -> bool {
        if !self.has_room(cost, 0) {
            return false;
        }
        // SAFETY: there is room.
        unsafe { self.grow(word) };
        self.advance(cost, 1);
        true
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> bool {
        if !self.has(BASE, 1) {
            return false;
        }
        // SAFETY: there is one.
        unsafe { self.shrink(1) };
        self.advance(BASE, 1);
        true
    }

    /// Copies the word at `depth`, 1 being the top.
    #[inline(always)]
    pub(super) fn dup(&mut self, depth: usize) -> bool {
        if !self.has_room(VERY_LOW, depth) {
            return false;
        }
        // SAFETY: there are that many, and there is room.
        unsafe {
            let word = *self.word(depth - 1);
            self.grow(word);
        }
        self.advance(VERY_LOW, 1);
        true
    }

    /// Exchanges the top with the word at `depth`, 0 being the top itself.
    #[inline(always)]
    pub(super) fn swap(&mut self, depth: usize) -> bool {
        if !self.has(VERY_LOW, depth + 1) {
            return false;
        }
        // SAFETY: there are that many.
        unsafe {
            let top = *self.word(0);
            let other = std::mem::replace(self.word(depth), top);
            *self.word(0) = other;
        }
        self.advance(VERY_LOW, 1);
        true
    }
}

/// A word as a position, if it can be one.
#[inline(always)]
fn small(word: &U256) -> Option<usize> {
    let [low, rest @ ..] = word.as_limbs();
    (rest.iter().fold(0, |all, limb| all | limb) == 0)
        .then(|| usize::try_from(*low).ok())
        .flatten()
}
