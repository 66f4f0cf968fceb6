//! Memory, and the input.

use super::{Registers, VERY_LOW, WORD, small};
use alloy_primitives::U256;
use revm::interpreter::SharedMemory;

impl Registers<'_> {
    /// The place of `len` bytes at `offset`, if the memory has them.
    #[inline(always)]
    fn place(&self, offset: &U256, len: usize) -> Option<*mut u8> {
        let offset = small(offset)?;
        let is_there = offset <= self.memory_len && self.memory_len - offset >= len;
        // SAFETY: checked.
        is_there.then(|| unsafe { self.memory.add(offset) })
    }

    #[inline(always)]
    pub(in crate::vm::interpreter) fn mload(&mut self) -> bool {
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
    pub(in crate::vm::interpreter) fn mstore(&mut self) -> bool {
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
    pub(in crate::vm::interpreter) fn mstore8(&mut self) -> bool {
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
    pub(in crate::vm::interpreter) fn calldataload(&mut self) -> bool {
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
pub(super) fn whole(shared: &mut SharedMemory) -> (*mut u8, usize) {
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
