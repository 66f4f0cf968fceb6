//! Keccak-f\[1600\] in the vectors of x86-64, and who may use it.
//!
//! [`Avx2`] and [`Avx512`] are proofs: they exist only if the CPU has the instructions.

#![allow(unsafe_code)]

mod avx2;
mod avx512;
mod permutation;

use super::sponge::{Block, Permutation, State};

/// Four lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

/// Eight lanes or four, with ternary logic and rotation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        let available = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        available.then_some(Self(()))
    }
}

impl Permutation<4> for Avx2 {
    fn absorb(self, state: &mut State<4>, kept: &[u64; 4], blocks: &[&Block; 4]) {
        // SAFETY: `detect` has seen AVX2, or there would be no `self`.
        unsafe { avx2::absorb(state, kept, blocks) }
    }
}

impl Permutation<8> for Avx512 {
    fn absorb(self, state: &mut State<8>, kept: &[u64; 8], blocks: &[&Block; 8]) {
        // SAFETY: `detect` has seen AVX-512 F, or there would be no `self`.
        unsafe { avx512::eight::absorb(state, kept, blocks) }
    }

    fn pad(self, rests: &[&[u8]; 8], blocks: &mut [Block; 8]) {
        // SAFETY: `detect` has seen AVX-512 F, VL and BW, or there would be no `self`.
        unsafe { avx512::pad(rests, blocks) }
    }
}

impl Permutation<4> for Avx512 {
    fn absorb(self, state: &mut State<4>, kept: &[u64; 4], blocks: &[&Block; 4]) {
        // SAFETY: `detect` has seen AVX-512 F and VL, or there would be no `self`.
        unsafe { avx512::four::absorb(state, kept, blocks) }
    }

    fn pad(self, rests: &[&[u8]; 4], blocks: &mut [Block; 4]) {
        // SAFETY: `detect` has seen AVX-512 F, VL and BW, or there would be no `self`.
        unsafe { avx512::pad(rests, blocks) }
    }
}
