//! The state of a chain: flat state, tries and log, block by block.

mod commit;
mod open;
mod prove;
mod rewind;
mod verify;

pub use commit::Spent;
pub use open::Step;
pub use verify::{Stats, Verified};

use crate::{
    checkpoint::{Head, Running},
    error::StateError,
    flat::Flat,
    history::{At, Digest, Headers, History},
    prepare::Prepared,
    store::{Mdbx, Store},
    tries::Tries,
};
use alloy_primitives::{B256, Log as EvmLog, keccak256};
use parallax_log::{Disk, Files, Kind, Log, LogConfig, LogError};
use revm::state::Bytecode;
use std::collections::BTreeMap;

/// How a state is kept.
#[derive(Clone, Copy, Debug)]
pub struct StateConfig {
    /// Threads that work on a block, the caller's included. All that there are.
    pub threads: usize,
    /// Memory of the cache of accounts, words and code. 256 MiB.
    pub cache_bytes: usize,
    /// Changes in memory from which on a checkpoint is written. While one is, there may be
    /// twice as many; then blocks wait for it. 256 MiB.
    pub layer_bytes: usize,
    /// Memory of storage tries; those of the accounts that changed last are kept. 2 GiB.
    pub trie_bytes: usize,
    /// Which states of the past are kept. Those after the last 128 blocks.
    pub history: History,
    /// How the log is kept. [`LogConfig::at_least`] is chosen by the state.
    pub log: LogConfig,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            cache_bytes: 256 << 20,
            layer_bytes: 256 << 20,
            trie_bytes: 2 << 30,
            history: History::Blocks(128),
            log: LogConfig::default(),
        }
    }
}

/// What is written of a block beside its changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block<'b> {
    /// In RLP: its hash is that of the block.
    pub header: &'b [u8],
    /// As the caller encodes it.
    pub body: &'b [u8],
    /// As the caller encodes them.
    pub receipts: &'b [u8],
    /// Logs of all transactions, by which the block can be found.
    pub logs: &'b [&'b EvmLog],
    /// Hashes of all transactions, by which the block can be found. It can be by its own.
    pub transactions: &'b [B256],
}

/// The state of a chain. See the crate's documentation.
#[derive(Debug)]
pub struct State<S: Store + 'static = Mdbx, F: Files = Disk> {
    pub(crate) flat: Flat<S>,
    pub(crate) tries: Tries,
    log: Log<F>,
    config: StateConfig,
    /// Of the last checkpoint.
    head: Head,
    running: Option<Running>,
    /// Of the block that has begun.
    pieces: Vec<Prepared>,
    codes: Vec<(B256, Bytecode)>,
    /// With all pieces, if it was asked for since the last.
    root: Option<B256>,
    /// Of storage that they have changed, by hashed address.
    storage_roots: BTreeMap<B256, B256>,
    postings: Vec<Digest>,
    /// On the block that has begun, and on the last one.
    spent: Spent,
    last_spent: Spent,
    is_stopped: bool,
    /// So many of the pieces, the first ones, take blocks back.
    pretended: usize,
    write_set: Vec<u8>,
    change_set: Vec<u8>,
}

impl<S: Store + 'static, F: Files> State<S, F> {
    /// Accounts and storage after the last block and the pieces of the next one: what the
    /// engine reads.
    #[must_use]
    pub const fn flat(&self) -> &Flat<S> {
        &self.flat
    }

    /// The number of the next block.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.flat.next()
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &StateConfig {
        &self.config
    }

    /// The root after the last block.
    #[must_use]
    pub const fn last_root(&self) -> B256 {
        self.flat.active.root
    }

    /// What the last block took.
    #[must_use]
    pub const fn last_spent(&self) -> Spent {
        self.last_spent
    }

    /// The first block that is not in the last checkpoint.
    #[must_use]
    pub const fn checkpointed(&self) -> u64 {
        self.head.next
    }

    /// The first block after which the state can be had, if there is any.
    #[must_use]
    pub const fn history_from(&self) -> u64 {
        self.head.history_from
    }

    /// Whether no change has been made since the last block.
    #[must_use]
    pub const fn is_between_blocks(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The state after a block, also while the next one has begun.
    ///
    /// # Errors
    /// If it was pruned, or if there is no such block.
    pub fn at(&self, block: u64) -> Result<At<'_, S>, StateError> {
        let next = self.next();
        if block >= next {
            return Err(StateError::Unknown { block, next });
        }
        let from = self.history_from();
        if block < from {
            return Err(StateError::Pruned { block, from });
        }
        Ok(At::new(&self.flat, &self.log, &self.pieces, block))
    }

    /// What was written of a block. Of the one after which a state was imported there is
    /// the header.
    ///
    /// # Errors
    /// As [`Log::get`].
    pub fn part(&self, block: u64, kind: Kind) -> Result<Vec<u8>, StateError> {
        if kind == Kind::Header && block + 1 == self.head.first {
            return Head::read_header(&self.flat.store);
        }
        Ok(self.log.get(block, kind)?)
    }

    /// Bytes of memory that cache, layers and tries take, roughly.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.flat.memory_bytes() + self.tries.memory_bytes()
    }
}

impl<F: Files> Headers for Log<F> {
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        match self.get(number, Kind::Header) {
            Ok(header) => Ok(keccak256(header)),
            Err(LogError::Unknown { .. } | LogError::Pruned { .. }) => Ok(B256::ZERO),
            Err(error) => Err(error.into()),
        }
    }
}
