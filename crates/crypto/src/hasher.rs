//! The public functions: chunks of inputs are given to the lanes of a backend.

use std::borrow::Borrow;
use std::iter::empty;

use alloy_primitives::{B256, keccak256};

use crate::backend::Backend;
use crate::order::{CHUNK, FEW, Order};
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
        match out.len() {
            few if few < self.least() => one_by_one(input, out),
            ..=FEW => self.in_chunks::<FEW>(input, out),
            _ => self.in_chunks::<CHUNK>(input, out),
        }
    }

    /// From this number of inputs on, lanes are faster than one after the other.
    fn least(&self) -> usize {
        match self.kind {
            Kind::Scalar => usize::MAX,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => 3,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => 2,
        }
    }

    fn in_chunks<'a, const SIZE: usize>(
        &self,
        input: impl Fn(usize) -> &'a [u8],
        out: &mut [B256],
    ) {
        let mut order = Order::<SIZE>::new();
        for (chunk, out) in out.chunks_mut(SIZE).enumerate() {
            order.arrange(out.len(), |i| input(chunk * SIZE + i));
            self.ordered(&order, out);
        }
    }

    fn ordered<const SIZE: usize>(&self, order: &Order<'_, SIZE>, out: &mut [B256]) {
        match self.kind {
            Kind::Scalar => {
                order
                    .left::<1>()
                    .for_each(|job| out[job.place] = keccak256(job.input));
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(four) => in_four(four, order, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(lanes) if out.len() <= 4 => in_four(lanes, order, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(lanes) => in_eight(lanes, order, out),
        }
    }
}

fn one_by_one<'a>(input: impl Fn(usize) -> &'a [u8], out: &mut [B256]) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = keccak256(input(i));
    }
}

#[cfg(target_arch = "x86_64")]
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
#[cfg(target_arch = "x86_64")]
fn in_eight<const SIZE: usize>(lanes: Avx512, order: &Order<'_, SIZE>, out: &mut [B256]) {
    let mut eight = Lanes::<8>::new();
    eight.hash(lanes, order, out, 4);
    if !eight.is_idle() {
        finish(lanes, eight.narrow::<4>(), out);
    }
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
