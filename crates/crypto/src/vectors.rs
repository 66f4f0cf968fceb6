//! Inputs are brought to the lanes of vectors.
//!
//! ```text
//! inputs ── order.rs ──► lanes.rs ──┐
//!          by number     any length ├──► sponge.rs (a permutation) ──► x86/
//!          of blocks                │
//! inputs ─────────────► fixed.rs ───┘
//!                       one length
//! ```

mod fixed;
mod lanes;
mod order;
mod sponge;
mod x86;

use std::borrow::Borrow;
use std::iter::empty;

use alloy_primitives::{B256, keccak256};

use crate::hasher::one_by_one;
use fixed::Fixed;
use lanes::Lanes;
use order::{CHUNK, FEW, Order};
use sponge::Permutation;
pub(crate) use x86::{Avx2, Avx512};

/// The vectors of a backend.
pub(crate) trait Vectors: Copy {
    /// From this number of inputs on, they are faster than one after the other.
    const LEAST: usize;

    /// Hashes inputs of any length.
    fn ordered<const ROOM: usize>(self, order: &Order<'_, ROOM>, out: &mut [B256]);

    /// Hashes inputs of one length.
    fn fixed<const N: usize, T: Borrow<[u8; N]>>(self, inputs: &[T], out: &mut [B256]);
}

impl Vectors for Avx2 {
    const LEAST: usize = 3;

    fn ordered<const ROOM: usize>(self, order: &Order<'_, ROOM>, out: &mut [B256]) {
        in_four(self, order, out);
    }

    fn fixed<const N: usize, T: Borrow<[u8; N]>>(self, inputs: &[T], out: &mut [B256]) {
        fixed_in::<4, N, T>(self, inputs, out);
    }
}

impl Vectors for Avx512 {
    const LEAST: usize = 2;

    fn ordered<const ROOM: usize>(self, order: &Order<'_, ROOM>, out: &mut [B256]) {
        match out.len() {
            ..=4 => in_four(self, order, out),
            _ => in_eight(self, order, out),
        }
    }

    fn fixed<const N: usize, T: Borrow<[u8; N]>>(self, inputs: &[T], out: &mut [B256]) {
        // The last few are not worth eight lanes.
        let last = match inputs.len() % 8 {
            few @ 1..=4 => few,
            _ => 0,
        };
        let (inputs, last) = inputs.split_at(inputs.len() - last);
        let (out, last_out) = out.split_at_mut(inputs.len());
        fixed_in::<8, N, T>(self, inputs, out);
        fixed_in::<4, N, T>(self, last, last_out);
    }
}

/// Hashes `input(i)` into `out[i]`.
pub(crate) fn each<'a, V: Vectors>(
    vectors: V,
    input: impl Fn(usize) -> &'a [u8],
    out: &mut [B256],
) {
    match out.len() {
        few if few < V::LEAST => one_by_one(input, out),
        ..=FEW => in_chunks::<FEW>(vectors, input, out),
        _ => in_chunks::<CHUNK>(vectors, input, out),
    }
}

fn in_chunks<'a, const SIZE: usize>(
    vectors: impl Vectors,
    input: impl Fn(usize) -> &'a [u8],
    out: &mut [B256],
) {
    let mut order = Order::<SIZE>::new();
    for (chunk, out) in out.chunks_mut(SIZE).enumerate() {
        order.arrange(out.len(), |i| input(chunk * SIZE + i));
        vectors.ordered(&order, out);
    }
}

fn in_four<const SIZE: usize>(
    four: impl Permutation<4>,
    order: &Order<'_, SIZE>,
    out: &mut [B256],
) {
    let mut lanes = Lanes::new();
    lanes.hash(four, order, out, 1);
    finish(four, lanes, out);
}

/// The last inputs are moved to four lanes, which take two thirds of the time.
fn in_eight<const SIZE: usize>(lanes: Avx512, order: &Order<'_, SIZE>, out: &mut [B256]) {
    let mut eight = Lanes::<8>::new();
    eight.hash(lanes, order, out, 4);
    if !eight.is_idle() {
        finish(lanes, eight.narrow::<4>(), out);
    }
}

/// Hashes what is left in four lanes. A single input is faster alone, if nothing of it
/// has been absorbed.
fn finish(four: impl Permutation<4>, mut lanes: Lanes<'_, 4>, out: &mut [B256]) {
    lanes.run(four, empty(), out, 1);
    match lanes.unbegun() {
        Some(job) => out[job.place] = keccak256(job.input),
        None => lanes.run(four, empty(), out, 0),
    }
}

fn fixed_in<const W: usize, const N: usize, T: Borrow<[u8; N]>>(
    permutation: impl Permutation<W>,
    inputs: &[T],
    out: &mut [B256],
) {
    let mut fixed = Fixed::<W, N>::new();
    for (inputs, out) in inputs.chunks(W).zip(out.chunks_mut(W)) {
        match inputs {
            [one] => out[0] = keccak256(one.borrow()),
            _ => fixed.hash(permutation, inputs, out),
        }
    }
}
