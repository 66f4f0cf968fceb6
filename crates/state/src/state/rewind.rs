//! Taking changes back: those since the last block, and whole blocks.

use super::{Spent, State};
use crate::{
    changes, checkpoint,
    codec::Input,
    error::StateError,
    layer::Layer,
    prepare::{Left, Prepared},
    store::Store,
};
use alloy_primitives::B256;
use parallax_log::{Files, Kind};
use std::mem;

impl<S: Store + 'static, F: Files> State<S, F> {
    /// Takes back all changes since the last block.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn discard(&mut self) -> Result<(), StateError> {
        self.must_go_on()?;
        if self.pieces.is_empty() {
            return Ok(());
        }
        // So that no root is on its way into the flat state.
        self.root()?;
        let pretended = mem::take(&mut self.pretended);
        for (index, piece) in mem::take(&mut self.pieces).iter().enumerate().rev() {
            let (inverse, mut left) = piece.inverse();
            if index < pretended {
                // These ids are as old as what they belong to.
                left.clear();
            }
            self.go_back(&inverse, left)?;
        }
        self.end_going_back(self.next(), self.last_root())
    }

    /// Makes the state as it was after `block`, until [`State::discard`]: changes that are made
    /// now come after that block. Nothing can be committed meanwhile.
    ///
    /// # Errors
    /// If that state cannot be had any more, or while a block has begun.
    pub fn pretend(&mut self, block: u64) -> Result<(), StateError> {
        self.must_be_between_blocks()?;
        self.at(block)?;
        for number in (block + 1..self.next()).rev() {
            let before = self.before(number)?;
            // Words under ids that are left stay where they are: they come back.
            let (back, _) = Prepared::back(&before, &self.flat)?;
            self.flat.write(&back, self.config.threads);
            self.tries.apply(&back, &self.flat)?;
            let (_, roots) = self.tries.hash(&self.flat)?;
            self.flat.set_storage_roots(&roots)?;
            self.pieces.push(back);
            self.pretended += 1;
        }
        Ok(())
    }

    /// Takes back all blocks after `block`: the next one has the number after it again.
    ///
    /// # Errors
    /// If the state after `block` cannot be had any more, or its log is compressed, or while a block has begun. If
    /// something cannot be written the state must be opened anew; then it has either all of
    /// the blocks or the first of them.
    pub fn rewind(&mut self, block: u64) -> Result<(), StateError> {
        self.must_be_between_blocks()?;
        // What is being written decides how far it goes back.
        self.settle()?;
        self.at(block)?;
        let next = block + 1;
        self.log.may_be_truncated(next)?;
        let taken_back = self.try_rewind(next);
        match taken_back {
            Ok(()) => Ok(()),
            Err(error) => self.stop(error),
        }
    }

    fn try_rewind(&mut self, next: u64) -> Result<(), StateError> {
        let root = self.root_before(next)?;
        for number in (next..self.next()).rev() {
            let before = self.before(number)?;
            let (back, left) = Prepared::back(&before, &self.flat)?;
            self.go_back(&back, left)?;
        }
        self.end_going_back(next, root)?;
        if self.head.next > next {
            let (layer, store) = (&self.flat.active, &self.flat.store);
            self.head = checkpoint::write_back(layer, store, self.head)?;
            self.flat.store.refresh()?;
            let (root, next_id) = (self.head.root, self.head.next_id);
            self.flat.active = Layer::new(next, root, next_id);
        }
        Ok(self.log.truncate(next)?)
    }

    /// The root after the block before `next`.
    fn root_before(&self, next: u64) -> Result<B256, StateError> {
        let number = next - 1;
        let bytes = self.log.get(number, Kind::WriteSet)?;
        changes::root_of(Input(&bytes)).map_err(super::open::damaged(Kind::WriteSet, number))
    }

    fn go_back(&mut self, changes: &Prepared, left: Vec<Left>) -> Result<(), StateError> {
        self.flat.write(changes, self.config.threads);
        for (id, slots) in left {
            self.flat.give_back(id, &slots);
            self.tries.give_back(id);
        }
        self.tries.apply(changes, &self.flat)?;
        let (_, roots) = self.tries.hash(&self.flat)?;
        self.flat.set_storage_roots(&roots)
    }

    /// Nothing has happened since the block before `next`, whose root was `root`.
    fn end_going_back(&mut self, next: u64, root: B256) -> Result<(), StateError> {
        self.flat.forget_blocks(next, root);
        self.codes.clear();
        self.storage_roots.clear();
        self.root = None;
        self.spent = Spent::default();
        let computed = self.tries.root();
        match computed == root {
            true => Ok(()),
            false => self.stop(StateError::Root {
                block: next.saturating_sub(1),
                expected: root,
                computed,
            }),
        }
    }
}
