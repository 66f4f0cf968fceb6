//! Frames: a block in the journal.

use crate::{
    bytes::{is_sealed, seal, u32_at, u64_at},
    error::{Damage, LogError},
    parts::{Kind, Parts},
};
use std::ops::Range;

pub(crate) const MAGIC: [u8; 4] = *b"PXFR";
/// Magic, number, synced, before, five lengths.
pub(crate) const HEADER: usize = 4 + 8 + 8 + 8 + 5 * 4;
const CHECKSUM: usize = 8;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) number: u64,
    /// The first block that was not known to be on disk when this was written.
    pub(crate) synced: u64,
    /// The checksum of the frame before.
    pub(crate) before: u64,
    lens: [u32; 5],
}

impl Head {
    /// Reads what the first [`HEADER`] bytes say; they may say anything.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        if bytes.len() < HEADER {
            return Err(Damage::Short);
        }
        if bytes[..4] != MAGIC {
            return Err(Damage::Magic);
        }
        let long = |at| u64_at(bytes, at).ok_or(Damage::Short);
        let mut lens = [0; 5];
        for (i, len) in lens.iter_mut().enumerate() {
            *len = u32_at(bytes, 28 + 4 * i).ok_or(Damage::Short)?;
        }
        Ok(Self {
            number: long(4)?,
            synced: long(12)?,
            before: long(20)?,
            lens,
        })
    }

    /// Of the whole frame.
    pub(crate) fn len(&self) -> u64 {
        let parts: u64 = self.lens.iter().map(|len| u64::from(*len)).sum();
        (HEADER + CHECKSUM) as u64 + parts
    }

    /// Where in the frame a part lies.
    pub(crate) fn part(&self, kind: Kind) -> Range<usize> {
        let before = self.lens[..kind as usize].iter();
        let start = HEADER + before.map(|len| *len as usize).sum::<usize>();
        start..start + self.lens[kind as usize] as usize
    }
}

/// Checks a whole frame of a journal with this salt.
pub(crate) fn check(bytes: &[u8], salt: u64) -> Result<(Head, u64), Damage> {
    let head = Head::parse(bytes)?;
    if head.len() != bytes.len() as u64 {
        return Err(Damage::Short);
    }
    if !is_sealed(bytes, salt) {
        return Err(Damage::Checksum);
    }
    let checksum = u64_at(bytes, bytes.len() - CHECKSUM).ok_or(Damage::Short)?;
    Ok((head, checksum))
}

/// Appends the frame of a block; its checksum.
pub(crate) fn append(
    out: &mut Vec<u8>,
    number: u64,
    synced: u64,
    before: u64,
    salt: u64,
    parts: &Parts<'_>,
) -> Result<u64, LogError> {
    let mut lens = [0u32; 5];
    for (len, part) in lens.iter_mut().zip(parts.all()) {
        *len = u32::try_from(part.len()).map_err(|_| LogError::TooLarge {
            number,
            len: part.len(),
        })?;
    }
    let start = out.len();
    let all = parts.all().iter().map(|part| part.len()).sum::<usize>();
    out.reserve(HEADER + CHECKSUM + all);
    out.extend_from_slice(&MAGIC);
    for field in [number, synced, before] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    for len in lens {
        out.extend_from_slice(&len.to_le_bytes());
    }
    for part in parts.all() {
        out.extend_from_slice(part);
    }
    Ok(seal(out, start, salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_hold_what_was_put_in() {
        let parts = Parts {
            header: b"h",
            body: b"body",
            write_set: b"written",
            ..Parts::EMPTY
        };
        let mut bytes = Vec::new();
        let checksum = append(&mut bytes, 7, 5, 99, 3, &parts).unwrap();
        let (head, found) = check(&bytes, 3).unwrap();
        assert_eq!((head.number, head.synced, head.before), (7, 5, 99));
        assert_eq!(found, checksum);
        for (kind, part) in Kind::ALL.into_iter().zip(parts.all()) {
            assert_eq!(&bytes[head.part(kind)], part);
        }
    }

    #[test]
    fn every_changed_bit_is_seen() {
        let mut bytes = Vec::new();
        let parts = Parts {
            receipts: b"some",
            ..Parts::EMPTY
        };
        append(&mut bytes, 1, 1, 0, 3, &parts).unwrap();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&bytes, 3).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(check(&bytes, 3).is_ok() && check(&bytes, 4).is_err());
        for len in 0..bytes.len() {
            assert!(check(&bytes[..len], 3).is_err());
        }
    }
}
