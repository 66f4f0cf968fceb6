//! Journals: the newest blocks, frame after frame.

use crate::{
    bytes::{is_sealed, number, seal, u64_at},
    error::{Damage, LogError},
    files::{self, Files, LogFile},
    frame::{self, Head},
    parts::{Kind, Parts},
};
use std::hash::{BuildHasher, Hasher, RandomState};

const MAGIC: [u8; 8] = *b"PXLOG001";
/// Magic, first block, checksum of the frame before, salt, checksum.
const HEADER: usize = 40;
const SUFFIX: &str = ".journal";

/// A file of frames.
#[derive(Debug)]
pub(crate) struct Journal<F> {
    pub(crate) name: String,
    pub(crate) first: u64,
    file: F,
    /// Goes into the checksums, so that nobody can make up a block that has in it what
    /// looks like a frame.
    salt: u64,
    /// Where frames begin, and behind them the end.
    offsets: Vec<u64>,
    /// Checksum of the last frame.
    last: u64,
}

/// The end of a journal that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) at: u64,
    pub(crate) bytes: u64,
}

/// The first block of the journal that has this name, if it is one.
pub(crate) fn parse(name: &str) -> Option<u64> {
    number(name.strip_suffix(SUFFIX)?)
}

impl<F: LogFile> Journal<F> {
    /// An empty one for the blocks from `first` on. Its header is durable before there are
    /// frames, so that a broken one behind which there are some is damage.
    pub(crate) fn create(
        files: &impl Files<File = F>,
        first: u64,
        before: u64,
    ) -> Result<Self, LogError> {
        let name = format!("{first:020}{SUFFIX}");
        let file = files.create(&name).map_err(LogError::io("making", &name))?;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&first.to_le_bytes());
        header.extend_from_slice(&before.to_le_bytes());
        let salt = RandomState::new().build_hasher().finish();
        header.extend_from_slice(&salt.to_le_bytes());
        seal(&mut header, 0, 0);
        file.write_at(&header, 0)
            .map_err(LogError::io("writing", &name))?;
        let journal = Self {
            name,
            first,
            file,
            salt,
            offsets: vec![HEADER as u64],
            last: before,
        };
        journal.sync()?;
        Ok(journal)
    }

    /// Reads all frames. Where one is broken the journal ends, if it may: if the block is
    /// not below `durable`, and nothing shows that the frame was whole once. `None` if
    /// nothing is left.
    pub(crate) fn open(
        files: &impl Files<File = F>,
        name: &str,
        first: u64,
        before: Option<u64>,
        durable: u64,
    ) -> Result<(Option<Self>, Option<Torn>), LogError> {
        let file = files.open(name).map_err(LogError::io("opening", name))?;
        let mut journal = Self {
            name: name.to_owned(),
            first,
            file,
            salt: 0,
            offsets: Vec::new(),
            last: 0,
        };
        let size = journal.size()?;
        if let Err(damage) = journal.read_header(size, before)? {
            if size > HEADER as u64 {
                return Err(LogError::damaged(name, 0, first, damage));
            }
            journal.must_be_torn(0, size, damage, durable)?;
            return Ok((None, Some(Torn { at: 0, bytes: size })));
        }
        let torn = journal.read_frames(size, durable)?;
        Ok((Some(journal), torn))
    }

    fn read_header(
        &mut self,
        size: u64,
        before: Option<u64>,
    ) -> Result<Result<(), Damage>, LogError> {
        if size < HEADER as u64 {
            return Ok(Err(Damage::Short));
        }
        let header = self.read(0, HEADER)?;
        if header[..8] != MAGIC {
            return Ok(Err(Damage::Magic));
        }
        if !is_sealed(&header, 0) {
            return Ok(Err(Damage::Checksum));
        }
        let follows = u64_at(&header, 16).unwrap_or(0);
        if u64_at(&header, 8) != Some(self.first) || before.is_some_and(|b| b != follows) {
            return Ok(Err(Damage::Order));
        }
        self.last = follows;
        self.salt = u64_at(&header, 24).unwrap_or(0);
        self.offsets.push(HEADER as u64);
        Ok(Ok(()))
    }

    fn read_frames(&mut self, size: u64, durable: u64) -> Result<Option<Torn>, LogError> {
        while self.end() < size {
            let at = self.end();
            let damage = match self.check_frame(at, size)? {
                Ok((head, checksum)) if head.number == self.next() && head.before == self.last => {
                    self.offsets.push(at + head.len());
                    self.last = checksum;
                    continue;
                }
                Ok(_) => Damage::Order,
                Err(damage) => damage,
            };
            self.must_be_torn(at, size, damage, durable)?;
            self.file
                .cut(at)
                .map_err(LogError::io("cutting", &self.name))?;
            return Ok(Some(Torn {
                at,
                bytes: size - at,
            }));
        }
        Ok(None)
    }

    /// The frame at a place where there may be none.
    fn check_frame(&self, at: u64, size: u64) -> Result<Result<(Head, u64), Damage>, LogError> {
        let left = size.saturating_sub(at);
        if left < frame::HEADER as u64 {
            return Ok(Err(Damage::Short));
        }
        let head = match Head::parse(&self.read(at, frame::HEADER)?) {
            Ok(head) => head,
            Err(damage) => return Ok(Err(damage)),
        };
        if head.len() > left {
            return Ok(Err(Damage::Short));
        }
        Ok(frame::check(
            &self.read(at, head.len() as usize)?,
            self.salt,
        ))
    }

    /// An error, unless what is from `at` on may be what a crash has left: if it is no
    /// whole thing in the wrong place, and nobody says that it was durable, neither the
    /// caller nor a frame behind.
    fn must_be_torn(
        &self,
        at: u64,
        size: u64,
        damage: Damage,
        durable: u64,
    ) -> Result<(), LogError> {
        let block = self.next();
        let may_be_torn = damage != Damage::Order && block >= durable;
        if may_be_torn && !self.is_known_durable(at, size, block)? {
            return Ok(());
        }
        Err(LogError::damaged(&self.name, at, block, damage))
    }

    /// Whether there is a whole frame behind that was written when `block` was durable.
    fn is_known_durable(&self, at: u64, size: u64, block: u64) -> Result<bool, LogError> {
        let rest = self.read(at, (size - at) as usize)?;
        let mut from = 0;
        while let Some(found) = find(&rest[from..], &frame::MAGIC) {
            let start = from + found;
            from = start + 1;
            let Ok(head) = Head::parse(&rest[start..]) else {
                continue;
            };
            let Some(bytes) = rest.get(start..start.saturating_add(head.len() as usize)) else {
                continue;
            };
            if frame::check(bytes, self.salt).is_ok() && head.synced > block {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first block that is not in it.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.offsets.len().saturating_sub(1) as u64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.next() == self.first
    }

    /// Bytes.
    pub(crate) fn end(&self) -> u64 {
        self.offsets.last().copied().unwrap_or(0)
    }

    pub(crate) const fn last_checksum(&self) -> u64 {
        self.last
    }

    /// Writes the next block, not durably.
    pub(crate) fn append(
        &mut self,
        synced: u64,
        parts: &Parts<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), LogError> {
        buffer.clear();
        let checksum = frame::append(buffer, self.next(), synced, self.last, self.salt, parts)?;
        let at = self.end();
        self.file
            .write_at(buffer, at)
            .map_err(LogError::io("writing", &self.name))?;
        self.offsets.push(at + buffer.len() as u64);
        self.last = checksum;
        Ok(())
    }

    /// Drops the blocks from `next` on, not durably.
    pub(crate) fn truncate(&mut self, next: u64) -> Result<(), LogError> {
        let kept = (next - self.first) as usize;
        let Some(&end) = self.offsets.get(kept).filter(|_| next < self.next()) else {
            return Ok(());
        };
        self.last = match next.checked_sub(1).filter(|last| *last >= self.first) {
            Some(last) => {
                let (_, frame) = self.frame(last)?;
                let (_, checksum) = frame::check(&frame, self.salt)
                    .map_err(|damage| LogError::damaged(&self.name, end, last, damage))?;
                checksum
            }
            None => u64_at(&self.read(0, HEADER)?, 16).unwrap_or(0),
        };
        self.file
            .cut(end)
            .map_err(LogError::io("cutting", &self.name))?;
        self.offsets.truncate(kept + 1);
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), LogError> {
        self.file
            .sync()
            .map_err(LogError::io("syncing", &self.name))
    }

    /// The frame of a block that is in it, checked.
    pub(crate) fn frame(&self, number: u64) -> Result<(Head, Vec<u8>), LogError> {
        let index = (number - self.first) as usize;
        let (at, end) = (self.offsets[index], self.offsets[index + 1]);
        let bytes = self.read(at, (end - at) as usize)?;
        let checked =
            frame::check(&bytes, self.salt).and_then(|(head, _)| match head.number == number {
                true => Ok(head),
                false => Err(Damage::Order),
            });
        match checked {
            Ok(head) => Ok((head, bytes)),
            Err(damage) => Err(LogError::damaged(&self.name, at, number, damage)),
        }
    }

    /// A part of a block that is in it.
    pub(crate) fn part(&self, number: u64, kind: Kind) -> Result<Vec<u8>, LogError> {
        let (head, mut frame) = self.frame(number)?;
        let range = head.part(kind);
        frame.truncate(range.end);
        frame.drain(..range.start);
        Ok(frame)
    }

    fn size(&self) -> Result<u64, LogError> {
        self.file
            .size()
            .map_err(LogError::io("opening", &self.name))
    }

    fn read(&self, at: u64, len: usize) -> Result<Vec<u8>, LogError> {
        files::read(&self.file, &self.name, at, len)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
