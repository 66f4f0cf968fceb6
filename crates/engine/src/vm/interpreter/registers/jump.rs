//! Jumps.

use super::{JUMP, JUMP_DESTINATION, JUMP_IF, Registers, small};

impl Registers<'_> {
    #[inline(always)]
    pub(in crate::vm::interpreter) fn jump(&mut self) -> bool {
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
    pub(in crate::vm::interpreter) fn jump_if_top(&mut self) -> bool {
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
    pub(super) fn jump_if(&mut self, cost: u64, depth: usize, len: usize, target: usize) -> bool {
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
    pub(super) fn jump_to(&mut self, cost: u64, target: usize) -> bool {
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
}
