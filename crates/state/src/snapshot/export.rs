//! Writing a snapshot.

use super::{ACCOUNTS, CODES, END, HEAD, WORDS, Words, Writer, is_chain, place::Place, put_words};
use crate::{
    account::{Account, slot_of},
    codec::{put_bytes, put_number},
    error::StateError,
    flat::{AccountLeaves, SlotLeaves, each_account, each_word},
    state::State,
    store::Store,
};
use alloy_primitives::{
    B256,
    map::{B256HashMap, B256HashSet},
};
use parallax_log::{Files, Kind};
use parallax_trie::{EMPTY_ROOT, Leaves, Trie, TrieError};
use revm::primitives::KECCAK_EMPTY;
use std::{io::Write, ops::ControlFlow};

/// Words up to which they stand with their account.
const FEW: usize = 64;

/// Bytes of code in a chunk, at least.
const CODE_BYTES: usize = 4 << 20;

/// What is in a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The block after which the state was so, and one more.
    pub next: u64,
    /// The root.
    pub root: B256,
    /// Accounts.
    pub accounts: u64,
    /// Words of storage.
    pub words: u64,
    /// Codes.
    pub codes: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl<S: Store + 'static, F: Files> State<S, F> {
    /// Writes the state after the last block as a snapshot. `step` is told of accounts.
    ///
    /// # Errors
    /// If there is no block yet, if one has begun, or if something cannot be read or
    /// written.
    pub fn export(
        &self,
        out: impl Write,
        step: &mut dyn FnMut(u64),
    ) -> Result<Exported, StateError> {
        self.must_be_between_blocks()?;
        let Some(last) = self.next().checked_sub(1) else {
            return Err(StateError::Changes("there is no block yet".to_owned()));
        };
        let mut export = Export {
            state: self,
            out: Writer::new(out)?,
            codes: B256HashSet::default(),
            done: Exported {
                next: self.next(),
                root: self.last_root(),
                ..Exported::default()
            },
        };
        export.head(last)?;
        let roots = B256HashMap::default();
        let leaves = AccountLeaves {
            flat: &self.flat,
            roots: &roots,
        };
        for place in places(self.tries.accounts(), &leaves)? {
            let before = export.done.accounts;
            export.accounts(&place)?;
            step(export.done.accounts - before);
        }
        export.codes()?;
        export.end()
    }
}

/// A trie in pieces.
fn places<L: Leaves<Error = StateError>>(
    trie: &Trie,
    leaves: &L,
) -> Result<Vec<Place>, StateError> {
    let parts = (0..=u8::MAX).map(|byte| {
        let proof = trie.prove_part(byte, leaves)?;
        Ok(proof.map(|proof| Place::Part(byte, proof)))
    });
    let parts: Result<Option<Vec<_>>, TrieError<StateError>> = parts.collect();
    Ok(parts?.unwrap_or_else(|| vec![Place::All]))
}

struct Export<'s, S: Store + 'static, F: Files, W> {
    state: &'s State<S, F>,
    out: Writer<W>,
    codes: B256HashSet,
    done: Exported,
}

impl<S: Store + 'static, F: Files, W: Write> Export<'_, S, F, W> {
    fn head(&mut self, last: u64) -> Result<(), StateError> {
        let known = self.state.flat.hashes.1.len() as u64;
        let first = self.done.next - known.max(1);
        let headers = (first..=last).rev();
        let headers = headers.map_while(|number| self.state.part(number, Kind::Header).ok());
        let mut headers: Vec<_> = headers.collect();
        headers.reverse();
        if !is_chain(&headers, &self.done.root) {
            let problem = "headers of the last blocks are no chain that ends with the state root";
            return Err(StateError::Changes(problem.to_owned()));
        }
        let mut content = self.done.next.to_be_bytes().to_vec();
        content.extend_from_slice(self.done.root.as_slice());
        put_number(&mut content, headers.len() as u64);
        headers
            .iter()
            .for_each(|header| put_bytes(&mut content, header));
        self.out.chunk(HEAD, &content)
    }

    fn accounts(&mut self, place: &Place) -> Result<(), StateError> {
        let mut accounts = Vec::new();
        each_account(
            &self.state.flat,
            None,
            &place.prefix(),
            &mut |key, account| {
                accounts.push((*key, account));
                ControlFlow::Continue(())
            },
        )?;
        let mut content = Vec::new();
        place.put(&mut content);
        put_number(&mut content, accounts.len() as u64);
        let (mut row, mut large) = (Vec::new(), Vec::new());
        for (key, account) in &accounts {
            row.clear();
            Account { id: 0, ..*account }.put(&mut row);
            put_bytes(&mut content, &row);
            if account.code_hash != KECCAK_EMPTY {
                self.codes.insert(account.code_hash);
            }
            let few = match account.storage_root == EMPTY_ROOT {
                true => Some(Words::new()),
                false => self.words(account.id, &Place::All, FEW)?,
            };
            content.push(u8::from(few.is_some()));
            match few {
                Some(words) => {
                    put_words(&words, &mut content);
                    self.done.words += words.len() as u64;
                }
                None => large.push((*key, account.id)),
            }
        }
        self.done.accounts += accounts.len() as u64;
        self.out.chunk(ACCOUNTS, &content)?;
        large
            .iter()
            .try_for_each(|(key, id)| self.storage(key, *id))
    }

    /// Words of a place; `None` if there are more than `most`.
    fn words(&self, id: u64, place: &Place, most: usize) -> Result<Option<Words>, StateError> {
        let (mut words, mut is_complete) = (Words::new(), true);
        each_word(
            &self.state.flat,
            None,
            id,
            &place.prefix(),
            &mut |key, word| {
                is_complete = words.len() < most;
                if !is_complete {
                    return ControlFlow::Break(());
                }
                words.push((slot_of(key), word));
                ControlFlow::Continue(())
            },
        )?;
        Ok(is_complete.then_some(words))
    }

    fn storage(&mut self, key: &B256, id: u64) -> Result<(), StateError> {
        let leaves = SlotLeaves {
            flat: &self.state.flat,
            id,
        };
        let built;
        let trie = match self.state.tries.storage(id) {
            Some(trie) => trie,
            None => {
                built = Trie::build(&leaves, self.state.config().threads)?;
                &built
            }
        };
        for place in places(trie, &leaves)? {
            let words = self.words(id, &place, usize::MAX)?.unwrap_or_default();
            self.done.words += words.len() as u64;
            let mut content = key.to_vec();
            place.put(&mut content);
            put_words(&words, &mut content);
            self.out.chunk(WORDS, &content)?;
        }
        Ok(())
    }

    fn codes(&mut self) -> Result<(), StateError> {
        let hashes: Vec<_> = self.codes.iter().copied().collect();
        self.done.codes = hashes.len() as u64;
        let (mut content, mut count) = (Vec::new(), 0);
        for hash in &hashes {
            let code = self.state.flat.code(hash)?;
            let missing = || StateError::row(crate::Table::Codes, hash.as_slice(), "it is missing");
            put_bytes(
                &mut content,
                code.ok_or_else(missing)?.original_byte_slice(),
            );
            count += 1;
            if content.len() >= CODE_BYTES || count == hashes.len() {
                self.out.chunk(CODES, &content)?;
                content.clear();
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<Exported, StateError> {
        let mut content = Vec::new();
        for count in [self.done.accounts, self.done.words, self.done.codes] {
            put_number(&mut content, count);
        }
        self.out.chunk(END, &content)?;
        self.out.out.flush().map_err(super::writing)?;
        self.done.bytes = self.out.bytes;
        Ok(self.done)
    }
}
