//! Both ways to execute a block, compared and timed: what every command that
//! reports on the engine shares.
//!
//! ```text
//! case ─> examine ─> examination
//!          ├ run both, check, compare     a wrong result has no time
//!          ├ time both, interleaved
//!          └ details: commits, conflicts, memory
//! case ─> observe ─> how parallel it can be
//! ```

pub(crate) mod case;
mod compare;
pub(crate) mod details;
pub(crate) mod examine;
mod executor;
pub(crate) mod measure;
pub(crate) mod observe;
pub(crate) mod statistics;
pub(crate) mod verdict;
