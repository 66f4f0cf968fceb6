//! Archives: one kind of many blocks, compressed in chunks.
//!
//! ```text
//! head    "PXARC001"  first u64  count u64  kind u64
//! chunk   raw length u32  length u32  checksum u64  zstd          ... as many as it takes
//! entry   chunk u64  start u32  length u32  checksum u64          one for each block
//! tail    place of the entries u64  checksum of head and tail u64
//! ```
//!
//! Checksums are seeded with where the thing lies, so that nothing can be taken for
//! something else.

use crate::{
    bytes::{checksum, is_sealed, number, seal, u32_at, u64_at},
    error::{Damage, LogError},
    files::{self, Files, LogFile},
    parts::Kind,
};

const MAGIC: [u8; 8] = *b"PXARC001";
const HEAD: usize = 32;
const CHUNK: usize = 16;
const ENTRY: usize = 24;
const TAIL: usize = 16;

/// One kind of the blocks from `first` to `last`.
#[derive(Debug)]
pub(crate) struct Archive<F> {
    pub(crate) name: String,
    kind: Kind,
    first: u64,
    count: u64,
    entries: u64,
    size: u64,
    file: F,
}

pub(crate) fn name(kind: Kind, first: u64, last: u64) -> String {
    format!("{first:020}-{last:020}.{kind}.zst")
}

/// First block, last block and kind of the archive that has this name, if it is one.
pub(crate) fn parse(name: &str) -> Option<(u64, u64, Kind)> {
    let (blocks, kind) = name.strip_suffix(".zst")?.split_once('.')?;
    let (first, last) = blocks.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last, Kind::named(kind)?))
}

impl<F: LogFile> Archive<F> {
    pub(crate) fn open(
        files: &impl Files<File = F>,
        kind: Kind,
        first: u64,
        last: u64,
    ) -> Result<Self, LogError> {
        let name = name(kind, first, last);
        let file = files.open(&name).map_err(LogError::io("opening", &name))?;
        let size = file.size().map_err(LogError::io("opening", &name))?;
        let mut archive = Self {
            name,
            kind,
            first,
            count: last - first + 1,
            entries: 0,
            size,
            file,
        };
        archive.entries = archive.ends()?;
        Ok(archive)
    }

    /// Looks at head and tail; where the entries begin.
    fn ends(&self) -> Result<u64, LogError> {
        let damaged = |damage| self.damaged(0, self.first, damage);
        if self.size < (HEAD + TAIL) as u64 {
            return Err(damaged(Damage::Short));
        }
        let mut ends = self.read(0, HEAD)?;
        ends.extend(self.read(self.size - TAIL as u64, TAIL)?);
        if ends[..8] != MAGIC {
            return Err(damaged(Damage::Magic));
        }
        if !is_sealed(&ends, self.size) {
            return Err(damaged(Damage::Checksum));
        }
        let fields = [8, 16, 24, 32].map(|at| u64_at(&ends, at).unwrap_or(u64::MAX));
        let [first, count, kind, entries] = fields;
        let rest = count.checked_mul(ENTRY as u64);
        let rest = rest.and_then(|rest| rest.checked_add(TAIL as u64));
        let end = rest.and_then(|rest| rest.checked_add(entries));
        if (first, count, kind) != (self.first, self.count, self.kind as u64)
            || end != Some(self.size)
        {
            return Err(damaged(Damage::Order));
        }
        Ok(entries)
    }

    /// What it has of a block that is in it.
    pub(crate) fn part(&self, number: u64) -> Result<Vec<u8>, LogError> {
        let place = self.entry(number)?;
        let mut raw = self.chunk(place.chunk, number)?;
        let end = place.start.saturating_add(place.len);
        if end > raw.len() {
            return Err(self.damaged(place.chunk, number, Damage::Short));
        }
        raw.truncate(end);
        raw.drain(..place.start);
        Ok(raw)
    }

    /// Checks everything in it.
    pub(crate) fn verify(&self) -> Result<(), LogError> {
        self.ends()?;
        let mut seen: Option<(u64, usize)> = None;
        for number in self.first..self.first + self.count {
            let place = self.entry(number)?;
            let len = match seen {
                Some((chunk, len)) if chunk == place.chunk => len,
                _ => self.chunk(place.chunk, number)?.len(),
            };
            if place.start.saturating_add(place.len) > len {
                return Err(self.damaged(place.chunk, number, Damage::Short));
            }
            seen = Some((place.chunk, len));
        }
        Ok(())
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    fn entry(&self, number: u64) -> Result<Place, LogError> {
        let at = self.entries + (number - self.first) * ENTRY as u64;
        let bytes = self.read(at, ENTRY)?;
        if !is_sealed(&bytes, number) {
            return Err(self.damaged(at, number, Damage::Checksum));
        }
        let short = |at| u32_at(&bytes, at).unwrap_or(0) as usize;
        Ok(Place {
            chunk: u64_at(&bytes, 0).unwrap_or(0),
            start: short(8),
            len: short(12),
        })
    }

    fn chunk(&self, at: u64, block: u64) -> Result<Vec<u8>, LogError> {
        let damaged = |damage| self.damaged(at, block, damage);
        if at.saturating_add(CHUNK as u64) > self.entries {
            return Err(damaged(Damage::Short));
        }
        let head = self.read(at, CHUNK)?;
        let (raw, len) = (u32_at(&head, 0), u32_at(&head, 4));
        let (raw, len) = (raw.unwrap_or(0) as usize, len.unwrap_or(0) as usize);
        if at + (CHUNK + len) as u64 > self.entries {
            return Err(damaged(Damage::Short));
        }
        let mut bytes = head[..8].to_vec();
        bytes.extend(self.read(at + CHUNK as u64, len)?);
        if u64_at(&head, 8) != Some(checksum(&bytes, at)) {
            return Err(damaged(Damage::Checksum));
        }
        let raw_bytes = zstd::bulk::decompress(&bytes[8..], raw);
        let raw_bytes = raw_bytes.map_err(|_| damaged(Damage::Compression))?;
        match raw_bytes.len() == raw {
            true => Ok(raw_bytes),
            false => Err(damaged(Damage::Short)),
        }
    }

    fn damaged(&self, at: u64, block: u64, damage: Damage) -> LogError {
        LogError::damaged(&self.name, at, block, damage)
    }

    fn read(&self, at: u64, len: usize) -> Result<Vec<u8>, LogError> {
        files::read(&self.file, &self.name, at, len)
    }
}

/// Where the part of a block is.
#[derive(Clone, Copy, Debug)]
struct Place {
    chunk: u64,
    start: usize,
    len: usize,
}

/// An archive that is being written, under another name.
#[derive(Debug)]
pub(crate) struct Writer<F> {
    pub(crate) temporary: String,
    pub(crate) name: String,
    kind: Kind,
    first: u64,
    file: F,
    at: u64,
    raw: Vec<u8>,
    places: Vec<Place>,
    chunk_bytes: usize,
    level: i32,
}

/// Files that are not finished.
pub(crate) const TEMPORARY: &str = ".new";

impl<F: LogFile> Writer<F> {
    pub(crate) fn create(
        files: &impl Files<File = F>,
        kind: Kind,
        (first, last): (u64, u64),
        chunk_bytes: usize,
        level: i32,
    ) -> Result<Self, LogError> {
        let name = name(kind, first, last);
        let temporary = format!("{name}{TEMPORARY}");
        let file = files.create(&temporary);
        Ok(Self {
            file: file.map_err(LogError::io("making", &temporary))?,
            temporary,
            name,
            kind,
            first,
            at: HEAD as u64,
            raw: Vec::new(),
            places: Vec::new(),
            chunk_bytes,
            level,
        })
    }

    /// Adds what there is of the next block.
    pub(crate) fn add(&mut self, part: &[u8]) -> Result<(), LogError> {
        if !self.raw.is_empty() && self.raw.len() + part.len() > self.chunk_bytes {
            self.flush()?;
        }
        self.places.push(Place {
            chunk: self.at,
            start: self.raw.len(),
            len: part.len(),
        });
        self.raw.extend_from_slice(part);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let compressed = zstd::bulk::compress(&self.raw, self.level)
            .map_err(LogError::io("compressing", &self.temporary))?;
        let mut lens = (self.raw.len() as u32).to_le_bytes().to_vec();
        lens.extend_from_slice(&(compressed.len() as u32).to_le_bytes());
        let mut chunk = lens.clone();
        lens.extend_from_slice(&compressed);
        chunk.extend_from_slice(&checksum(&lens, self.at).to_le_bytes());
        chunk.extend_from_slice(&compressed);
        self.write(&chunk)?;
        self.raw.clear();
        Ok(())
    }

    /// Writes the rest, durably.
    pub(crate) fn finish(&mut self) -> Result<(), LogError> {
        self.flush()?;
        let entries = self.at;
        let mut bytes = Vec::with_capacity(self.places.len() * ENTRY + TAIL);
        for (number, place) in (self.first..).zip(&self.places) {
            let start = bytes.len();
            bytes.extend_from_slice(&place.chunk.to_le_bytes());
            bytes.extend_from_slice(&(place.start as u32).to_le_bytes());
            bytes.extend_from_slice(&(place.len as u32).to_le_bytes());
            seal(&mut bytes, start, number);
        }
        let mut ends = MAGIC.to_vec();
        for field in [self.first, self.places.len() as u64, self.kind as u64] {
            ends.extend_from_slice(&field.to_le_bytes());
        }
        self.file
            .write_at(&ends, 0)
            .map_err(LogError::io("writing", &self.temporary))?;
        ends.extend_from_slice(&entries.to_le_bytes());
        let size = entries + (bytes.len() + TAIL) as u64;
        seal(&mut ends, 0, size);
        bytes.extend_from_slice(&ends[HEAD..]);
        self.write(&bytes)?;
        self.file
            .sync()
            .map_err(LogError::io("syncing", &self.temporary))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        self.file
            .write_at(bytes, self.at)
            .map_err(LogError::io("writing", &self.temporary))?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}
