//! The state of one transaction, packed into one word.
//!
//! ```text
//!            begin            finish              confirm           commit
//!   READY ──────────▶ RUNNING ─────▶ EXECUTED ───────────▶ DONE ──────────▶ COMMITTED
//!     ▲  ▲             ▲ │              │                    │
//!     │  └── wake ─────┼─┴─ STALLED     │ invalidate         │
//!     │                └──── rerun ── DOOMED                 │
//!     └────────────────────── invalidate (next incarnation) ─┘
//! ```
//!
//! - EXECUTED: its writes are visible; its worker is still telling readers of
//!   stale values, and checks its own reads.
//! - DOOMED: the same, but its reads are known to be stale. Its worker will run
//!   it again. Nobody else may, because what it has not told yet would be told by
//!   nobody: the next incarnation only tells of what it changes itself.
//! - DONE: both are finished, for this incarnation and all before it. A
//!   transaction below which everything is committed and that is DONE can no
//!   longer be invalidated: only lower ones could, and they were done telling
//!   before they committed.
//! - RUNNING carries a flag that asks the worker to check its reads soon.

use crate::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Ready,
    Running,
    Executed,
    Done,
    Committed,
    Stalled,
    Doomed,
}

/// What came of an invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalidated {
    /// Nothing: somebody else was faster.
    No,
    /// Its worker will run it again.
    Doomed,
    /// It is READY, and the caller has to say so.
    Ready,
}

const SUSPECT: u64 = 1 << 8;

fn pack(state: State, incarnation: u32) -> u64 {
    u64::from(incarnation) << 32 | state as u64
}

/// A transaction's state and incarnation.
#[derive(Debug, Default)]
pub(crate) struct Status(AtomicU64);

impl Status {
    #[inline]
    pub(crate) fn load(&self) -> (State, u32) {
        let packed = self.0.load(Ordering::SeqCst);
        let state = match packed as u8 {
            0 => State::Ready,
            1 => State::Running,
            2 => State::Executed,
            3 => State::Done,
            4 => State::Committed,
            5 => State::Stalled,
            _ => State::Doomed,
        };
        (state, (packed >> 32) as u32)
    }

    #[inline]
    fn swap_if(&self, from: (State, u32), to: (State, u32)) -> bool {
        let (from, to) = (pack(from.0, from.1), pack(to.0, to.1));
        self.0
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// READY to RUNNING; the incarnation that runs.
    pub(crate) fn begin(&self) -> Option<u32> {
        let (state, incarnation) = self.load();
        (state == State::Ready
            && self.swap_if((State::Ready, incarnation), (State::Running, incarnation)))
        .then_some(incarnation)
    }

    /// RUNNING to RUNNING as the next incarnation.
    pub(crate) fn restart(&self, incarnation: u32) -> u32 {
        debug_assert_eq!(self.load(), (State::Running, incarnation));
        self.0
            .store(pack(State::Running, incarnation + 1), Ordering::SeqCst);
        incarnation + 1
    }

    /// RUNNING to EXECUTED.
    pub(crate) fn finish(&self, incarnation: u32) {
        debug_assert_eq!(self.load(), (State::Running, incarnation));
        self.0
            .swap(pack(State::Executed, incarnation), Ordering::SeqCst);
    }

    /// EXECUTED to DONE, unless it was invalidated meanwhile.
    pub(crate) fn confirm(&self, incarnation: u32) -> bool {
        self.swap_if((State::Executed, incarnation), (State::Done, incarnation))
    }

    /// EXECUTED or DOOMED to RUNNING as the next incarnation, by its own worker
    /// when it has told readers of its changes.
    pub(crate) fn rerun(&self, incarnation: u32) -> u32 {
        debug_assert!(matches!(self.load().0, State::Executed | State::Doomed));
        self.0
            .store(pack(State::Running, incarnation + 1), Ordering::SeqCst);
        incarnation + 1
    }

    /// EXECUTED to DOOMED, or DONE to READY as the next incarnation.
    pub(crate) fn invalidate(&self, incarnation: u32) -> Invalidated {
        let next = (State::Ready, incarnation + 1);
        if self.swap_if((State::Executed, incarnation), (State::Doomed, incarnation)) {
            Invalidated::Doomed
        } else if self.swap_if((State::Done, incarnation), next) {
            Invalidated::Ready
        } else {
            Invalidated::No
        }
    }

    /// RUNNING to STALLED.
    pub(crate) fn stall(&self, incarnation: u32) {
        debug_assert_eq!(self.load(), (State::Running, incarnation));
        self.0
            .store(pack(State::Stalled, incarnation), Ordering::SeqCst);
    }

    /// STALLED to READY.
    pub(crate) fn wake(&self) -> bool {
        let (state, incarnation) = self.load();
        state == State::Stalled
            && self.swap_if((State::Stalled, incarnation), (State::Ready, incarnation))
    }

    /// DONE to COMMITTED.
    pub(crate) fn commit(&self) -> bool {
        let (state, incarnation) = self.load();
        state == State::Done
            && self.swap_if((State::Done, incarnation), (State::Committed, incarnation))
    }

    /// READY to COMMITTED, while no worker may begin it.
    pub(crate) fn commit_unscheduled(&self) {
        debug_assert_eq!(self.load(), (State::Ready, 0));
        self.0.store(pack(State::Committed, 0), Ordering::Release);
    }

    /// Asks a running transaction to check its reads. A hint: it may be lost.
    pub(crate) fn suspect(&self, incarnation: u32) {
        let running = pack(State::Running, incarnation);
        let _ = self.0.compare_exchange(
            running,
            running | SUSPECT,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    #[inline]
    pub(crate) fn is_suspect(&self) -> bool {
        self.0.load(Ordering::Relaxed) & SUSPECT != 0
    }

    pub(crate) fn clear_suspicion(&self) {
        self.0.fetch_and(!SUSPECT, Ordering::SeqCst);
    }
}
