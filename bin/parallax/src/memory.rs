//! The allocator: one for the baseline and for the parallel engine alike.

use libmimalloc_sys::{mi_option_set, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc's C interface.
const PURGE_DELAY: mi_option_t = 15;

/// Gives freed memory back to the system after ten seconds instead of after ten
/// milliseconds, which is less than a block takes: the results of each block
/// would be written to fresh pages. To be called before any thread is started.
pub(crate) fn keep_freed_pages() {
    // SAFETY: stores a number; no other thread runs yet.
    unsafe { mi_option_set(PURGE_DELAY, 10_000) };
}
