//! Opening a log: what a crash has left is cut off or cleaned away, damage is an error.

use super::{Archived, Log, LogConfig};
use crate::{
    archive::{self, Archive},
    error::LogError,
    files::Files,
    journal::{self, Journal},
    parts::Kind,
};
use std::collections::BTreeMap;

/// Kinds of which there are archives, by first and last block.
type Found = BTreeMap<(u64, u64), Vec<Kind>>;

impl<F: Files> Log<F> {
    /// Opens the log in a folder, or begins one if the folder has none.
    ///
    /// # Errors
    /// If something is damaged or missing that was durable once, or if files cannot be
    /// used.
    pub fn open(files: F, config: LogConfig) -> Result<Self, LogError> {
        let (mut found, mut journals) = (Found::new(), BTreeMap::new());
        let names = files.names();
        for name in names.map_err(LogError::io("listing", "the folder"))? {
            if name.ends_with(archive::TEMPORARY) {
                remove(&files, &name)?;
            } else if let Some((first, last, kind)) = archive::parse(&name) {
                found.entry((first, last)).or_default().push(kind);
            } else if let Some(first) = journal::parse(&name) {
                journals.insert(first, name);
            }
        }
        settle_compaction(&files, &mut found, &mut journals)?;
        let archives = open_archives(&files, found)?;
        let start = archives
            .last()
            .map_or(config.first, |archived| archived.last + 1);
        let mut log = Self {
            files,
            config,
            archives,
            journals: Vec::new(),
            synced: 0,
            has_new_names: true,
            is_stopped: false,
            buffer: Vec::new(),
        };
        log.open_journals(journals, start)?;
        // What is there may be in memory only, if it was the process that crashed.
        log.try_sync()?;
        match log.synced < config.at_least {
            true => Err(LogError::Lost {
                next: log.synced,
                at_least: config.at_least,
            }),
            false => Ok(log),
        }
    }

    fn open_journals(&mut self, found: BTreeMap<u64, String>, start: u64) -> Result<(), LogError> {
        let last = found.keys().next_back().copied();
        let (mut next, mut before) = (start, None);
        for (first, name) in found {
            // All but the last were made durable before the next one began.
            let durable = match Some(first) == last {
                true => self.config.at_least,
                false => u64::MAX,
            };
            let opened = Journal::open(&self.files, &name, first, before, durable)?;
            if let (_, Some(torn)) = opened {
                tracing::warn!(
                    file = name,
                    at = torn.at,
                    bytes = torn.bytes,
                    "a torn tail is cut off"
                );
            }
            let Some(journal) = opened.0 else {
                remove(&self.files, &name)?;
                continue;
            };
            if first != next {
                let (from, to) = (next, first.saturating_sub(1));
                return Err(LogError::Gap { from, to });
            }
            (next, before) = (journal.next(), Some(journal.last_checksum()));
            self.journals.push(journal);
        }
        if self.journals.is_empty() {
            let before = before.unwrap_or(0);
            self.journals
                .push(Journal::create(&self.files, next, before)?);
        }
        Ok(())
    }
}

/// A compaction that was interrupted: if all its archives are there the journal goes, or
/// else they go.
fn settle_compaction<F: Files>(
    files: &F,
    found: &mut Found,
    journals: &mut BTreeMap<u64, String>,
) -> Result<(), LogError> {
    let mut failed = Vec::new();
    for (blocks, kinds) in &*found {
        if !journals.contains_key(&blocks.0) {
            continue;
        }
        if kinds.len() == Kind::ALL.len() {
            // Not before their names are durable.
            files
                .sync_names()
                .map_err(LogError::io("syncing", "the folder"))?;
            remove(files, &journals[&blocks.0])?;
            journals.remove(&blocks.0);
        } else {
            for kind in kinds {
                remove(files, &archive::name(*kind, blocks.0, blocks.1))?;
            }
            failed.push(*blocks);
        }
    }
    failed.iter().for_each(|blocks| {
        found.remove(blocks);
    });
    Ok(())
}

fn open_archives<F: Files>(files: &F, found: Found) -> Result<Vec<Archived<F::File>>, LogError> {
    let mut archives: Vec<Archived<F::File>> = Vec::new();
    for ((first, last), kinds) in found {
        if let Some(before) = archives.last()
            && before.last + 1 != first
        {
            let (from, to) = (before.last + 1, first.saturating_sub(1));
            return Err(LogError::Gap { from, to });
        }
        let mut archived = Archived {
            first,
            last,
            kinds: [const { None }; 5],
        };
        for kind in kinds {
            archived.kinds[kind as usize] = Some(Archive::open(files, kind, first, last)?);
        }
        archives.push(archived);
    }
    Ok(archives)
}

pub(super) fn remove<F: Files>(files: &F, name: &str) -> Result<(), LogError> {
    files.remove(name).map_err(LogError::io("removing", name))
}
