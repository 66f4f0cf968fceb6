//! The state against a map of accounts.

mod bounds;
mod faults;
mod kill;
mod mdbx;
mod model;
mod snapshot;
mod world;

use crate::{History, StateConfig};
use parallax_log::LogConfig;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Small, so that everything happens often.
const CONFIG: StateConfig = StateConfig {
    threads: 2,
    cache_bytes: 1 << 12,
    layer_bytes: 30_000,
    trie_bytes: 20_000,
    history: History::Blocks(6),
    log: LogConfig {
        segment_bytes: 6_000,
        chunk_bytes: 2_000,
        level: 1,
        first: 0,
        at_least: 0,
    },
};

fn seeds(otherwise: u64) -> u64 {
    let seeds = std::env::var("PARALLAX_SEEDS").map(|seeds| seeds.parse());
    seeds.map_or(otherwise, |seeds| {
        seeds.expect("PARALLAX_SEEDS is a number")
    })
}

/// A folder that goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("parallax-state-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}
