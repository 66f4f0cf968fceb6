//! Proofs of what a trie was, from what it is and what was there.

use crate::{
    Trie, TrieError,
    leaves::Leaves,
    node::Child,
    share::share,
    subtrie::Subtrie,
    top::{SPLIT, Top, Tops},
};
use alloy_primitives::B256;
use std::sync::{Mutex, PoisonError};

impl Trie {
    /// As [`Trie::proof`], for the trie as it was when it had the leaves `then`. `changed`
    /// are the first bytes of all keys that have changed since: only these parts are made
    /// anew, on `threads` threads. [`Trie::hash`] must have been called.
    ///
    /// # Errors
    /// If leaves cannot be read.
    pub fn proof_of<L: Leaves + ?Sized>(
        &self,
        key: &B256,
        changed: &[u8],
        then: &L,
        threads: usize,
    ) -> Result<Vec<Vec<u8>>, TrieError<L::Error>> {
        if !self.is_split() {
            return Self::build(then, threads)?.proof(key, then);
        }
        let made = Mutex::new(Vec::new());
        share(
            changed.to_vec(),
            &mut Vec::new(),
            threads,
            |byte, scratch| {
                let mut part = Subtrie::new(SPLIT);
                part.unfold(byte, then, scratch)?;
                made.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((byte, part));
                Ok(())
            },
        )?;
        let made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
        let made_of = |byte: u8| {
            made.iter()
                .find(|(of, _)| *of == byte)
                .map(|(_, part)| part)
        };
        let tops = (0..=u8::MAX).zip(&self.parts);
        let tops = tops.map(|(byte, part)| Top::of(made_of(byte).unwrap_or(part), byte));
        let mut proof = Vec::new();
        let depth = Tops::of(tops.collect(), then)?.prove(key, then, &mut proof)?;
        let Some(depth) = depth else {
            return Ok(proof);
        };
        let prove = |part: &Subtrie| match part.root {
            Child::Branch(id) => part.prove_below(id, depth, key, then, &mut proof),
            _ => Ok(()),
        };
        match made_of(key[0]) {
            Some(part) => {
                let mut prove = prove;
                prove(part)?;
            }
            None => self.unfolded(key[0], then, prove)?,
        }
        Ok(proof)
    }
}
