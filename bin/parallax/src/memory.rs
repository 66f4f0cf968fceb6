//! The allocator, one for the baseline and for the parallel engine alike, and what
//! the system says about memory.

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};
use std::{fs, io};

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

/// Gives all freed memory back to the system now, so that what is allocated next
/// shows in [`resident_bytes`].
pub(crate) fn give_back_freed_pages() {
    // SAFETY: may be called at any time, by any thread.
    unsafe { mi_collect(true) };
}

/// Makes [`peak_resident_bytes`] begin anew.
///
/// # Errors
/// Where the system has no such thing, or does not allow it.
pub(crate) fn forget_peak() -> io::Result<()> {
    // "Reset the peak resident set size to the current one": proc_pid_clear_refs(5).
    fs::write("/proc/self/clear_refs", "5")
}

/// Memory of this process that is in RAM, if the system tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    status("VmRSS:")
}

/// The most that it has been since [`forget_peak`].
pub(crate) fn peak_resident_bytes() -> Option<u64> {
    status("VmHWM:")
}

fn status(key: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = value.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
