//! One block after the other.

use super::{Block, State};
use crate::{
    changes::{put_change_set, put_postings, put_write_set},
    checkpoint::{self, Head, Running},
    error::StateError,
    flat::Flat,
    history::postings,
    store::Store,
};
use alloy_primitives::{B256, keccak256};
use parallax_engine::StateChanges;
use parallax_log::{Files, Kind, Parts};
use std::{
    mem, thread,
    time::{Duration, Instant},
};

/// Time that a block took, on the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Changing the flat state in memory; waiting for a checkpoint, if it had to.
    pub flat: Duration,
    /// Changing and hashing tries.
    pub tries: Duration,
    /// Encoding, checksums, and handing it to the system.
    pub log: Duration,
    /// The `fdatasync`.
    pub sync: Duration,
}

/// Changed accounts and logs below which one thread encodes everything.
const FEW: usize = 512;

impl<S: Store + 'static, F: Files> State<S, F> {
    /// Makes changes that belong to the next block: all of them, or one piece after the
    /// other. They are durable with [`State::commit`].
    ///
    /// # Errors
    /// [`StateError::Changes`] if they do not fit to what is there, before anything is
    /// changed; otherwise the state must be opened anew.
    pub fn apply(&mut self, changes: &StateChanges) -> Result<(), StateError> {
        self.write(changes)?;
        self.hash_leaves()
    }

    /// As [`State::apply`], but for the tries.
    fn write(&mut self, changes: &StateChanges) -> Result<(), StateError> {
        self.must_go_on()?;
        self.root = None;
        let begun = Instant::now();
        let prepared = match self.flat.apply(changes, self.config.threads) {
            Ok(prepared) => prepared,
            Err(error @ StateError::Changes(_)) => return Err(error),
            Err(error) => return self.stop(error),
        };
        self.codes.extend_from_slice(&changes.contracts);
        self.pieces.push(prepared);
        self.spent.flat += begun.elapsed();
        Ok(())
    }

    /// Has the tries take over the last piece.
    fn hash_leaves(&mut self) -> Result<(), StateError> {
        let Some(piece) = self.pieces.last() else {
            return Ok(());
        };
        let begun = Instant::now();
        let applied = self.tries.apply(piece, &self.flat);
        self.spent.tries += begun.elapsed();
        match applied {
            Ok(()) => Ok(()),
            Err(error) => self.stop(error),
        }
    }

    /// The state root with all changes so far.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn root(&mut self) -> Result<B256, StateError> {
        self.root_while(|_| ()).map(|(root, ())| root)
    }

    /// As [`State::root`], while `work` reads the state: executes the next block, for
    /// example.
    ///
    /// # Errors
    /// As [`State::root`].
    pub fn root_while<T>(
        &mut self,
        work: impl FnOnce(&Flat<S>) -> T,
    ) -> Result<(B256, T), StateError> {
        self.must_go_on()?;
        if let Some(root) = self.root {
            return Ok((root, work(&self.flat)));
        }
        let begun = Instant::now();
        let (flat, tries) = (&self.flat, &mut self.tries);
        let (done, hashed) = thread::scope(|scope| {
            let hash = scope.spawn(|| tries.hash(flat));
            let done = work(flat);
            match hash.join() {
                Ok(hashed) => (done, hashed),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        self.spent.tries += begun.elapsed();
        let taken = hashed.and_then(|(root, storage_roots)| {
            self.flat.set_storage_roots(&storage_roots)?;
            self.storage_roots.extend(storage_roots);
            Ok(root)
        });
        match taken {
            Ok(root) => {
                self.root = Some(root);
                Ok((root, done))
            }
            Err(error) => self.stop(error),
        }
    }

    /// Ends the block: with it, all changes since the one before are durable when this
    /// returns. Its number.
    ///
    /// # Errors
    /// If it cannot be written. Whether it was is unknown then: open the state anew.
    pub fn commit(&mut self, block: &Block<'_>) -> Result<u64, StateError> {
        if self.pretended > 0 {
            return Err(StateError::Changes(
                "they are not made after the last block".to_owned(),
            ));
        }
        self.root()?;
        let begun = Instant::now();
        self.append(block)?;
        let appended = Instant::now();
        self.sync()?;
        let synced = Instant::now();
        let number = self.end_block(block)?;
        self.keep_up()?;
        self.last_spent = Spent {
            log: appended - begun,
            sync: synced - appended,
            flat: self.spent.flat + synced.elapsed(),
            ..self.spent
        };
        self.spent = Spent::default();
        Ok(number)
    }

    fn append(&mut self, block: &Block<'_>) -> Result<(), StateError> {
        let root = self.root()?;
        self.write_set.clear();
        self.change_set.clear();
        let storage_roots = &self.storage_roots;
        let (pieces, codes) = (&self.pieces[..], &self.codes[..]);
        let (writes, changes) = (&mut self.write_set, &mut self.change_set);
        let accounts: usize = pieces.iter().map(|piece| piece.accounts.len()).sum();
        let put = |writes: &mut Vec<u8>, changes: &mut Vec<u8>| {
            put_write_set(&root, storage_roots, pieces, codes, writes);
            put_change_set(pieces, changes);
        };
        let postings = || {
            let hash = keccak256(block.header);
            postings(block.logs, block.transactions, hash)
        };
        self.postings = if accounts + block.logs.len() + block.transactions.len() < FEW
            || self.config.threads == 1
        {
            put(writes, changes);
            postings()
        } else {
            thread::scope(|scope| {
                let postings = scope.spawn(postings);
                put(writes, changes);
                match postings.join() {
                    Ok(postings) => postings,
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            })
        };
        put_postings(&self.postings, changes);
        let appended = self.log.append(&Parts {
            header: block.header,
            body: block.body,
            receipts: block.receipts,
            write_set: &self.write_set,
            change_set: &self.change_set,
        });
        match appended {
            Ok(_) => Ok(()),
            Err(error) => self.stop(error.into()),
        }
    }

    fn sync(&mut self) -> Result<(), StateError> {
        match self.log.sync() {
            Ok(()) => Ok(()),
            Err(error) => self.stop(error.into()),
        }
    }

    fn end_block(&mut self, block: &Block<'_>) -> Result<u64, StateError> {
        let root = self.root()?;
        self.root = None;
        self.storage_roots.clear();
        let number = self.next();
        self.flat.push_hash(number, keccak256(block.header));
        let postings = mem::take(&mut self.postings);
        self.flat.end_block(root, postings);
        self.pieces.clear();
        self.codes.clear();
        Ok(number)
    }

    /// Begins a checkpoint if there is much in memory; waits for one if there is too much.
    pub(super) fn keep_up(&mut self) -> Result<(), StateError> {
        let bytes = self.flat.active.bytes();
        let is_done = self.running.as_ref().is_some_and(Running::is_done);
        if is_done || (self.running.is_some() && bytes >= 2 * self.config.layer_bytes) {
            self.settle()?;
        }
        if self.running.is_none() && bytes >= self.config.layer_bytes {
            self.begin_checkpoint()?;
        }
        Ok(())
    }

    /// Writes everything since the last checkpoint into the store, and waits for it. The
    /// next start is fast then.
    ///
    /// # Errors
    /// If it cannot be written. Nothing is lost: it is in the log.
    pub fn checkpoint(&mut self) -> Result<(), StateError> {
        self.must_go_on()?;
        self.settle()?;
        if !self.flat.active.is_empty() {
            self.begin_checkpoint()?;
            self.settle()?;
        }
        Ok(())
    }

    /// Begins to write a checkpoint, unless one is being written already or a block has
    /// begun; blocks go on meanwhile. Whether one was begun.
    ///
    /// # Errors
    /// If an earlier one could not be written.
    pub fn begin_checkpoint(&mut self) -> Result<bool, StateError> {
        self.must_go_on()?;
        if self.running.as_ref().is_some_and(Running::is_done) {
            self.settle()?;
        }
        if self.running.is_some() || self.flat.active.is_empty() || !self.pieces.is_empty() {
            return Ok(false);
        }
        let store = self.flat.store.handle()?;
        let layer = self.flat.freeze();
        let (head, history) = (self.head, self.config.history);
        match Running::start(layer, store, head, history) {
            Ok(running) => self.running = Some(running),
            Err(error) => return self.stop(error),
        }
        Ok(true)
    }

    /// Waits for the checkpoint that is being written, if there is one.
    pub(super) fn settle(&mut self) -> Result<(), StateError> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let head: Head = match running.wait() {
            Ok(head) => head,
            Err(error) => return self.stop(StateError::Checkpoint(error.to_string())),
        };
        if let Err(error) = self.flat.store.refresh() {
            return self.stop(error);
        }
        self.head = head;
        let layer = self.flat.frozen.take();
        // Freeing millions of entries takes a while, which no block needs to wait for.
        let free = thread::Builder::new().name("free-layer".to_owned());
        if let Err(error) = free.spawn(move || mem::drop(layer)) {
            tracing::debug!(%error, "a layer was freed while a block waited");
        }
        Ok(())
    }

    /// Forgets all that the settings do not keep, at once: old states in the store, and
    /// what [`State::compact`] drops of the log. How many blocks were compressed.
    ///
    /// # Errors
    /// As [`State::checkpoint`] and [`State::compact`].
    pub fn prune(&mut self) -> Result<u64, StateError> {
        self.checkpoint()?;
        self.must_be_between_blocks()?;
        let (store, layer) = (&self.flat.store, &self.flat.active);
        let written = checkpoint::write(layer, store, self.head, self.config.history, true);
        self.head = match written {
            Ok(head) => head,
            Err(error) => return self.stop(error),
        };
        if let Err(error) = self.flat.store.refresh() {
            return self.stop(error);
        }
        self.compact()
    }

    /// Compresses old segments of the log, and drops what the settings do not keep of
    /// blocks before the last checkpoint: how many segments' blocks were compressed.
    ///
    /// # Errors
    /// If files cannot be written or removed.
    pub fn compact(&mut self) -> Result<u64, StateError> {
        self.must_go_on()?;
        let blocks = self.log.compact()?;
        let below = self.head.history_from.min(self.head.next);
        for kind in [Kind::Receipts, Kind::WriteSet, Kind::ChangeSet] {
            if self.config.history != crate::History::Archive {
                self.log.prune(kind, below)?;
            }
        }
        Ok(blocks)
    }

    /// No block has begun.
    pub(crate) fn must_be_between_blocks(&self) -> Result<(), StateError> {
        self.must_go_on()?;
        match self.pieces.is_empty() {
            true => Ok(()),
            false => Err(StateError::Changes("a block has begun".to_owned())),
        }
    }

    pub(super) const fn must_go_on(&self) -> Result<(), StateError> {
        match self.is_stopped {
            true => Err(StateError::Stopped),
            false => Ok(()),
        }
    }

    pub(super) fn stop<T>(&mut self, error: StateError) -> Result<T, StateError> {
        self.is_stopped = true;
        Err(error)
    }
}

impl<S: Store + 'static, F: Files> Drop for State<S, F> {
    /// A checkpoint that is being written is waited for: its thread has the store open.
    fn drop(&mut self) {
        if let Some(running) = self.running.take()
            && let Err(error) = running.wait()
        {
            tracing::error!(%error, "the last checkpoint could not be written");
        }
    }
}
