//! The public functions, and which backend does their work.

use std::borrow::Borrow;

use alloy_primitives::{B256, keccak256};

use crate::backend::Backend;
#[cfg(target_arch = "x86_64")]
use crate::vectors::{self, Avx2, Avx512, Vectors};

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
            Kind::Avx2(vectors) => vectors.fixed(inputs, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(vectors) => vectors.fixed(inputs, out),
        }
    }

    /// Hashes `input(i)` into `out[i]`.
    pub(crate) fn each<'a>(&self, input: impl Fn(usize) -> &'a [u8], out: &mut [B256]) {
        match self.kind {
            Kind::Scalar => one_by_one(input, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(vectors) => vectors::each(vectors, input, out),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(vectors) => vectors::each(vectors, input, out),
        }
    }
}

pub(crate) fn one_by_one<'a>(input: impl Fn(usize) -> &'a [u8], out: &mut [B256]) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = keccak256(input(i));
    }
}
