//! Inputs of one constant length below a block: addresses, slots, pairs of words.
//!
//! The padding of a lane is written once; then each group costs a copy of constant size
//! and one permutation.

use std::borrow::Borrow;

use alloy_primitives::B256;

use super::sponge::{Block, Permutation, RATE, State, pad};

/// `W` sponges for inputs of `N` bytes.
pub(crate) struct Fixed<const W: usize, const N: usize> {
    blocks: [Block; W],
    state: State<W>,
}

impl<const W: usize, const N: usize> Fixed<W, N> {
    pub(crate) fn new() -> Self {
        const { assert!(N < RATE, "the input and its padding have to fit one block") };
        let mut block = [0; RATE];
        pad(&[0; N], &mut block);
        Self {
            blocks: [block; W],
            state: State::new(),
        }
    }

    /// Hashes as many inputs as there are lanes, or fewer.
    pub(crate) fn hash<T: Borrow<[u8; N]>>(
        &mut self,
        permutation: impl Permutation<W>,
        inputs: &[T],
        out: &mut [B256],
    ) {
        for (block, input) in self.blocks.iter_mut().zip(inputs) {
            block[..N].copy_from_slice(input.borrow());
        }
        permutation.absorb(&mut self.state, &[0; W], &self.blocks.each_ref());
        for (lane, out) in out.iter_mut().enumerate() {
            *out = self.state.digest(lane);
        }
    }
}
