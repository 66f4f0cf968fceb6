//! Which instructions are used.

/// The instructions with which a batch is hashed. All give the same digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// One input after the other, with `alloy_primitives::keccak256`. Any CPU.
    Scalar,
    /// Four lanes of 64 bits in AVX2.
    Avx2,
    /// Eight lanes in AVX-512 (F, VL and BW); four where at most four inputs are left.
    Avx512,
}

impl Backend {
    /// From the slowest to the fastest.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

    /// Whether this CPU has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => crate::vectors::Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => crate::vectors::Avx512::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The fastest that this CPU has.
    #[must_use]
    pub fn best() -> Self {
        let available = Self::ALL
            .into_iter()
            .rfind(|backend| backend.is_available());
        available.unwrap_or(Self::Scalar)
    }
}
