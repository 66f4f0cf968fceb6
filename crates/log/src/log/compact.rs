//! Making journals into archives, and dropping archives.

use super::{Archived, Log, open::remove};
use crate::{
    archive::{Archive, Writer},
    error::LogError,
    files::Files,
    journal::Journal,
    parts::Kind,
};

impl<F: Files> Log<F> {
    /// Compresses all journals but the one that grows; how many blocks that were.
    ///
    /// A journal is there until its archives are durable, so a crash on the way loses
    /// nothing.
    ///
    /// # Errors
    /// If archives cannot be written, or a journal is damaged. The log goes on without.
    pub fn compact(&mut self) -> Result<u64, LogError> {
        self.must_go_on()?;
        let mut blocks = 0;
        while self.journals.len() > 1 {
            let journal = &self.journals[0];
            let archived = self.archive(journal)?;
            blocks += archived.last - archived.first + 1;
            let name = self.journals.remove(0).name;
            self.archives.push(archived);
            remove(&self.files, &name)?;
            self.has_new_names = true;
        }
        Ok(blocks)
    }

    fn archive(&self, journal: &Journal<F::File>) -> Result<Archived<F::File>, LogError> {
        let (first, last) = (journal.first, journal.next() - 1);
        let mut writers = Vec::new();
        let written = self.write_archives(journal, (first, last), &mut writers);
        if let Err(error) = written {
            for writer in &writers {
                // It is what cannot be written that matters.
                let _ = self.files.remove(&writer.temporary);
            }
            return Err(error);
        }
        self.sync_names()?;
        let mut archived = Archived {
            first,
            last,
            kinds: [const { None }; 5],
        };
        for kind in Kind::ALL {
            let archive = Archive::open(&self.files, kind, first, last)?;
            archived.kinds[kind as usize] = Some(archive);
        }
        Ok(archived)
    }

    fn write_archives(
        &self,
        journal: &Journal<F::File>,
        blocks: (u64, u64),
        writers: &mut Vec<Writer<F::File>>,
    ) -> Result<(), LogError> {
        let (chunk, level) = (self.config.chunk_bytes, self.config.level);
        for kind in Kind::ALL {
            writers.push(Writer::create(&self.files, kind, blocks, chunk, level)?);
        }
        for number in blocks.0..=blocks.1 {
            let (head, frame) = journal.frame(number)?;
            for (kind, writer) in Kind::ALL.into_iter().zip(&mut *writers) {
                writer.add(&frame[head.part(kind)])?;
            }
        }
        for writer in &mut *writers {
            writer.finish()?;
        }
        for writer in writers {
            self.files
                .rename(&writer.temporary, &writer.name)
                .map_err(LogError::io("renaming", &writer.temporary))?;
        }
        Ok(())
    }

    /// Drops one kind of blocks below `below`, as far as whole archives have no others;
    /// how many blocks that were. Call [`Log::compact`] before: journals are not touched.
    ///
    /// The newest archives stay, and of others the last kind until they are the oldest:
    /// blocks that are in no file at all are known as lost ones.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn prune(&mut self, kind: Kind, below: u64) -> Result<u64, LogError> {
        self.must_go_on()?;
        let (mut blocks, mut index) = (0, 0);
        while index + 1 < self.archives.len() && self.archives[index].last < below {
            let archived = &self.archives[index];
            let is_last_kind = archived.kinds.iter().flatten().count() == 1;
            let archive = archived.kinds[kind as usize].as_ref();
            let Some(archive) = archive.filter(|_| !is_last_kind || index == 0) else {
                index += 1;
                continue;
            };
            if is_last_kind {
                // The ones before have to be gone for good.
                self.sync_names()?;
            }
            remove(&self.files, &archive.name)?;
            self.has_new_names = true;
            blocks += archived.last - archived.first + 1;
            if is_last_kind {
                self.archives.remove(0);
            } else {
                self.archives[index].kinds[kind as usize] = None;
                index += 1;
            }
        }
        Ok(blocks)
    }
}
