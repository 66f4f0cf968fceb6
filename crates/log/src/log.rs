//! The log: archives, then journals, the last of which grows.

mod compact;
mod open;

use crate::{
    archive::Archive,
    error::LogError,
    files::{Disk, Files},
    journal::Journal,
    parts::{Kind, Parts},
};

/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// A journal that has so many bytes is followed by another one. 64 MiB.
    pub segment_bytes: u64,
    /// What is compressed together. 128 KiB.
    pub chunk_bytes: usize,
    /// Level of zstd. 3.
    pub level: i32,
    /// Where a log begins: there is nothing of the blocks below. 0.
    pub first: u64,
    /// All blocks below were durable once, as somebody else knows: a shorter log is an
    /// error. 0.
    pub at_least: u64,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            chunk_bytes: 128 << 10,
            level: 3,
            first: 0,
            at_least: 0,
        }
    }
}

/// A log of blocks, from 0 on, by one writer. See the crate's documentation.
#[derive(Debug)]
pub struct Log<F: Files = Disk> {
    files: F,
    config: LogConfig,
    archives: Vec<Archived<F::File>>,
    /// At least one, in the order of their blocks.
    journals: Vec<Journal<F::File>>,
    /// All blocks below are durable.
    synced: u64,
    /// Names have changed that are not durable.
    has_new_names: bool,
    is_stopped: bool,
    buffer: Vec<u8>,
}

/// The archives of some blocks, by kind; those that are not there were pruned.
#[derive(Debug)]
struct Archived<F> {
    first: u64,
    last: u64,
    kinds: [Option<Archive<F>>; 5],
}

/// What [`Log::verify`] has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Blocks of which something is there.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
}

impl<F: Files> Log<F> {
    /// The number of the next block.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.current().next()
    }

    /// All blocks below are durable.
    #[must_use]
    pub const fn synced(&self) -> u64 {
        self.synced
    }

    /// Bytes on disk.
    #[must_use]
    pub fn size(&self) -> u64 {
        let archives = self.archives.iter().flat_map(|archived| &archived.kinds);
        let archives: u64 = archives.flatten().map(Archive::size).sum();
        archives + self.journals.iter().map(Journal::end).sum::<u64>()
    }

    fn current(&self) -> &Journal<F::File> {
        self.journals.last().expect("there is always one")
    }

    /// Writes the next block, and makes it durable with all before it. When this returns,
    /// the block is acknowledged: it is there after whatever crash.
    ///
    /// # Errors
    /// As [`Log::append`] and [`Log::sync`].
    pub fn commit(&mut self, parts: &Parts<'_>) -> Result<u64, LogError> {
        let number = self.append(parts)?;
        self.sync()?;
        Ok(number)
    }

    /// Writes the next block, which may or may not be there after a crash; its number.
    ///
    /// # Errors
    /// If it cannot be written: nothing is, then, until the log is opened anew.
    pub fn append(&mut self, parts: &Parts<'_>) -> Result<u64, LogError> {
        self.must_go_on()?;
        if let Some(part) = parts.all().into_iter().find(|part| too_large(part)) {
            let (number, len) = (self.next(), part.len());
            return Err(LogError::TooLarge { number, len });
        }
        let result = self.try_append(parts);
        self.is_stopped |= result.is_err();
        result
    }

    fn try_append(&mut self, parts: &Parts<'_>) -> Result<u64, LogError> {
        let current = self.current();
        if current.end() >= self.config.segment_bytes && !current.is_empty() {
            self.begin_segment()?;
        }
        let synced = self.synced;
        let number = self.next();
        let current = self.journals.last_mut().expect("there is always one");
        current.append(synced, parts, &mut self.buffer)?;
        Ok(number)
    }

    /// Makes all that was appended durable.
    ///
    /// # Errors
    /// If that fails. Nobody knows then what is durable, so nothing is written any more
    /// until the log is opened anew.
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.must_go_on()?;
        let result = self.try_sync();
        self.is_stopped |= result.is_err();
        result
    }

    fn try_sync(&mut self) -> Result<(), LogError> {
        self.current().sync()?;
        if self.has_new_names {
            self.sync_names()?;
            self.has_new_names = false;
        }
        self.synced = self.next();
        Ok(())
    }

    /// Drops the blocks from `next` on, durably: the next one has that number again.
    ///
    /// # Errors
    /// If they are compressed already, or if files cannot be changed: then some of them may
    /// be gone, and nothing is written until the log is opened anew.
    pub fn truncate(&mut self, next: u64) -> Result<(), LogError> {
        self.must_go_on()?;
        self.may_be_truncated(next)?;
        let result = self.try_truncate(next);
        self.is_stopped |= result.is_err();
        result
    }

    /// Whether blocks from `next` on can be dropped by [`Log::truncate`].
    ///
    /// # Errors
    /// If they are compressed already.
    pub fn may_be_truncated(&self, next: u64) -> Result<(), LogError> {
        let from = self.journals[0].first;
        match next < from {
            true => Err(LogError::Compressed { number: next, from }),
            false => Ok(()),
        }
    }

    fn try_truncate(&mut self, next: u64) -> Result<(), LogError> {
        while self.journals.len() > 1
            && let Some(last) = self.journals.pop_if(|last| last.first >= next)
        {
            // One after the other, so that there is never a gap.
            open::remove(&self.files, &last.name)?;
            self.sync_names()?;
        }
        let current = self.journals.last_mut().expect("there is always one");
        current.truncate(next)?;
        self.try_sync()
    }

    /// The current journal is durable from now on; another one begins.
    fn begin_segment(&mut self) -> Result<(), LogError> {
        self.try_sync()?;
        let current = self.current();
        let next = Journal::create(&self.files, current.next(), current.last_checksum())?;
        self.journals.push(next);
        // With the first block that is in it.
        self.has_new_names = true;
        Ok(())
    }

    fn sync_names(&self) -> Result<(), LogError> {
        self.files
            .sync_names()
            .map_err(LogError::io("syncing", "the folder"))
    }

    const fn must_go_on(&self) -> Result<(), LogError> {
        if self.is_stopped {
            return Err(LogError::Stopped);
        }
        Ok(())
    }

    /// A part of a block.
    ///
    /// # Errors
    /// If there is no such block, if the part was pruned, or if it cannot be read; what is
    /// damaged is never returned.
    pub fn get(&self, number: u64, kind: Kind) -> Result<Vec<u8>, LogError> {
        let next = self.next();
        if number >= next {
            return Err(LogError::Unknown { number, next });
        }
        let after = self.journals.partition_point(|j| j.first <= number);
        if let Some(journal) = after.checked_sub(1).map(|index| &self.journals[index]) {
            return journal.part(number, kind);
        }
        let index = self.archives.partition_point(|a| a.last < number);
        let archived = self.archives.get(index).filter(|a| a.first <= number);
        match archived.and_then(|archived| archived.kinds[kind as usize].as_ref()) {
            Some(archive) => archive.part(number),
            None => Err(LogError::Pruned { kind, number }),
        }
    }

    /// Reads everything and checks every checksum. `step` is told of bytes that were
    /// looked at, out of [`Log::size`].
    ///
    /// # Errors
    /// The first damage that is found.
    pub fn verify(&self, step: &mut dyn FnMut(u64)) -> Result<Verified, LogError> {
        let mut verified = Verified::default();
        for archived in &self.archives {
            let mut is_there = false;
            for archive in archived.kinds.iter().flatten() {
                archive.verify()?;
                is_there = true;
                verified.bytes += archive.size();
                step(archive.size());
            }
            verified.blocks += u64::from(is_there) * (archived.last - archived.first + 1);
        }
        for journal in &self.journals {
            for number in journal.first..journal.next() {
                let (head, _) = journal.frame(number)?;
                verified.bytes += head.len();
                step(head.len());
            }
            verified.blocks += journal.next() - journal.first;
        }
        Ok(verified)
    }
}

fn too_large(part: &[u8]) -> bool {
    u32::try_from(part.len()).is_err()
}
