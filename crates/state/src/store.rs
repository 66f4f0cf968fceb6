//! Where the flat state lies between checkpoints: tables of sorted keys.

mod mdbx;
mod memory;
pub(crate) mod sealed;

pub use mdbx::Mdbx;
pub use memory::MemoryStore;

use crate::error::StateError;
use std::{fmt::Debug, ops::ControlFlow};

/// A table of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// By hashed address: accounts.
    Accounts,
    /// By account id and hashed slot: words that are not zero.
    Slots,
    /// By hash: code.
    Codes,
    /// How far the state has come, and what was chosen when it began.
    Meta,
    /// By hashed address and block: the account before that block.
    AccountHistory,
    /// By account id, hashed slot and block: the word before that block.
    SlotHistory,
    /// By digest of an address or topic, and block: logs of that block have it.
    Postings,
    /// By block and account id: storage that went with that block.
    Dead,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 8] = [
        Self::Accounts,
        Self::Slots,
        Self::Codes,
        Self::Meta,
        Self::AccountHistory,
        Self::SlotHistory,
        Self::Postings,
        Self::Dead,
    ];

    /// As a store may call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Slots => "slots",
            Self::Codes => "codes",
            Self::Meta => "meta",
            Self::AccountHistory => "account-history",
            Self::SlotHistory => "slot-history",
            Self::Postings => "postings",
            Self::Dead => "dead",
        }
    }
}

/// What is called with a key and its value, until it breaks off.
pub type EachRow<'f> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'f;

/// Tables of sorted keys, changed by one batch at a time.
///
/// Reading is from a snapshot: what [`Store::write`] changes is seen by nobody before
/// [`Store::refresh`].
pub trait Store: Debug + Send + Sync {
    /// Hands the value of a key to `with`.
    ///
    /// # Errors
    /// If it cannot be read.
    fn get(&self, table: Table, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), StateError>;

    /// Calls `each` with the keys from `from` on, in ascending order.
    ///
    /// # Errors
    /// If they cannot be read.
    fn scan(&self, table: Table, from: &[u8], each: &mut EachRow<'_>) -> Result<(), StateError>;

    /// Writes everything that `fill` puts, or nothing if it fails. When this returns, the
    /// rows are durable.
    ///
    /// # Errors
    /// If they cannot be written, or the error of `fill`.
    fn write(
        &self,
        fill: &mut dyn FnMut(&mut dyn Rows) -> Result<(), StateError>,
    ) -> Result<(), StateError>;

    /// Reads what was written last from now on.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn refresh(&mut self) -> Result<(), StateError>;

    /// Another handle, which reads what is written now.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn handle(&self) -> Result<Self, StateError>
    where
        Self: Sized;

    /// Rows of a table.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn rows(&self, table: Table) -> Result<u64, StateError>;

    /// Bytes on disk.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn size(&self) -> Result<u64, StateError>;
}

/// What a batch does.
pub trait Rows {
    /// Gives a key a value.
    ///
    /// # Errors
    /// If it cannot be written.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StateError>;

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// If it cannot be written.
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StateError>;
}
