//! What can go wrong.

use alloy_primitives::{B256, hex};
use parallax_log::LogError;
use parallax_trie::TrieError;
use revm::database_interface::DBErrorMarker;
use std::{error::Error, path::PathBuf};

/// Why the state cannot be opened, read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The store cannot be opened.
    #[error("opening the store in {}: {source}", path.display())]
    Open {
        /// Its folder.
        path: PathBuf,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store refuses.
    #[error("{doing} the store: {source}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The log refuses, or is damaged.
    #[error("the log: {0}")]
    Log(#[from] LogError),
    /// A row of the store is not what was written there.
    #[error("the row {key} of the table {table} is damaged: {problem}")]
    Row {
        /// Name of the table.
        table: &'static str,
        /// The key, in hexadecimal digits.
        key: String,
        /// In which way.
        problem: &'static str,
    },
    /// What the log has of a block is not what was written there.
    #[error("the {kind} of block {block} is damaged: {problem}")]
    Block {
        /// Which part of it.
        kind: parallax_log::Kind,
        /// Which block.
        block: u64,
        /// In which way.
        problem: &'static str,
    },
    /// The state has not the root that was written with it.
    #[error("the state after block {block} has the root {computed}, not {expected}")]
    Root {
        /// Last block that is part of it.
        block: u64,
        /// The root that was written.
        expected: B256,
        /// That of what is there.
        computed: B256,
    },
    /// The storage of an account has not the root that the account says.
    #[error(
        "the storage of the account with hash {account} has the root {computed}, not {expected}"
    )]
    StorageRoot {
        /// The hash of the account's address.
        account: B256,
        /// The root that was written.
        expected: B256,
        /// That of what is there.
        computed: B256,
    },
    /// The trie lacks what the flat state has, or the other way round.
    #[error("the trie and the flat state differ at {key} ({nibbles} nibbles)")]
    Trie {
        /// Lowest key at that place.
        key: B256,
        /// Length of what the keys there begin with.
        nibbles: usize,
    },
    /// The state was at that block, and cannot be had any more.
    #[error("the state after block {block} was pruned: it is there from block {from} on")]
    Pruned {
        /// What was asked for.
        block: u64,
        /// The first that can be had.
        from: u64,
    },
    /// There is no such block yet.
    #[error("there is no block {block}: the next one is {next}")]
    Unknown {
        /// What was asked for.
        block: u64,
        /// The first that is not there.
        next: u64,
    },
    /// A snapshot is not what was exported.
    #[error("chunk {chunk} of the snapshot: {problem}")]
    Snapshot {
        /// Which, counted from 1; 0: none yet.
        chunk: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The operating system refuses.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// Changes do not fit to the state that they are made to.
    #[error("the changes do not fit: {0}")]
    Changes(String),
    /// The store holds another thing, or is of another version.
    #[error("the store {0}")]
    Foreign(String),
    /// Writing a checkpoint has failed; nothing is written any more.
    #[error("the last checkpoint failed: {0}")]
    Checkpoint(String),
    /// After an error while it was being changed the state is not used any more.
    #[error("an earlier change failed: open the state anew")]
    Stopped,
}

impl StateError {
    /// Whether something is not as it was written.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Row { .. }
                | Self::Block { .. }
                | Self::Root { .. }
                | Self::StorageRoot { .. }
                | Self::Trie { .. }
                | Self::Snapshot { .. }
                | Self::Log(
                    LogError::Damaged { .. } | LogError::Lost { .. } | LogError::Gap { .. }
                )
        )
    }

    pub(crate) fn store<E>(doing: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Error + Send + Sync + 'static,
    {
        move |source| Self::Store {
            doing,
            source: Box::new(source),
        }
    }

    pub(crate) fn row(table: crate::Table, key: &[u8], problem: &'static str) -> Self {
        Self::Row {
            table: table.name(),
            key: hex::encode(key),
            problem,
        }
    }
}

impl DBErrorMarker for StateError {}

impl From<TrieError<Self>> for StateError {
    fn from(error: TrieError<Self>) -> Self {
        match error {
            TrieError::Leaves(error) => error,
            TrieError::MissingLeaf { prefix } => Self::Trie {
                key: prefix.first(),
                nibbles: prefix.len(),
            },
            error => Self::Changes(error.to_string()),
        }
    }
}
