//! The public functions: chunks of inputs are given to the lanes of a backend.

use std::borrow::Borrow;
use std::iter::empty;

use alloy_primitives::{B256, keccak256};

use crate::backend::Backend;
use crate::order::{CHUNK, Order};
#[cfg(target_arch = "x86_64")]
use crate::{
    fixed::Fixed,
    lanes::Lanes,
    sponge::Permutation,
    x86::{Avx2, Avx512},
};

/// Keccak-256 of each input, into the place of the same index, with the fastest
/// instructions of this CPU.
///
/// Inputs may have any length, also different ones. Best are some hundreds at a time: a
/// lane without an input is work for nothing.
///
/// # Panics
///
/// If `out` is not as long as `inputs`.
pub fn keccak256_batch<T: AsRef<[u8]>>(inputs: &[T], out: &mut [B256]) {
    Hasher::new().batch(inputs, out);
}

/// Like [`keccak256_batch`], for inputs of one length that is known when compiling, at
/// most 135 bytes: addresses (20), hashes and slots (32), pairs of words (64).
///
/// # Panics
///
/// If `out` is not as long as `inputs`.
pub fn keccak256_fixed<const N: usize, T: Borrow<[u8; N]>>(inputs: &[T], out: &mut [B256]) {
    Hasher::new().fixed(inputs, out);
}

/// Hashes with instructions that were chosen once.
#[derive(Clone, Copy, Debug)]
pub struct Hasher {
    kind: Kind,
}

/// The backend, with the proof that the CPU has it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher {
    /// With the fastest instructions of this CPU.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Backend::best()).unwrap_or(Self { kind: Kind::Scalar })
    }

    /// With the given instructions, for tests and comparisons. `None` if this CPU does
    /// not have them.
    #[must_use]
    pub fn with(backend: Backend) -> Option<Self> {
        let kind = match backend {
            Backend::Scalar => Kind::Scalar,
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2 => Kind::Avx2(Avx2::detect()?),
            #[cfg(target_arch = "x86_64")]
            Backend::Avx512 => Kind::Avx512(Avx512::detect()?),
            #[cfg(not(target_arch = "x86_64"))]
            _ => return None,
        };
        Some(Self { kind })
    }

    /// The instructions that it uses.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.kind {
            Kind::Scalar => Backend::Scalar,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => Backend::Avx2,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => Backend::Avx512,
        }
    }

    /// See [`keccak256_batch`].
    ///
    /// # Panics
    ///
    /// If `out` is not as long as `inputs`.
    pub fn batch<T: AsRef<[u8]>>(&self, inputs: &[T], out: &mut [B256]) {
        assert_eq!(inputs.len(), out.len(), "a place for each digest");
        self.each(|i| inputs[i].as_ref(), out);
    }

    /// See [`keccak256_fixed`].
    ///
    /// # Panics
    ///
    /// If `out` is not as long as `inputs`.
    pub fn fixed<const N: usize, T: Borrow<[u8; N]>>(&self, inputs: &[T], out: &mut [B256]) {
        assert_eq!(inputs.len(), out.len(), "a place for each digest");
        match self.kind {
            Kind::Scalar => one_by_one(|i| inputs[i].borrow(), out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(four) => fixed_in(four, inputs, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(lanes) => {
                // The last few are not worth eight lanes.
                let rest = match inputs.len() % 8 {
                    few @ 1..=4 => few,
                    _ => 0,
                };
                let (inputs, last) = inputs.split_at(inputs.len() - rest);
                let (out, last_out) = out.split_at_mut(inputs.len());
                fixed_in::<8, N, T>(lanes, inputs, out);
                fixed_in::<4, N, T>(lanes, last, last_out);
            }
        }
    }

    /// Hashes `input(i)` into `out[i]`.
    pub(crate) fn each<'a>(&self, input: impl Fn(usize) -> &'a [u8], out: &mut [B256]) {
        if matches!(self.kind, Kind::Scalar) || out.len() == 1 {
            return one_by_one(input, out);
        }
        let mut order = Order::new();
        for (chunk, out) in out.chunks_mut(CHUNK).enumerate() {
            order.arrange(out.len(), |i| input(chunk * CHUNK + i));
            self.ordered(&order, out);
        }
    }

    fn ordered(&self, order: &Order<'_>, out: &mut [B256]) {
        match self.kind {
            Kind::Scalar => {
                order
                    .left::<1>()
                    .for_each(|job| out[job.place] = keccak256(job.input));
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(four) => finish(four, in_lanes::<4>(four, order, out, 1), out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(both) => {
                let eight = in_lanes::<8>(both, order, out, 4);
                finish(both, eight.narrow(), out);
            }
        }
    }
}

fn one_by_one<'a>(input: impl Fn(usize) -> &'a [u8], out: &mut [B256]) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = keccak256(input(i));
    }
}

/// Hashes all inputs but for at most `leave` that are left in the lanes.
#[cfg(target_arch = "x86_64")]
fn in_lanes<'a, const W: usize>(
    permutation: impl Permutation<W>,
    order: &Order<'a>,
    out: &mut [B256],
    leave: usize,
) -> Lanes<'a, W> {
    let mut lanes = Lanes::new();
    for (blocks, group) in order.whole() {
        lanes.hash_group(permutation, blocks, group, out);
    }
    lanes.run(permutation, order.left::<W>(), out, leave);
    lanes
}

/// Hashes what is left in four lanes. A single input is faster alone, if nothing of it
/// has been absorbed.
#[cfg(target_arch = "x86_64")]
fn finish(four: impl Permutation<4>, mut lanes: Lanes<'_, 4>, out: &mut [B256]) {
    lanes.run(four, empty(), out, 1);
    match lanes.unbegun() {
        Some(job) => out[job.place] = keccak256(job.input),
        None => lanes.run(four, empty(), out, 0),
    }
}

#[cfg(target_arch = "x86_64")]
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
