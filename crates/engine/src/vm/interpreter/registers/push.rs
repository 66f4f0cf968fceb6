//! Pushes, and what is done at once with what they push.

use super::{super::words, JUMP, JUMP_IF, Registers, VERY_LOW, WORD};
use alloy_primitives::U256;
use revm::{bytecode::opcode, primitives::hardfork::SpecId};

impl<'i> Registers<'i> {
    /// Bytes of code from `ip` on.
    #[inline(always)]
    fn rest(&self) -> &'i [u8] {
        &self.code[self.pc()..]
    }

    /// PUSH1 or PUSH2 of `value`. A jump that follows is done at once.
    #[inline(always)]
    pub(in crate::vm::interpreter) fn push_short<const LEN: usize>(&mut self) -> bool {
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
                self.with_immediate(LEN, |top| words::shl(value.min(256), top))
            }
            opcode::SHR if self.spec >= SpecId::PETERSBURG => {
                self.with_immediate(LEN, |top| words::shr(value.min(256), top))
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
    pub(in crate::vm::interpreter) fn push_long(&mut self, len: usize) -> bool {
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
            words::shr(256 - 8 * len, U256::from_be_bytes(*bytes))
        };
        self.push_immediate(len, word)
    }
}
