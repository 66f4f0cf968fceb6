//! What one execution sees: the block's memory below it, over the parent state.

use crate::{
    deltas::{self, Fees},
    ids::{FIRST, Index, index_of},
    memory::{AccountCell, Base, Life, Memory, SlotCell, Value, Visible, WorkerArenas},
    reads,
    scheduler::Transaction,
    vm::CodeCache,
};
use alloy_primitives::{Address, B256, U256};
use revm::{
    Database, DatabaseRef,
    context::TxEnv,
    database_interface::DBErrorMarker,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::cell::Cell;

/// How often a transaction looks whether the one whose slot it is about to read
/// is executed: a few microseconds, no more than giving up and coming back costs.
const LOOKS_AT_WRITER: usize = 1024;

const LOOKS_BETWEEN_YIELDS: usize = 64;

/// Why an execution could not go on.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ViewError<E> {
    /// The parent state could not be read.
    #[error("{0}")]
    Database(E),
    /// It needs what the transaction at this index has not (re-)written yet.
    #[error("waiting for index {0}")]
    Stall(Index),
    /// Something that it has read has changed.
    #[error("stale read")]
    Stale,
}

impl<E: std::error::Error + Send + Sync + 'static> DBErrorMarker for ViewError<E> {}

/// How reads are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Lower transactions may still change; reads are logged.
    Speculative,
    /// Everything below is final.
    Final,
}

/// An account as a transaction sees it when it loads it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) balance: U256,
    pub(crate) nonce: u64,
    pub(crate) code_hash: B256,
    /// Code, if it was at hand without asking the database.
    pub(crate) code: Option<Bytecode>,
    pub(crate) life: Option<Life>,
    pub(crate) exists: bool,
    /// False if `balance` is only a lower bound: the beneficiary's, while fees
    /// of lower transactions are unknown. See [`View::exact_balance`].
    pub(crate) balance_is_exact: bool,
}

/// The state that one transaction sees.
pub(crate) struct View<'m, DB> {
    pub(crate) db: &'m DB,
    pub(crate) memory: &'m Memory<'m>,
    pub(crate) arenas: &'m WorkerArenas,
    pub(crate) fees: Fees<'m>,
    pub(crate) codes: CodeCache,
    pub(crate) index: Index,
    pub(crate) mode: Mode,
    /// The block's transactions.
    pub(crate) transactions: &'m [TxEnv],
    /// Log reads even where everything below is final.
    pub(crate) log_reads: bool,
    /// Whether an empty account that exists differs from one that does not: before
    /// EIP-161, and for the refund of EIP-7702.
    pub(crate) sees_existence: bool,
    /// Sender and callee of the running transaction, which were looked up before.
    pub(crate) parties: [Option<&'m AccountCell>; 2],
    /// The running transaction was abandoned for a reason that waiting for a slot
    /// did not or cannot prevent.
    pub(crate) blames_callee: Cell<bool>,
    /// The running transaction has read a slot that others want too.
    pub(crate) met_contention: Cell<bool>,
    /// The running transaction has waited for another one's slot.
    pub(crate) has_waited: Cell<bool>,
    /// The scheduler's record of the running transaction, if it is one.
    pub(crate) transaction: Option<&'m Transaction>,
}

impl<DB> std::fmt::Debug for View<'_, DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("index", &self.index)
            .field("mode", &self.mode)
            .finish()
    }
}

impl<'m, DB: DatabaseRef> View<'m, DB> {
    #[inline]
    pub(crate) fn is_speculative(&self) -> bool {
        self.mode == Mode::Speculative
    }

    /// Notes that the running transaction depends on a location.
    #[inline]
    pub(crate) fn mark(&self, bit: usize) {
        if let (Mode::Speculative, Some(transaction)) = (self.mode, self.transaction) {
            transaction.signature.insert(bit);
        }
    }

    /// Whether somebody has asked the running transaction to check its reads.
    #[inline]
    pub(crate) fn is_suspect(&self) -> bool {
        self.mode == Mode::Speculative
            && self
                .transaction
                .is_some_and(|transaction| transaction.status.is_suspect())
    }

    /// The cell of `address`.
    #[inline]
    pub(crate) fn cell(&self, address: Address) -> &'m AccountCell {
        for known in self.parties.into_iter().flatten() {
            if known.address == address {
                return known;
            }
        }
        self.memory
            .account(address, self.memory.hash(&address), self.arenas)
    }

    /// The account in the parent state.
    #[inline]
    pub(crate) fn base(&self, cell: &'m AccountCell) -> Result<&'m Base, ViewError<DB::Error>> {
        if let Some(base) = cell.base() {
            return Ok(base);
        }
        let info = self.db.basic_ref(cell.address);
        let base = Base::new(info.map_err(ViewError::Database)?);
        if self.sees_existence && base.exists && base.info.is_empty() {
            // Whether it was touched since, and exists no longer, can matter.
            self.memory.note_list_is_not_enough();
        }
        self.memory.note_balance(&base.info.balance);
        cell.set_base(self.arenas.bases.alloc(base));
        // Somebody's base is there now.
        Ok(cell.base().expect("a base was just set"))
    }

    /// Whether the version of `writer` may be used.
    #[inline]
    fn check(&self, writer: Index) -> Result<(), Index> {
        if self.mode == Mode::Final || writer < FIRST {
            return Ok(());
        }
        if self.fees.scheduler.is_stable((writer - FIRST) as usize) {
            Ok(())
        } else {
            Err(writer)
        }
    }

    /// Loads an account.
    pub(crate) fn load(&mut self, cell: &'m AccountCell) -> Result<Loaded, ViewError<DB::Error>> {
        let base = self.base(cell)?;
        let mut loaded = Loaded {
            balance: base.info.balance,
            nonce: base.info.nonce,
            code_hash: base.info.code_hash,
            code: None,
            life: None,
            exists: base.exists,
            balance_is_exact: true,
        };
        if !cell.nonce.is_untouched()
            && let Some((writer, Value::Nonce(nonce))) = cell.nonce.latest(self.index)
        {
            self.check(writer).map_err(ViewError::Stall)?;
            loaded.nonce = *nonce;
        }
        let mut written = None;
        if !cell.code.is_untouched()
            && let Some((writer, Value::Code(code))) = cell.code.latest(self.index)
        {
            self.check(writer).map_err(ViewError::Stall)?;
            loaded.code_hash = code.hash;
            written = Some(&code.bytecode);
        }
        if !cell.life.is_untouched()
            && let Some((writer, life)) = reads::life(cell, self.index)
        {
            self.check(writer).map_err(ViewError::Stall)?;
            loaded.life = Some(life);
            loaded.exists = life.exists;
        }
        if cell.address == self.fees.beneficiary {
            loaded.balance_is_exact = false;
            loaded.balance =
                deltas::balance_bound(cell, self.index, &self.fees, |writer| self.check(writer))
                    .map_err(ViewError::Stall)?;
        } else if !cell.balance.is_untouched() {
            loaded.balance = self.exact_balance(cell)?;
        }
        if loaded.code_hash != KECCAK_EMPTY {
            let known = written.or(base.info.code.as_ref());
            loaded.code = self.codes.get(loaded.code_hash, known);
        }
        Ok(loaded)
    }

    /// The balance, waiting for fees if it is the beneficiary's.
    pub(crate) fn exact_balance(
        &self,
        cell: &'m AccountCell,
    ) -> Result<U256, ViewError<DB::Error>> {
        deltas::balance(cell, self.index, &self.fees, |writer| self.check(writer))
            .map_err(ViewError::Stall)
    }

    /// Loads a slot of an account whose life this execution has seen as `life`.
    #[inline]
    pub(crate) fn slot(
        &self,
        cell: &'m SlotCell,
        life: Option<Life>,
    ) -> Result<U256, ViewError<DB::Error>> {
        if cell.hints.is_contended() && self.is_speculative() && self.transaction.is_some() {
            self.wait_at_slot(cell)?;
        }
        match cell.visible(self.index, life) {
            Visible::Written(value, writer) => {
                self.check(writer).map_err(ViewError::Stall)?;
                Ok(value)
            }
            Visible::Cleared => Ok(U256::ZERO),
            Visible::Base => self.base_slot(cell),
        }
    }

    /// Notes that transaction `tx` has read a stale value of the slot. Whether it is
    /// all the calls of the contract that conflict, and not just those about the same,
    /// who wait for each other at the slot from now on.
    pub(crate) fn note_conflict(&self, slot: &SlotCell, tx: usize) -> bool {
        let writer = slot.value.latest(index_of(tx)).map(|(writer, _)| writer);
        let writer = writer.and_then(|writer| writer.checked_sub(FIRST));
        let writer = writer.and_then(|writer| self.transactions.get(writer as usize));
        let reader = &self.transactions[tx];
        // One that has taken its write back may have been alike.
        let writer = writer.unwrap_or(reader);
        let is_known = slot
            .hints
            .note_conflict(reader, writer, &self.arenas.subjects);
        !is_known && self.is_broad(slot, tx)
    }

    fn is_broad(&self, slot: &SlotCell, tx: usize) -> bool {
        let subject = slot.hints.subject();
        subject.is_none_or(|subject| subject.is_broad(self.transactions, tx))
    }

    /// Waits a moment for those that are likely to write the slot before.
    #[cold]
    fn wait_at_slot(&self, slot: &SlotCell) -> Result<(), ViewError<DB::Error>> {
        self.met_contention.set(true);
        let tx = (self.index - FIRST) as usize;
        let writers = [slot.hints.touch(tx), self.call_before(slot, tx)];
        let mut looks = 0;
        for before in writers.into_iter().flatten() {
            while !self.fees.scheduler.is_stable(before) {
                looks += 1;
                self.has_waited.set(true);
                if looks > LOOKS_AT_WRITER {
                    self.blames_callee.set(self.is_broad(slot, tx));
                    return Err(ViewError::Stall(index_of(before)));
                }
                if looks % LOOKS_BETWEEN_YIELDS == 0 {
                    // With more workers than cores it may not be running.
                    std::thread::yield_now();
                }
                std::hint::spin_loop();
            }
        }
        Ok(())
    }

    /// The last transaction before `tx` that is not committed and is a call about the
    /// same as those that conflict at the slot.
    fn call_before(&self, slot: &SlotCell, tx: usize) -> Option<usize> {
        let subject = slot.hints.subject()?;
        let head = self.fees.scheduler.committed();
        (head..tx)
            .rev()
            .find(|before| subject.covers(&self.transactions[*before]))
    }

    /// A slot in the parent state.
    #[inline]
    pub(crate) fn base_slot(&self, cell: &'m SlotCell) -> Result<U256, ViewError<DB::Error>> {
        if let Some(value) = cell.base() {
            return Ok(value);
        }
        let account = cell.account();
        let value = match account.base().and_then(|base| base.info.account_id) {
            Some(id) => self
                .db
                .storage_by_account_id_ref(account.address, id, cell.key),
            None => self.db.storage_ref(account.address, cell.key),
        }
        .map_err(ViewError::Database)?;
        cell.set_base(self.arenas.words.alloc(value));
        Ok(value)
    }

    /// Code by hash, from this worker's cache or the database.
    pub(crate) fn code(&mut self, hash: B256) -> Result<Bytecode, ViewError<DB::Error>> {
        if let Some(code) = self.codes.get(hash, None) {
            return Ok(code);
        }
        let code = self
            .db
            .code_by_hash_ref(hash)
            .map_err(ViewError::Database)?;
        Ok(self.codes.insert(hash, &code))
    }
}

/// The journal does its own reading; this is what else revm asks a database for.
impl<DB: DatabaseRef> Database for View<'_, DB> {
    type Error = ViewError<DB::Error>;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        self.db.basic_ref(address).map_err(ViewError::Database)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.code(code_hash)
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, Self::Error> {
        self.db
            .storage_ref(address, index)
            .map_err(ViewError::Database)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.db.block_hash_ref(number).map_err(ViewError::Database)
    }
}
