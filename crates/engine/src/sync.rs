//! The primitives under the lock-free protocols: std's, or a model checker's.
//!
//! | built with | primitives | what runs on them |
//! |---|---|---|
//! | nothing special | std | the engine |
//! | `RUSTFLAGS="--cfg loom"` | loom | `loom_tests`: every execution that the memory model allows, of one small protocol |
//! | `RUSTFLAGS="--cfg shuttle"` | shuttle | `shuttle_tests`: many random interleavings of whole schedules |
//!
//! Only what takes part in those protocols uses this module: versions, the
//! interner and the scheduler. Loom forgets reads of memory that is not its own,
//! and counts a sequentially consistent access as acquire and release, so what
//! needs more than that has a fence.

#[cfg(loom)]
pub(crate) use loom::sync::{Condvar, Mutex, atomic};
#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Condvar, Mutex, atomic};
pub(crate) use std::sync::PoisonError;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::{Condvar, Mutex, atomic};

/// How often a worker looks for work before it sleeps. Under a model checker
/// each look multiplies the executions and shows nothing new.
pub(crate) const LOOKS: usize = if cfg!(any(loom, shuttle)) { 0 } else { 64 };

#[cfg(all(test, loom))]
pub(crate) use loom::thread;
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::thread;
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) use std::thread;
