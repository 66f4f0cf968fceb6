//! A store in memory, for tests and for chains that need not last.

use super::{EachRow, Rows, Store, Table};
use crate::error::StateError;
use std::{
    collections::BTreeMap,
    ops::{Bound, ControlFlow},
    sync::{Arc, Mutex, PoisonError},
};

type Tables = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Tables in memory. Its handles share what was written: the disk of a simulated machine.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    seen: Arc<Tables>,
    written: Arc<Mutex<Arc<Tables>>>,
}

impl MemoryStore {
    /// Without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another one with what has been written to this one, to which it does not write.
    #[must_use]
    pub fn fork(&self) -> Self {
        let written = self.latest();
        Self {
            seen: Arc::clone(&written),
            written: Arc::new(Mutex::new(written)),
        }
    }

    fn latest(&self) -> Arc<Tables> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&written)
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), StateError> {
        if let Some(value) = self.seen.get(&(table, key.to_vec())) {
            with(value);
        }
        Ok(())
    }

    fn scan(&self, table: Table, from: &[u8], each: &mut EachRow<'_>) -> Result<(), StateError> {
        let start = Bound::Included((table, from.to_vec()));
        let rows = self.seen.range((start, Bound::Unbounded));
        for ((_, key), value) in rows.take_while(|((of, _), _)| *of == table) {
            if each(key, value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn write(
        &self,
        fill: &mut dyn FnMut(&mut dyn Rows) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut tables = Tables::clone(&self.latest());
        fill(&mut tables)?;
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(tables);
        Ok(())
    }

    fn refresh(&mut self) -> Result<(), StateError> {
        self.seen = self.latest();
        Ok(())
    }

    fn handle(&self) -> Result<Self, StateError> {
        let mut handle = self.clone();
        handle.refresh()?;
        Ok(handle)
    }

    fn rows(&self, table: Table) -> Result<u64, StateError> {
        let rows = self.seen.keys().filter(|(of, _)| *of == table);
        Ok(rows.count() as u64)
    }

    fn size(&self) -> Result<u64, StateError> {
        let bytes = self
            .seen
            .iter()
            .map(|((_, key), value)| key.len() + value.len());
        Ok(bytes.sum::<usize>() as u64)
    }
}

impl Rows for Tables {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StateError> {
        self.insert((table, key.to_vec()), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StateError> {
        BTreeMap::remove(self, &(table, key.to_vec()));
        Ok(())
    }
}
