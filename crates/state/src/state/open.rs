//! Opening: the last checkpoint, and what the log has after it.

use super::{Spent, State, StateConfig};
use crate::{
    changes::{self, Before, ChangeSet, WriteSet},
    checkpoint::Head,
    codec::{Broken, Input},
    error::StateError,
    flat::Flat,
    layer::Layer,
    snapshot::Exported,
    store::{Mdbx, Store},
    tries::Tries,
};
use alloy_primitives::{B256, keccak256};
use parallax_engine::StateChanges;
use parallax_log::{Disk, Files, Kind, Log, LogConfig};
use std::{collections::BTreeMap, fs, io::Read, path::Path};

/// What opening a state is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many blocks are to be taken over from the log.
    Replay(u64),
    /// One of them is.
    Replayed,
    /// Tries are made anew of so many accounts.
    Build(u64),
    /// So many of them were looked at.
    Built(u64),
}

/// Where the log lies in the folder of a state.
const LOG: &str = "log";

/// Where a store is made until it is complete.
const MAKING: &str = "importing";

/// Where the store lies.
const STORE: &str = "flat";

impl State<Mdbx, Disk> {
    /// Whether a state was begun in a folder.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        folder.join(LOG).is_dir()
    }

    /// Begins a state in a folder with what [`State::export`] has written, every piece of
    /// which is proved against `root`, or else against the one that the file says. `step`
    /// is told of accounts.
    ///
    /// # Errors
    /// As [`crate::import`]; if there is a state already. After an error there is none.
    pub fn import(
        folder: &Path,
        input: impl Read,
        root: Option<B256>,
        step: &mut dyn FnMut(u64),
    ) -> Result<Exported, StateError> {
        if Self::is_at(folder) {
            return Err(StateError::Foreign(format!(
                "in {} has a state already",
                folder.display()
            )));
        }
        let threads = StateConfig::default().threads;
        let making = folder.join(MAKING);
        let imported = Mdbx::open(&making.join(STORE))
            .and_then(|store| crate::import(&store, input, root, threads, step));
        let failed = |source| StateError::Io {
            doing: "making the folder of the state",
            source,
        };
        let done = imported.and_then(|done| {
            fs::rename(making.join(STORE), folder.join(STORE)).map_err(failed)?;
            // With this there is a state.
            fs::create_dir(folder.join(LOG)).map_err(failed)?;
            Ok(done)
        });
        // What is left of it is of no use, and in nobody's way.
        let _ = fs::remove_dir_all(&making);
        done
    }

    /// Opens the state in a folder, or begins one. `step` is told how it goes on.
    ///
    /// # Errors
    /// If something is damaged, or missing that was acknowledged, or if another process has
    /// it open.
    pub fn open(
        folder: &Path,
        config: StateConfig,
        step: &(dyn Fn(Step) + Sync),
    ) -> Result<Self, StateError> {
        // The lock is with the log: nobody else may look at the store.
        let disk = Disk::open(folder.join(LOG)).map_err(|source| StateError::Open {
            path: folder.to_owned(),
            source: Box::new(source),
        })?;
        let store = Mdbx::open(&folder.join(STORE))?;
        Self::with(store, disk, config, step)
    }
}

impl<S: Store + 'static, F: Files> State<S, F> {
    /// As [`State::open`], with a store and files of the caller's.
    ///
    /// # Errors
    /// As [`State::open`].
    pub fn with(
        store: S,
        files: F,
        config: StateConfig,
        step: &(dyn Fn(Step) + Sync),
    ) -> Result<Self, StateError> {
        let head = Head::read(&store)?;
        let log = LogConfig {
            at_least: head.next,
            first: head.first,
            ..config.log
        };
        let log = Log::open(files, log)?;
        let threads = config.threads.max(1);
        let layer = Layer::new(head.next, head.root, head.next_id);
        let mut state = Self {
            flat: Flat::new(store, config.cache_bytes, layer),
            tries: Tries::new(config.trie_bytes, threads),
            log,
            config: StateConfig { threads, ..config },
            head,
            running: None,
            pieces: Vec::new(),
            codes: Vec::new(),
            root: None,
            storage_roots: BTreeMap::new(),
            postings: Vec::new(),
            spent: Spent::default(),
            last_spent: Spent::default(),
            is_stopped: false,
            pretended: 0,
            write_set: Vec::new(),
            change_set: Vec::new(),
        };
        state.replay(step)?;
        state.build_tries(step)?;
        Ok(state)
    }

    /// Takes over the blocks that the store does not have yet.
    fn replay(&mut self, step: &(dyn Fn(Step) + Sync)) -> Result<(), StateError> {
        let (first, next) = (self.head.next, self.log.next());
        let before = Head::read_hashes(&self.flat.store)?;
        for (number, hash) in (self.head.first - before.len() as u64..).zip(before) {
            self.flat.push_hash(number, hash);
        }
        for number in first.saturating_sub(256).max(self.head.first)..first {
            let header = self.log.get(number, Kind::Header)?;
            self.flat.push_hash(number, keccak256(header));
        }
        step(Step::Replay(next - first));
        for number in first..next {
            self.replay_block(number)?;
            step(Step::Replayed);
            self.keep_up()?;
        }
        Ok(())
    }

    fn replay_block(&mut self, number: u64) -> Result<(), StateError> {
        let bytes = self.log.get(number, Kind::WriteSet)?;
        let writes = changes::read_write_set(Input(&bytes));
        let WriteSet {
            root,
            storage_roots,
            pieces,
        } = writes.map_err(damaged(Kind::WriteSet, number))?;
        for mut piece in pieces {
            self.fill_before(&mut piece)?;
            self.flat.apply(&piece, self.config.threads)?;
        }
        self.flat.set_storage_roots(&storage_roots)?;
        let before = self.change_set(number)?;
        let header = self.log.get(number, Kind::Header)?;
        self.flat.push_hash(number, keccak256(header));
        self.flat.end_block(root, before.postings);
        Ok(())
    }

    fn change_set(&self, number: u64) -> Result<ChangeSet, StateError> {
        let bytes = self.log.get(number, Kind::ChangeSet)?;
        let read = changes::read_change_set(Input(&bytes));
        read.map_err(damaged(Kind::ChangeSet, number))
    }

    /// How everything was before a block that the block has changed. An account that it
    /// has changed in several pieces is there several times; the first counts.
    ///
    /// # Errors
    /// If it was pruned, or cannot be read.
    pub fn before(&self, block: u64) -> Result<Vec<Before>, StateError> {
        Ok(self.change_set(block)?.accounts)
    }

    /// A write-set does not say what was there before: the flat state does.
    fn fill_before(&self, changes: &mut StateChanges) -> Result<(), StateError> {
        for change in &mut changes.accounts {
            let before = self.flat.account(&change.address)?;
            change.before = before.map(|account| account.info());
            let Some(before) = before.filter(|_| !change.wiped) else {
                continue;
            };
            for (slot, word, _) in &mut change.storage {
                *word = self.flat.word_of(before.id, slot)?;
            }
        }
        Ok(())
    }

    /// Makes the tries, and compares the root with the one that was written.
    fn build_tries(&mut self, step: &(dyn Fn(Step) + Sync)) -> Result<(), StateError> {
        let accounts = self.flat.store.rows(crate::Table::Accounts)?;
        step(Step::Build(accounts));
        let built = |accounts| step(Step::Built(accounts));
        let computed = self.tries.build(&self.flat, &built)?;
        let expected = self.last_root();
        match computed == expected {
            true => Ok(()),
            false => Err(StateError::Root {
                block: self.next().saturating_sub(1),
                expected,
                computed,
            }),
        }
    }
}

pub(super) fn damaged(kind: Kind, block: u64) -> impl FnOnce(Broken) -> StateError {
    move |Broken| StateError::Block {
        kind,
        block,
        problem: Broken::PROBLEM,
    }
}
