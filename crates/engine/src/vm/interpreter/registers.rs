//! An interpreter's state in registers, while simple instructions run.
//!
//! Every operation either happens whole and gives `true`, or changes nothing and
//! gives `false`: then the interpreter, in the state from before, is to say why.

use alloy_primitives::U256;
use revm::{
    bytecode::{JumpTable, opcode},
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

    /// Bytes of code from `ip` on.
    #[inline(always)]
    fn rest(&self) -> &'i [u8] {
        &self.code[self.pc()..]
    }

    /// PUSH1 or PUSH2 of `value`. A jump that follows is done at once.
    #[inline(always)]
    pub(super) fn push_short<const LEN: usize>(&mut self) -> bool {
        // SAFETY: what is pushed, and an instruction behind it, is in the code.
        let (value, next) = unsafe {
            let value = match LEN {
                1 => usize::from(*self.ip.add(1)),
                _ => usize::from(u16::from_be_bytes([*self.ip.add(1), *self.ip.add(2)])),
            };
            (value, *self.ip.add(LEN + 1))
        };
        let jumped = match next {
            opcode::JUMP => {
                self.has_room(VERY_LOW + JUMP, 0) && self.jump_to(VERY_LOW + JUMP, value)
            }
            opcode::JUMPI => {
                self.has_room(VERY_LOW + JUMP_IF, 1)
                    && self.jump_if(VERY_LOW + JUMP_IF, 0, LEN + 2, value)
            }
            opcode::ADD => self.with_immediate(LEN, |top| top.wrapping_add(U256::from(value))),
            opcode::SHL if self.spec >= SpecId::PETERSBURG => {
                self.with_immediate(LEN, |top| super::words::shl(value.min(256), top))
            }
            opcode::SHR if self.spec >= SpecId::PETERSBURG => {
                self.with_immediate(LEN, |top| super::words::shr(value.min(256), top))
            }
            opcode::MLOAD => self.load_at(LEN, value),
            _ => false,
        };
        jumped || self.push_immediate(LEN, U256::from(value))
    }

    /// A push of `len` bytes together with what the next instruction does with it and the top.
    #[inline(always)]
    fn with_immediate(&mut self, len: usize, f: impl FnOnce(U256) -> U256) -> bool {
        if !self.has_room(2 * VERY_LOW, 1) {
            return false;
        }
        // SAFETY: there is one.
        let top = unsafe { self.word(0) };
        *top = f(*top);
        self.advance(2 * VERY_LOW, len + 2);
        true
    }

    #[inline(always)]
    fn load_at(&mut self, len: usize, offset: usize) -> bool {
        if !self.has_room(2 * VERY_LOW, 0) || offset + WORD > self.memory_len {
            return false;
        }
        // SAFETY: a word is there, and nothing else refers to it; there is room.
        unsafe {
            let bytes = self.memory.add(offset).cast::<[u8; WORD]>().read();
            self.grow(U256::from_be_bytes(bytes));
        }
        self.advance(2 * VERY_LOW, len + 2);
        true
    }

    #[inline(always)]
    fn push_immediate(&mut self, len: usize, word: U256) -> bool {
        if !self.has_room(VERY_LOW, 0) {
            return false;
        }
        // SAFETY: there is room.
        unsafe { self.grow(word) };
        self.advance(VERY_LOW, len + 1);
        true
    }

    /// PUSH3 to PUSH32.
    #[inline(always)]
    pub(super) fn push_long(&mut self, len: usize) -> bool {
        let rest = self.rest();
        let word = if len <= 8 {
            let Some(bytes) = rest.get(1..9) else {
                return false;
            };
            let bytes = bytes.try_into().expect("eight bytes");
            U256::from(u64::from_be_bytes(bytes) >> (64 - 8 * len))
        } else {
            let Some(bytes) = rest.get(1..=WORD) else {
                return false;
            };
            let bytes: &[u8; WORD] = bytes.try_into().expect("a word");
            super::words::shr(256 - 8 * len, U256::from_be_bytes(*bytes))
        };
        self.push_immediate(len, word)
    }

    #[inline(always)]
    pub(super) fn jump(&mut self) -> bool {
        if !self.has(JUMP, 1) {
            return false;
        }
        // SAFETY: there is one.
        let target = unsafe { *self.word(0) };
        let jumped = small(&target).is_some_and(|target| self.jump_to(JUMP, target));
        if jumped {
            // SAFETY: as above.
            unsafe { self.shrink(1) };
        }
        jumped
    }

    #[inline(always)]
    pub(super) fn jump_if_top(&mut self) -> bool {
        if !self.has(JUMP_IF, 2) {
            return false;
        }
        // SAFETY: there are two.
        let target = unsafe { *self.word(0) };
        self.jump_if(JUMP_IF, 1, 1, small(&target).unwrap_or(usize::MAX))
    }

    /// Jumps to `target` if the word at `depth` is not zero, and drops this word and
    /// all above it; otherwise goes on `len` bytes further on. Has been found to have
    /// gas and words.
    #[inline(always)]
    fn jump_if(&mut self, cost: u64, depth: usize, len: usize, target: usize) -> bool {
        // SAFETY: up to the caller.
        let is_zero = unsafe { self.word(depth) }.is_zero();
        if is_zero {
            self.advance(cost, len);
        } else if !self.jump_to(cost, target) {
            return false;
        }
        // SAFETY: up to the caller.
        unsafe { self.shrink(depth + 1) };
        true
    }

    /// Jumps, and executes the JUMPDEST if it can be paid.
    #[inline(always)]
    fn jump_to(&mut self, cost: u64, target: usize) -> bool {
        if !self.jumps.is_valid(target) {
            return false;
        }
        self.gas -= cost;
        let pays = self.gas >= JUMP_DESTINATION;
        self.gas -= u64::from(pays) * JUMP_DESTINATION;
        // SAFETY: valid targets are instructions, and not the last of the code.
        self.ip = unsafe { self.code.as_ptr().add(target + usize::from(pays)) };
        true
    }

    /// The place of `len` bytes at `offset`, if the memory has them.
    #[inline(always)]
    fn place(&self, offset: &U256, len: usize) -> Option<*mut u8> {
        let offset = small(offset)?;
        let is_there = offset <= self.memory_len && self.memory_len - offset >= len;
        // SAFETY: checked.
        is_there.then(|| unsafe { self.memory.add(offset) })
    }

    #[inline(always)]
    pub(super) fn mload(&mut self) -> bool {
        if !self.has(VERY_LOW, 1) {
            return false;
        }
        // SAFETY: there is one.
        let offset = unsafe { *self.word(0) };
        let Some(place) = self.place(&offset, WORD) else {
            return false;
        };
        // SAFETY: a word is there, and nothing else refers to it.
        let bytes = unsafe { place.cast::<[u8; WORD]>().read() };
        // SAFETY: as above.
        unsafe { *self.word(0) = U256::from_be_bytes(bytes) };
        self.advance(VERY_LOW, 1);
        true
    }

    #[inline(always)]
    pub(super) fn mstore(&mut self) -> bool {
        if !self.has(VERY_LOW, 2) {
            return false;
        }
        // SAFETY: there are two.
        let (offset, value) = unsafe { (*self.word(0), *self.word(1)) };
        let Some(place) = self.place(&offset, WORD) else {
            return false;
        };
        // SAFETY: a word is there, and nothing else refers to it; there are two.
        unsafe {
            place.cast::<[u8; WORD]>().write(value.to_be_bytes());
            self.shrink(2);
        }
        self.advance(VERY_LOW, 1);
        true
    }

    #[inline(always)]
    pub(super) fn mstore8(&mut self) -> bool {
        if !self.has(VERY_LOW, 2) {
            return false;
        }
        // SAFETY: there are two.
        let (offset, value) = unsafe { (*self.word(0), *self.word(1)) };
        let Some(place) = self.place(&offset, 1) else {
            return false;
        };
        // SAFETY: a byte is there, and nothing else refers to it; there are two.
        unsafe {
            place.write(value.byte(0));
            self.shrink(2);
        }
        self.advance(VERY_LOW, 1);
        true
    }

    #[inline(always)]
    pub(super) fn calldataload(&mut self) -> bool {
        if !self.has(VERY_LOW, 1) {
            return false;
        }
        // SAFETY: there is one.
        let offset = small(unsafe { self.word(0) }).unwrap_or(usize::MAX);
        let word = self.input_word(offset);
        // SAFETY: as above.
        unsafe { *self.word(0) = word };
        self.advance(VERY_LOW, 1);
        true
    }

    /// A word of the input, zeros where it has ended.
    #[inline(always)]
    fn input_word(&mut self, offset: usize) -> U256 {
        if offset >= self.input.input.len() {
            // An input of no bytes may be nowhere.
            return U256::ZERO;
        }
        let input = self.input.input.as_bytes_memory(&*self.shared);
        let rest = input.get(offset..).unwrap_or_default();
        let word = match rest.first_chunk::<WORD>() {
            Some(word) => U256::from_be_bytes(*word),
            None => padded(rest),
        };
        drop(input);
        // The input may be in the memory of the caller, of which ours is a part.
        (self.memory, self.memory_len) = whole(self.shared);
        word
    }
}

/// The frame's memory.
#[inline(always)]
fn whole(shared: &mut SharedMemory) -> (*mut u8, usize) {
    let mut memory = shared.context_memory_mut();
    (memory.as_mut_ptr(), memory.len())
}

/// Fewer bytes than a word, followed by zeros.
#[cold]
fn padded(bytes: &[u8]) -> U256 {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    U256::from_be_bytes(word)
}

/// A word as a position, if it can be one.
#[inline(always)]
fn small(word: &U256) -> Option<usize> {
    let [low, rest @ ..] = word.as_limbs();
    (rest.iter().fold(0, |all, limb| all | limb) == 0)
        .then(|| usize::try_from(*low).ok())
        .flatten()
}
