//! Little-endian integers in byte slices, and checksums.

/// The `u64` at `at`, if there are so many bytes.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

/// The `u32` at `at`, if there are so many bytes.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

/// A number in the name of a file: twenty digits, and small enough to count on from.
pub(crate) fn number(digits: &str) -> Option<u64> {
    let number = digits.parse().ok().filter(|_| digits.len() == 20);
    number.filter(|number| *number < u64::MAX / 2)
}

pub(crate) fn checksum(bytes: &[u8], seed: u64) -> u64 {
    twox_hash::XxHash3_64::oneshot_with_seed(seed, bytes)
}

/// Whether the last eight bytes are the checksum of those before.
pub(crate) fn is_sealed(bytes: &[u8], seed: u64) -> bool {
    let Some(len) = bytes.len().checked_sub(8) else {
        return false;
    };
    u64_at(bytes, len) == Some(checksum(&bytes[..len], seed))
}

/// Appends the checksum of what is there from `start` on; the checksum.
pub(crate) fn seal(bytes: &mut Vec<u8>, start: usize, seed: u64) -> u64 {
    let checksum = checksum(&bytes[start..], seed);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    checksum
}
