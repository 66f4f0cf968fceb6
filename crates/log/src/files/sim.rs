//! A disk in memory that does what real ones do when the power goes.
//!
//! What was written is seen at once, and is durable only after a sync. A crash keeps, of
//! what was not, any sectors and none of the others, in any order; and any of the changed
//! names.

use super::{Files, LogFile};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes that are written together or not at all.
const SECTOR: usize = 512;

/// What is going to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: a part is written.
    Full,
    /// A sync fails, and what was to be synced is lost.
    Sync,
}

/// A simulated disk. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    random: Random,
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// What was done to names since they were synced.
    renamed: Vec<NameChange>,
    fault: Option<(Fault, u64)>,
    syncs: u64,
}

#[derive(Debug, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// What was done since the last sync.
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(String, usize),
    Remove(String),
}

/// Numbers from a seed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

impl State {
    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    /// Whether it goes wrong now.
    fn fails(&mut self, kind: Fault) -> bool {
        match &mut self.fault {
            Some((fault, 0)) if *fault == kind => true,
            Some((fault, left)) if *fault == kind => {
                *left -= 1;
                false
            }
            _ => false,
        }
    }

    fn rename(&mut self, change: NameChange) {
        apply_name(&mut self.names, &change);
        self.renamed.push(change);
    }

    fn number(&self, name: &str) -> io::Result<usize> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, name.to_owned()))
    }
}

fn apply_name(names: &mut BTreeMap<String, usize>, change: &NameChange) {
    match change {
        NameChange::Put(name, number) => {
            names.retain(|_, other| other != number);
            names.insert(name.clone(), *number);
        }
        NameChange::Remove(name) => {
            names.remove(name);
        }
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, new) => {
            let end = at + new.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*at..end].copy_from_slice(new);
        }
        Change::Cut(len) => bytes.resize(*len, 0),
    }
}

impl SimDisk {
    /// An empty disk; everything that happens by chance comes from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = State {
            random: Random(seed),
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The power goes, and comes back. What is open now must not be used any more.
    pub fn crash(&self) {
        let mut state = self.state();
        let mut names = state.durable_names.clone();
        for change in std::mem::take(&mut state.renamed) {
            if state.below(3) > 0 {
                apply_name(&mut names, &change);
            }
        }
        for number in 0..state.files.len() {
            let pending = std::mem::take(&mut state.files[number].pending);
            for change in pending {
                for part in sectors(change) {
                    if state.below(3) > 0 {
                        apply(&mut state.files[number].durable, &part);
                    }
                }
            }
            state.files[number].seen = state.files[number].durable.clone();
        }
        state.durable_names.clone_from(&names);
        state.names = names;
        state.fault = None;
    }

    /// From now on this goes wrong, after `left` times that it goes well.
    pub fn fail(&self, fault: Fault, left: u64) {
        self.state().fault = Some((fault, left));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.state().fault = None;
    }

    /// Changes one bit of a file, on disk and in memory.
    pub fn flip(&self, name: &str, bit: usize) {
        let mut state = self.state();
        let number = state.names[name];
        let file = &mut state.files[number];
        for bytes in [&mut file.seen, &mut file.durable] {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    /// How often a file was synced.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }
}

/// A change as those of single sectors.
fn sectors(change: Change) -> Vec<Change> {
    let Change::Write(at, bytes) = change else {
        return vec![change];
    };
    let mut parts = Vec::new();
    let mut from = 0;
    while from < bytes.len() {
        let to = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
        parts.push(Change::Write(at + from, bytes[from..to].to_vec()));
        from = to;
    }
    parts
}

impl Files for SimDisk {
    type File = SimFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<SimFile> {
        let mut state = self.state();
        let number = state.files.len();
        state.files.push(Content::default());
        state.rename(NameChange::Put(name.to_owned(), number));
        drop(state);
        Ok(SimFile {
            disk: self.clone(),
            number,
        })
    }

    fn open(&self, name: &str) -> io::Result<SimFile> {
        let number = self.state().number(name)?;
        Ok(SimFile {
            disk: self.clone(),
            number,
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let number = state.number(from)?;
        state.rename(NameChange::Put(to.to_owned(), number));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.number(name)?;
        state.rename(NameChange::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.fails(Fault::Sync) {
            return Err(io::Error::other("simulated failure of fsync"));
        }
        state.durable_names = state.names.clone();
        state.renamed.clear();
        Ok(())
    }
}

/// A file of a [`SimDisk`].
#[derive(Debug)]
pub struct SimFile {
    disk: SimDisk,
    number: usize,
}

impl SimFile {
    fn change(&self, state: &mut State, change: Change) {
        let file = &mut state.files[self.number];
        apply(&mut file.seen, &change);
        file.pending.push(change);
    }
}

impl LogFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.number].seen.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let state = self.disk.state();
        let seen = &state.files[self.number].seen;
        let at = at as usize;
        let found = seen.get(at..at.saturating_add(bytes.len()));
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let is_full = state.fails(Fault::Full);
        let len = match is_full {
            true => state.below(bytes.len() + 1),
            false => bytes.len(),
        };
        self.change(
            &mut state,
            Change::Write(at as usize, bytes[..len].to_vec()),
        );
        match is_full {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        self.change(&mut state, Change::Cut(len as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.syncs += 1;
        let fails = state.fails(Fault::Sync);
        let pending = std::mem::take(&mut state.files[self.number].pending);
        if fails {
            // As Linux does: the pages are clean afterwards, and were not written.
            return Err(io::Error::other("simulated failure of fsync"));
        }
        for change in &pending {
            apply(&mut state.files[self.number].durable, change);
        }
        Ok(())
    }
}
