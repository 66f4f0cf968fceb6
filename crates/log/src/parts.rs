//! What a block consists of.

use std::fmt;

/// One of the things that are kept of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The header.
    Header,
    /// The transactions, and withdrawals.
    Body,
    /// The receipts.
    Receipts,
    /// What the block wrote, from which a state is rolled forward.
    WriteSet,
    /// What was there before, from which a state is rolled back.
    ChangeSet,
}

impl Kind {
    /// All, in the order in which they lie in a frame.
    pub const ALL: [Self; 5] = [
        Self::Header,
        Self::Body,
        Self::Receipts,
        Self::WriteSet,
        Self::ChangeSet,
    ];

    /// As in the names of files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Body => "body",
            Self::Receipts => "receipts",
            Self::WriteSet => "write-set",
            Self::ChangeSet => "change-set",
        }
    }

    /// The kind of this [`Kind::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The parts of a block, encoded by the caller. Any of them may be empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// [`Kind::Header`].
    pub header: &'a [u8],
    /// [`Kind::Body`].
    pub body: &'a [u8],
    /// [`Kind::Receipts`].
    pub receipts: &'a [u8],
    /// [`Kind::WriteSet`].
    pub write_set: &'a [u8],
    /// [`Kind::ChangeSet`].
    pub change_set: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Nothing of anything.
    pub const EMPTY: Self = Self {
        header: &[],
        body: &[],
        receipts: &[],
        write_set: &[],
        change_set: &[],
    };

    /// In the order of [`Kind::ALL`].
    pub(crate) const fn all(&self) -> [&'a [u8]; 5] {
        [
            self.header,
            self.body,
            self.receipts,
            self.write_set,
            self.change_set,
        ]
    }
}
