//! States that took long to prepare, kept in files.
//!
//! ```text
//!                      hit: read, check ──────────────┐
//! recipe ─> file name ─┤                              ├─> state and what is known of it
//!                      miss or damage: make, write ───┘
//! ```
//!
//! - The name of a file, and its header, are the digest of a *recipe*: what is made,
//!   from which seed, of which size, and by what (the sources of this crate, the
//!   versions of its dependencies, the artifacts that are deployed). Nothing old fits a
//!   new recipe.
//! - A file is used only if the digest in its header is that of its contents; damaged or
//!   cut, it is made anew, as if it were not there.
//! - Files appear whole: they are written under another name and then renamed.
//! - There are never more than a few: those used longest ago go first.
//!
//! A file that cannot be written or read only costs time, so that is no error.

mod encoding;

use crate::{ArtifactError, MemoryState, PublishedArtifacts};
use alloy_primitives::{B256, keccak256};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

/// Changes whenever files are laid out in another way.
const MAGIC: &[u8; 8] = b"PLXSNAP1";

const EXTENSION: &str = "snapshot";

/// A folder of prepared states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshots {
    folder: PathBuf,
    most: Bound,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    files: usize,
    bytes: u64,
}

/// Everything that a prepared state depends on.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    text: String,
    /// How long making it takes, roughly, in microseconds.
    work: usize,
}

/// What takes less work than this is made each time.
const WORTH_A_FILE: usize = 500_000;

impl Recipe {
    /// For a state of this name and seed, made by this version of this crate.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        let sources = env!("PARALLAX_WORKLOAD_SOURCES");
        Self {
            text: format!("{name} seed={seed} sources={sources}"),
            work: 0,
        }
    }

    /// Depends on a number of things as well, each of which takes so many microseconds.
    pub(crate) fn number(mut self, name: &str, value: usize, micros: usize) -> Self {
        self.text += &format!(" {name}={value}");
        self.work = self.work.saturating_add(value.saturating_mul(micros));
        self
    }

    /// Depends on what these files hold as well.
    pub(crate) fn artifacts(
        mut self,
        artifacts: &PublishedArtifacts,
        paths: &[&str],
    ) -> Result<Self, ArtifactError> {
        self.text += &format!(" artifacts={}", artifacts.digest(paths)?);
        Ok(self)
    }

    /// Whether the state is worth a file.
    pub(crate) fn is_large(&self) -> bool {
        self.work >= WORTH_A_FILE
    }

    fn digest(&self) -> B256 {
        keccak256(&self.text)
    }
}

impl Snapshots {
    /// Those of a folder, which is created when there is something to keep. At most 16
    /// files and 2 GiB are kept in it.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            most: Bound {
                files: 16,
                bytes: 2 << 30,
            },
        }
    }

    /// The state of a recipe and what is known of it: from its file, or else made, and
    /// kept.
    ///
    /// # Errors
    ///
    /// If making it fails.
    pub(crate) fn get<T, E>(
        &self,
        recipe: &Recipe,
        make: impl FnOnce() -> Result<(MemoryState, T), E>,
    ) -> Result<(MemoryState, T), E>
    where
        T: Serialize + DeserializeOwned,
    {
        let digest = recipe.digest();
        let path = self.folder.join(format!("{digest:x}.{EXTENSION}"));
        if let Some(found) = read(&path, digest) {
            touch(&path);
            return Ok(found);
        }
        let (state, known) = make()?;
        // What cannot be kept is made again next time.
        let _ = self.keep(&path, digest, &state, &known);
        Ok((state, known))
    }

    fn keep<T: Serialize>(
        &self,
        path: &Path,
        digest: B256,
        state: &MemoryState,
        known: &T,
    ) -> io::Result<()> {
        /// Of those of this process.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(&self.folder)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}.partial", std::process::id());
        let partial = self.folder.join(name);
        let written = write(&partial, digest, state, known).and_then(|()| {
            self.make_room(fs::metadata(&partial)?.len())?;
            fs::rename(&partial, path)
        });
        if written.is_err() {
            // It may not even have been created.
            let _ = fs::remove_file(&partial);
        }
        written
    }

    /// Removes those used longest ago until there is room for one more.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut kept = self.kept()?;
        kept.sort_by_key(|file| file.used);
        let mut files = kept.len() + 1;
        let mut total = bytes + kept.iter().map(|file| file.bytes).sum::<u64>();
        for file in kept {
            if files <= self.most.files && total <= self.most.bytes {
                break;
            }
            fs::remove_file(file.path)?;
            files -= 1;
            total -= file.bytes;
        }
        Ok(())
    }

    fn kept(&self) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            // Another process may just have removed it.
            if path.extension() == Some(OsStr::new(EXTENSION))
                && let Ok(metadata) = fs::metadata(&path)
            {
                kept.push(Kept {
                    used: metadata.modified()?,
                    bytes: metadata.len(),
                    path,
                });
            }
        }
        Ok(kept)
    }
}

/// A file that is there.
struct Kept {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// Notes that a file was used. Where that fails it is removed earlier.
fn touch(path: &Path) {
    if let Ok(file) = File::options().append(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

const HEADER: usize = MAGIC.len() + 2 * B256::len_bytes();

fn header(recipe: B256, contents: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &recipe[..], &keccak256(contents)[..]].concat()
}

/// Nothing if there is no such file or it is not whole.
fn read<T: DeserializeOwned>(path: &Path, digest: B256) -> Option<(MemoryState, T)> {
    let file = fs::read(path).ok()?;
    let (found, contents) = file.split_at_checked(HEADER)?;
    if found != header(digest, contents) {
        return None;
    }
    let contents = zstd::decode_all(contents).ok()?;
    let mut source = contents.as_slice();
    let known = encoding::bytes(&mut source)?;
    let known = serde_json::from_slice(known).ok()?;
    let state = encoding::decode(&mut source)?;
    source.is_empty().then_some((state, known))
}

fn write<T: Serialize>(
    path: &Path,
    digest: B256,
    state: &MemoryState,
    known: &T,
) -> io::Result<()> {
    let mut contents = Vec::new();
    encoding::put_bytes(&mut contents, &serde_json::to_vec(known)?);
    encoding::encode(state, &mut contents);
    // Most of it is hashes, which nothing makes smaller.
    let contents = zstd::encode_all(contents.as_slice(), 1)?;
    let mut file = File::create(path)?;
    file.write_all(&header(digest, &contents))?;
    file.write_all(&contents)
}

#[cfg(test)]
mod tests;
