//! The store on disk: MDBX, embedded.

use super::{EachRow, Rows, Store, Table};
use crate::error::StateError;
use signet_libmdbx::{
    Database, DatabaseFlags, Environment, Geometry, MdbxError, Mode, SyncMode, WriteFlags,
    sys::PageSize,
    tx::aliases::{RoTxSync, RwTxUnsync},
};
use std::{
    borrow::Cow,
    fmt, fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Read transactions of a handle; threads beyond so many share them.
const READERS: usize = 16;

/// Most that the file may grow to: address space only.
const MOST_BYTES: usize = 4 << 40;

/// What the file grows by.
const GROWTH: isize = 64 << 20;

/// Tables in a file of MDBX, in its durable mode.
///
/// One process at a time: the log beside it is locked.
pub struct Mdbx {
    environment: Environment,
    tables: [Database; Table::ALL.len()],
    /// Of the same snapshot.
    readers: Vec<RoTxSync>,
}

impl fmt::Debug for Mdbx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mdbx").finish_non_exhaustive()
    }
}

impl Mdbx {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::Open {
            path: folder.to_owned(),
            source: Box::new(source),
        };
        fs::create_dir_all(folder).map_err(|source| StateError::Open {
            path: folder.to_owned(),
            source: Box::new(source),
        })?;
        let mode = Mode::ReadWrite {
            sync_mode: SyncMode::Durable,
        };
        let environment = Environment::builder()
            .set_max_dbs(Table::ALL.len())
            .set_max_readers(4096)
            .set_flags(signet_libmdbx::EnvironmentFlags {
                no_rdahead: true,
                ..mode.into()
            })
            .set_geometry(Geometry {
                size: Some(0..MOST_BYTES),
                growth_step: Some(GROWTH),
                shrink_threshold: None,
                page_size: Some(PageSize::Set(4096)),
            })
            .open(folder)
            .map_err(failed)?;
        let transaction = environment.begin_rw_unsync().map_err(failed)?;
        let mut tables = Vec::new();
        for table in Table::ALL {
            let made = transaction.create_db(Some(table.name()), DatabaseFlags::empty());
            tables.push(made.map_err(failed)?);
        }
        transaction.commit().map_err(failed)?;
        let tables = tables.try_into().expect("one for each table");
        Ok(Self {
            readers: readers(&environment)?,
            environment,
            tables,
        })
    }

    fn table(&self, table: Table) -> Database {
        self.tables[table as usize]
    }

    /// One of the read transactions, another one for each thread.
    fn reader(&self) -> &RoTxSync {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        &self.readers[NUMBER.with(|number| *number) % READERS]
    }
}

fn readers(environment: &Environment) -> Result<Vec<RoTxSync>, StateError> {
    environment
        .begin_ro_sync_multi(READERS)
        .map_err(StateError::store("reading"))
}

impl Store for Mdbx {
    fn get(&self, table: Table, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), StateError> {
        let value: Option<Cow<'_, [u8]>> = self
            .reader()
            .get(self.table(table).dbi(), key)
            .map_err(StateError::store("reading"))?;
        if let Some(value) = value {
            with(&value);
        }
        Ok(())
    }

    fn scan(&self, table: Table, from: &[u8], each: &mut EachRow<'_>) -> Result<(), StateError> {
        let mut cursor = self
            .reader()
            .cursor(self.table(table))
            .map_err(StateError::store("reading"))?;
        let mut row = cursor
            .set_range::<Cow<'_, [u8]>, Cow<'_, [u8]>>(from)
            .map_err(StateError::store("reading"))?;
        while let Some((key, value)) = row {
            if each(&key, &value).is_break() {
                break;
            }
            row = cursor.next().map_err(StateError::store("reading"))?;
        }
        Ok(())
    }

    fn write(
        &self,
        fill: &mut dyn FnMut(&mut dyn Rows) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let begun = self.environment.begin_rw_unsync();
        let transaction = begun.map_err(StateError::store("writing"))?;
        fill(&mut Batch {
            transaction: &transaction,
            tables: &self.tables,
        })?;
        transaction.commit().map_err(StateError::store("writing"))
    }

    fn refresh(&mut self) -> Result<(), StateError> {
        self.readers.clear();
        self.readers = readers(&self.environment)?;
        Ok(())
    }

    fn handle(&self) -> Result<Self, StateError> {
        Ok(Self {
            readers: readers(&self.environment)?,
            environment: self.environment.clone(),
            tables: self.tables,
        })
    }

    fn rows(&self, table: Table) -> Result<u64, StateError> {
        let stat = self.reader().db_stat(&self.table(table));
        let stat = stat.map_err(StateError::store("reading"))?;
        Ok(stat.entries() as u64)
    }

    fn size(&self) -> Result<u64, StateError> {
        let info = self.environment.info();
        let info = info.map_err(StateError::store("reading"))?;
        Ok((info.last_pgno() as u64 + 1) * 4096)
    }
}

/// A write transaction.
struct Batch<'t> {
    transaction: &'t RwTxUnsync,
    tables: &'t [Database; Table::ALL.len()],
}

impl Rows for Batch<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StateError> {
        self.transaction
            .put(self.tables[table as usize], key, value, WriteFlags::UPSERT)
            .map_err(StateError::store("writing"))
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StateError> {
        match self.transaction.del(self.tables[table as usize], key, None) {
            Ok(_) | Err(MdbxError::NotFound) => Ok(()),
            Err(error) => Err(StateError::store("writing")(error)),
        }
    }
}
