//! Looking whether everything is as it was written, and how much there is.

use super::State;
use crate::{
    error::StateError,
    store::{Store, Table, sealed},
    tries::Tries,
};
use alloy_primitives::keccak256;
use parallax_log::Files;
use std::ops::ControlFlow;

/// What [`State::verify`] has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Blocks in the log.
    pub blocks: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Accounts.
    pub accounts: u64,
    /// Codes in the store.
    pub codes: u64,
    /// Rows of history in the store.
    pub history_rows: u64,
}

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Rows in the store, by table.
    pub rows: Vec<(&'static str, u64)>,
    /// Bytes of the store on disk.
    pub store_bytes: u64,
    /// Bytes of the log on disk.
    pub log_bytes: u64,
    /// Bytes of memory that tries take.
    pub trie_bytes: usize,
    /// Storage tries that are in memory.
    pub storage_tries: usize,
    /// Bytes of memory of cache and layers, roughly.
    pub flat_bytes: usize,
}

impl<S: Store + 'static, F: Files> State<S, F> {
    /// Accounts in the store: about as many as [`State::verify`] tells its second `step` of.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn accounts(&self) -> Result<u64, StateError> {
        self.flat.store.rows(Table::Accounts)
    }

    /// Bytes of the log: what [`State::verify`] tells its first `step` of.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        self.log.size()
    }

    /// Reads everything: every checksum of the log, every code, and every account and word
    /// for tries that are made anew, whose root must be the one that was written.
    /// `log_step` is told of bytes of the log, `account_step` of accounts.
    ///
    /// # Errors
    /// The first damage that is found.
    pub fn verify(
        &self,
        log_step: &mut dyn FnMut(u64),
        account_step: &(dyn Fn(u64) + Sync),
    ) -> Result<Verified, StateError> {
        self.must_go_on()?;
        let log = self.log.verify(log_step)?;
        let codes = self.verify_codes()?;
        let history_rows = self.verify_history()?;
        let accounts = std::sync::atomic::AtomicU64::new(0);
        let mut tries = Tries::new(0, self.config.threads);
        let computed = tries.build(&self.flat, &|count| {
            accounts.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
            account_step(count);
        })?;
        let expected = self.tries.root();
        if computed != expected || expected != self.last_root() {
            return Err(StateError::Root {
                block: self.next().saturating_sub(1),
                expected: self.last_root(),
                computed,
            });
        }
        Ok(Verified {
            blocks: log.blocks,
            log_bytes: log.bytes,
            accounts: accounts.into_inner(),
            codes,
            history_rows,
        })
    }

    /// What no root covers has checksums at least. Among the words are those of accounts
    /// that went, which belong to states of the past.
    fn verify_history(&self) -> Result<u64, StateError> {
        let mut rows = 0;
        for table in Table::ALL {
            let is_history = !matches!(table, Table::Accounts | Table::Slots | Table::Codes);
            sealed::scan(&self.flat.store, table, &[], &mut |_, _| {
                rows += u64::from(is_history);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(rows)
    }

    fn verify_codes(&self) -> Result<u64, StateError> {
        let mut codes = 0;
        sealed::scan(&self.flat.store, Table::Codes, &[], &mut |hash, code| {
            codes += 1;
            if keccak256(code).as_slice() == hash {
                return Ok(ControlFlow::Continue(()));
            }
            let problem = "it is not the code of its hash";
            Err(StateError::row(Table::Codes, hash, problem))
        })?;
        Ok(codes)
    }

    /// How much there is.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn stats(&self) -> Result<Stats, StateError> {
        let rows = Table::ALL.into_iter().map(|table| {
            let rows = self.flat.store.rows(table)?;
            Ok((table.name(), rows))
        });
        Ok(Stats {
            rows: rows.collect::<Result<_, StateError>>()?,
            store_bytes: self.flat.store.size()?,
            log_bytes: self.log.size(),
            trie_bytes: self.tries.memory_bytes(),
            storage_tries: self.tries.storages(),
            flat_bytes: self.flat.memory_bytes(),
        })
    }
}
