//! Reading a snapshot into an empty store; nothing of it is believed.

use super::{
    ACCOUNTS, CODES, END, Exported, HEAD, Reader, WORDS, Words, is_chain,
    place::{Parts, Place},
    read_words,
};
use crate::{
    account::{Account, WordLeaf, slot_key},
    checkpoint::Head,
    codec::{Broken, Input},
    error::StateError,
    store::{Rows, Store, Table, sealed},
};
use alloy_primitives::{
    B256, keccak256,
    map::{B256HashMap, B256HashSet},
};
use parallax_trie::EMPTY_ROOT;
use revm::primitives::KECCAK_EMPTY;
use std::io::Read;

/// Reads a snapshot into a store that is empty. Every chunk is proved against `root`, or,
/// if none is given, the one that the snapshot says: it is up to the caller then to compare
/// it with one that can be trusted. `step` is told of accounts. What is in the snapshot.
///
/// If it is interrupted, the store is to be removed: it cannot be opened as a state then.
///
/// # Errors
/// If the snapshot is damaged, incomplete or another one, if the store is not empty, or if
/// something cannot be read or written.
pub fn import<S: Store>(
    store: &S,
    input: impl Read,
    root: Option<B256>,
    threads: usize,
    step: &mut dyn FnMut(u64),
) -> Result<Exported, StateError> {
    for table in Table::ALL {
        if store.rows(table)? > 0 {
            return Err(StateError::Foreign("is not empty".to_owned()));
        }
    }
    let mut reader = Reader::new(input)?;
    let mut import = Import::begin(store, &mut reader, root, threads)?;
    loop {
        let (kind, content) = reader.next()?;
        let before = import.done.accounts;
        let taken = match kind {
            ACCOUNTS => import.accounts(Input(&content)),
            WORDS => import.words(Input(&content)),
            CODES => import.codes(Input(&content)),
            END => return import.end(Input(&content), &reader),
            _ => Err(Problem::new("it is of a kind that there is not")),
        };
        taken.map_err(|problem| problem.of(&reader))?;
        step(import.done.accounts - before);
    }
}

/// What is wrong with a chunk, or with the store.
enum Problem {
    Chunk(String),
    Store(StateError),
}

impl Problem {
    fn new(what: impl Into<String>) -> Self {
        Self::Chunk(what.into())
    }

    fn of<R: Read>(self, reader: &Reader<R>) -> StateError {
        match self {
            Self::Chunk(problem) => reader.error(problem),
            Self::Store(error) => error,
        }
    }
}

impl From<Broken> for Problem {
    fn from(Broken: Broken) -> Self {
        Self::new(Broken::PROBLEM)
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        Self::Store(error)
    }
}

/// Storage that comes in chunks of its own.
struct Large {
    id: u64,
    root: B256,
    parts: Parts,
}

struct Import<'s, S> {
    store: &'s S,
    threads: usize,
    next_id: u64,
    headers: Vec<Vec<u8>>,
    parts: Parts,
    large: B256HashMap<Large>,
    /// Codes that accounts have, and those that were there.
    wanted: B256HashSet,
    given: B256HashSet,
    done: Exported,
}

impl<'s, S: Store> Import<'s, S> {
    fn begin<R: Read>(
        store: &'s S,
        reader: &mut Reader<R>,
        wanted: Option<B256>,
        threads: usize,
    ) -> Result<Self, StateError> {
        let (kind, content) = reader.next()?;
        let read = |mut input: Input<'_>| {
            let (next, root) = (input.fixed()?, input.hash()?);
            let headers = (0..input.count()?).map(|_| Ok(input.bytes()?.to_vec()));
            let headers: Vec<_> = headers.collect::<Result<_, Broken>>()?;
            input.end()?;
            Ok::<_, Broken>((next, root, headers))
        };
        let head = read(Input(&content)).ok().filter(|_| kind == HEAD);
        let Some((next, root, headers)) = head else {
            return Err(reader.error("it is not the head of a snapshot"));
        };
        if next == 0 || headers.len() as u64 > next {
            return Err(reader.error("it is of no block"));
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != root) {
            return Err(reader.error(format!("its root is {root}, not {wanted}")));
        }
        if !is_chain(&headers, &root) {
            return Err(reader.error("its headers are no chain that ends with its root"));
        }
        let done = Exported {
            next,
            root,
            ..Exported::default()
        };
        Ok(Self {
            store,
            threads,
            next_id: 1,
            headers,
            parts: Parts::default(),
            large: B256HashMap::default(),
            wanted: B256HashSet::default(),
            given: B256HashSet::default(),
            done,
        })
    }

    fn accounts(&mut self, mut input: Input<'_>) -> Result<(), Problem> {
        let place = Place::read(&mut input)?;
        if !self.parts.add(&place) {
            return Err(Problem::new("these accounts have been there before"));
        }
        let mut accounts = Vec::new();
        for _ in 0..input.count()? {
            let mut account = Account::read(input.bytes()?)?;
            (account.id, self.next_id) = (self.next_id, self.next_id + 1);
            let words = match input.byte()? {
                0 => None,
                _ => Some(read_words(&mut input)?),
            };
            accounts.push((keccak256(account.address), account, words));
        }
        input.end()?;
        let leaves: Vec<_> = accounts
            .iter()
            .map(|(key, account, _)| (key, account.leaf()))
            .collect();
        let leaves: Vec<_> = leaves
            .iter()
            .map(|(key, leaf)| (*key, leaf.as_ref()))
            .collect();
        if !place.proves(&self.done.root, &leaves, self.threads) {
            return Err(Problem::new("these are not the accounts of the state root"));
        }
        for (key, account, words) in &accounts {
            self.note(key, account, words.as_ref())?;
        }
        self.store.write(&mut |rows| {
            let mut row = Vec::new();
            for (key, account, words) in &accounts {
                row.clear();
                account.put(&mut row);
                sealed::put(rows, Table::Accounts, key.as_slice(), &mut row)?;
                put(account.id, words.as_deref().unwrap_or_default(), rows)?;
            }
            Ok(())
        })?;
        self.done.accounts += accounts.len() as u64;
        Ok(())
    }

    /// Checks the words that stand with an account, or waits for them.
    fn note(
        &mut self,
        key: &B256,
        account: &Account,
        words: Option<&Words>,
    ) -> Result<(), Problem> {
        if account.code_hash != KECCAK_EMPTY {
            self.wanted.insert(account.code_hash);
        }
        let Some(words) = words else {
            let large = Large {
                id: account.id,
                root: account.storage_root,
                parts: Parts::default(),
            };
            self.large.insert(*key, large);
            return Ok(());
        };
        self.done.words += words.len() as u64;
        let is_right = match words.is_empty() {
            true => account.storage_root == EMPTY_ROOT,
            false => are_words(&Place::All, &account.storage_root, words, 1),
        };
        match is_right {
            true => Ok(()),
            false => Err(Problem::new(format!(
                "these are not the words of {}",
                account.address
            ))),
        }
    }

    fn words(&mut self, mut input: Input<'_>) -> Result<(), Problem> {
        let key = input.hash()?;
        let place = Place::read(&mut input)?;
        let words = read_words(&mut input)?;
        input.end()?;
        let Some(large) = self.large.get_mut(&key) else {
            return Err(Problem::new("it has words of no account"));
        };
        if !large.parts.add(&place) {
            return Err(Problem::new("these words have been there before"));
        }
        if !are_words(&place, &large.root, &words, self.threads) {
            return Err(Problem::new(format!(
                "these are not the words of the account with hash {key}"
            )));
        }
        let id = large.id;
        if large.parts.is_complete() {
            self.large.remove(&key);
        }
        self.done.words += words.len() as u64;
        self.store.write(&mut |rows| put(id, &words, rows))?;
        Ok(())
    }

    fn codes(&mut self, mut input: Input<'_>) -> Result<(), Problem> {
        let mut codes = Vec::new();
        while !input.is_empty() {
            let code = input.bytes()?;
            codes.push((keccak256(code), code));
        }
        for (hash, _) in &codes {
            if !self.wanted.contains(hash) {
                return Err(Problem::new("it has code of no account"));
            }
            self.given.insert(*hash);
        }
        self.store.write(&mut |rows| {
            let mut codes = codes.iter();
            codes.try_for_each(|(hash, code)| {
                sealed::put(rows, Table::Codes, hash.as_slice(), &mut code.to_vec())
            })
        })?;
        Ok(())
    }

    fn end<R: Read>(
        mut self,
        mut input: Input<'_>,
        reader: &Reader<R>,
    ) -> Result<Exported, StateError> {
        self.done.codes = self.given.len() as u64;
        let counts = [self.done.accounts, self.done.words, self.done.codes];
        let is_same = counts
            .iter()
            .all(|count| input.number().is_ok_and(|n| n == *count));
        if !is_same || !input.is_empty() {
            return Err(reader.error("it says that there is more, or less, than there was"));
        }
        if !self.parts.is_complete() || !self.large.is_empty() {
            return Err(reader.error("accounts or words are missing"));
        }
        if self.given != self.wanted {
            return Err(reader.error("code is missing"));
        }
        let head = Head::imported(self.done.next, self.done.root, self.next_id);
        self.store.write(&mut |rows| {
            head.put(rows)?;
            Head::put_before(&self.headers, rows)
        })?;
        Ok(self.done)
    }
}

fn are_words(place: &Place, root: &B256, words: &Words, threads: usize) -> bool {
    if words.iter().any(|(_, word)| word.is_zero()) {
        return false;
    }
    let leaves = words.iter().map(|(key, word)| (key, WordLeaf::new(word)));
    let leaves: Vec<_> = leaves.collect();
    let leaves: Vec<_> = leaves
        .iter()
        .map(|(key, leaf)| (*key, leaf.as_ref()))
        .collect();
    place.proves(root, &leaves, threads)
}

fn put(
    id: u64,
    words: &[(B256, alloy_primitives::U256)],
    rows: &mut dyn Rows,
) -> Result<(), StateError> {
    words.iter().try_for_each(|(slot, word)| {
        let mut value = word.to_be_bytes_trimmed_vec();
        sealed::put(rows, Table::Slots, &slot_key(id, slot), &mut value)
    })
}
