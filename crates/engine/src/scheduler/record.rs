//! What the scheduler keeps of each transaction.

use super::Status;
use crate::{
    reads::Read,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
    },
    writes::{Access, Ref, Write},
};

/// What an incarnation read and wrote, published when it finishes.
#[derive(Debug)]
pub(crate) struct Log {
    reads: Ref<[Read]>,
    writes: Ref<[Write]>,
    /// Read for the access list; empty unless one is produced.
    accesses: Ref<[Access]>,
    /// Credits and fees were added to balances that were looked at.
    pub(crate) looks_at_credits: bool,
}

impl Log {
    /// See [`WorkerArenas::log`](crate::memory::WorkerArenas::log).
    ///
    /// # Safety
    /// The slices stay until the last use of the log.
    pub(crate) unsafe fn new(
        reads: &[Read],
        writes: &[Write],
        accesses: &[Access],
        looks_at_credits: bool,
    ) -> Self {
        // SAFETY: the caller has promised it.
        unsafe {
            Self {
                reads: Ref::new(reads),
                writes: Ref::new(writes),
                accesses: Ref::new(accesses),
                looks_at_credits,
            }
        }
    }

    pub(crate) fn reads(&self) -> &[Read] {
        &self.reads
    }

    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }

    pub(crate) fn accesses(&self) -> &[Access] {
        &self.accesses
    }
}

/// A set of locations with false positives, 512 bits.
#[derive(Debug, Default)]
pub(crate) struct Signature([AtomicU64; 8]);

impl Signature {
    /// Only the thread that runs the transaction may change its signature.
    #[inline]
    pub(crate) fn insert(&self, bit: usize) {
        let word = &self.0[bit / 64];
        word.store(
            word.load(Ordering::Relaxed) | 1 << (bit % 64),
            Ordering::Relaxed,
        );
    }

    pub(super) fn clear(&self) {
        for word in &self.0 {
            word.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn meets(&self, other: &[u64; 8]) -> bool {
        self.0
            .iter()
            .zip(other)
            .any(|(a, b)| a.load(Ordering::Relaxed) & b != 0)
    }
}

/// A number that one thread writes and others may read; torn reads are possible
/// and harmless where it is used (the reader checks again later).
#[derive(Debug)]
pub(super) struct Limbs<const N: usize>([AtomicU64; N]);

impl<const N: usize> Default for Limbs<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl<const N: usize> Limbs<N> {
    pub(super) fn store(&self, value: [u64; N]) {
        for (limb, value) in self.0.iter().zip(value) {
            limb.store(value, Ordering::Relaxed);
        }
    }

    pub(super) fn load(&self) -> [u64; N] {
        std::array::from_fn(|i| self.0[i].load(Ordering::Relaxed))
    }
}

/// The scheduler's view of one transaction: what changes while it runs. The
/// order of the fields keeps all but the signature in one cache line.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(crate) struct Transaction {
    pub(crate) status: Status,
    pub(super) log: AtomicPtr<Log>,
    fee: Limbs<2>,
    pub(super) has_waiters: AtomicBool,
    pub(crate) signature: Signature,
}

impl Transaction {
    pub(super) fn reset(&mut self) {
        self.status = Status::default();
        self.log = AtomicPtr::default();
        self.set_fee(0);
        self.has_waiters = AtomicBool::new(false);
    }

    pub(super) fn fee(&self) -> u128 {
        let [low, high] = self.fee.load();
        u128::from(high) << 64 | u128::from(low)
    }

    pub(super) fn set_fee(&self, fee: u128) {
        self.fee.store([fee as u64, (fee >> 64) as u64]);
    }
}

/// What is seldom looked at.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) fees_before: Limbs<4>,
    pub(super) waiters: Mutex<Vec<usize>>,
}

impl Aside {
    /// The sum of fees is written before it is read.
    pub(super) fn reset(&mut self) {
        self.waiters
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
