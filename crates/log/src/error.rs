//! What can go wrong.

use crate::parts::Kind;
use std::io;

/// Why the log cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The operating system refuses.
    #[error("{doing} {file}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// What is on disk is not what was written.
    #[error("{file} is damaged at byte {at} (block {block}): {damage}")]
    Damaged {
        /// The file.
        file: String,
        /// From where on it cannot be used.
        at: u64,
        /// Which block that concerns, or the first of them.
        block: u64,
        /// In which way.
        damage: Damage,
    },
    /// Blocks that were there are not.
    #[error("the log ends at block {next}, and must have all below {at_least}")]
    Lost {
        /// The first block that is not there.
        next: u64,
        /// [`LogConfig::at_least`](crate::LogConfig::at_least).
        at_least: u64,
    },
    /// Files are missing in the middle.
    #[error("blocks {from} to {to} are in none of the files")]
    Gap {
        /// The first of them.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Nothing is written any more after a write that failed.
    #[error("an earlier write failed, so nothing more is written: open the log anew")]
    Stopped,
    /// There is no such block yet.
    #[error("block {number} is not in the log, which has those below {next}")]
    Unknown {
        /// The block.
        number: u64,
        /// The first that is not there.
        next: u64,
    },
    /// Blocks that are compressed cannot be taken back.
    #[error("block {number} cannot be taken back: those below {from} are compressed")]
    Compressed {
        /// The block.
        number: u64,
        /// The first that is not compressed.
        from: u64,
    },
    /// The block was there, and what was asked for has been dropped.
    #[error("the {kind} of block {number} was pruned")]
    Pruned {
        /// What was asked for.
        kind: Kind,
        /// Of which block.
        number: u64,
    },
    /// A part is larger than a frame can say.
    #[error("a part of block {number} has {len} bytes, more than fit into a frame")]
    TooLarge {
        /// The block.
        number: u64,
        /// Size of the part.
        len: usize,
    },
}

impl LogError {
    pub(crate) fn damaged(file: &str, at: u64, block: u64, damage: Damage) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            at,
            block,
            damage,
        }
    }

    pub(crate) fn io(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            file: file.to_owned(),
            source,
        }
    }
}

/// How something on disk is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not begin as such a thing must.
    #[error("it does not begin as it must")]
    Magic,
    /// The checksum is another one.
    #[error("the checksum is another one")]
    Checksum,
    /// It is of another block, or follows upon another one.
    #[error("it does not follow upon what is before it")]
    Order,
    /// It ends too early.
    #[error("it ends too early")]
    Short,
    /// It cannot be decompressed.
    #[error("it cannot be decompressed")]
    Compression,
}
