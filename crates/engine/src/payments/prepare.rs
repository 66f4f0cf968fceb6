//! Round one: which transactions are payments, and who is to be told.

use super::Payments;
use crate::{
    memory::{AccountCell, Base, Value},
    worker::Worker,
};
use alloy_primitives::{Address, B256};
use revm::{
    DatabaseRef,
    context::{TxEnv, result::ResultGas},
    primitives::KECCAK_EMPTY,
};
use std::ops::Range;

/// Payments whose accounts are looked up together.
const GROUP: usize = 16;

/// An account and what it is in the parent state, if that could be read.
type Party<'m> = (&'m AccountCell, Option<&'m Base>);

/// Senders and recipients of some payments.
type Group<'m> = [[Option<Party<'m>>; 2]; GROUP];

/// One side of a payment, for the owner of the account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'m> {
    pub(super) cell: &'m AccountCell,
    pub(super) tx: u32,
    /// For a debit: the nonce that the sender must have.
    pub(super) nonce: u64,
    /// For a debit: the funds that the sender must have, in wei. 0: a credit.
    pub(super) least: u128,
    /// Wei that are taken or added.
    pub(super) amount: u128,
}

/// Prepared payments.
#[derive(Debug)]
pub(super) struct Chunk<'m> {
    /// Which transactions they are.
    pub(super) range: Range<usize>,
    /// The transaction after the range is no payment.
    pub(super) is_cut: bool,
    /// What each of them uses.
    pub(super) gas: ResultGas,
    /// What each of them pays to the beneficiary.
    pub(super) fees: Vec<u128>,
    /// Entries in order, by the part of the accounts that they are for.
    pub(super) shards: Vec<Vec<Entry<'m>>>,
}

/// What a payment costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) gas: ResultGas,
    /// Wei that the sender must have.
    pub(crate) least: u128,
    /// Wei that the sender gives: value and gas.
    pub(crate) spent: u128,
    /// Wei that the beneficiary gets.
    pub(crate) fee: u128,
}

/// Whether a transaction may be a payment, as far as it shows itself. What is
/// paid by or to the beneficiary is not: its balance also has the fees.
pub(super) fn is_candidate(tx: &TxEnv, beneficiary: Address) -> bool {
    tx.data.is_empty()
        && tx.tx_type <= 2
        && tx.access_list.0.is_empty()
        && !tx.value.is_zero()
        && tx.caller != beneficiary
        && tx
            .kind
            .to()
            .is_some_and(|to| *to != tx.caller && *to != beneficiary)
}

impl<'m, DB: DatabaseRef + Sync> Payments<'m, DB> {
    /// Prepares the transactions of `range` up to the first that is no payment.
    pub(super) fn prepare_chunk(
        &self,
        worker: &mut Worker<'m, DB>,
        range: Range<usize>,
    ) -> Chunk<'m> {
        let mut chunk = Chunk {
            range: range.clone(),
            is_cut: false,
            gas: ResultGas::default(),
            fees: Vec::with_capacity(range.len()),
            shards: Vec::new(),
        };
        let room = 2 * range.len() / self.parts + 2;
        let own = usize::from(worker.arenas.number);
        for shard in 0..self.shards {
            let is_own = shard / self.parts == own;
            chunk
                .shards
                .push(Vec::with_capacity(if is_own { room } else { 0 }));
        }
        let mut start = range.start;
        while start < range.end && !chunk.is_cut {
            let end = (start + GROUP).min(range.end);
            let parties = self.look_up(worker, start..end);
            for (tx, parties) in (start..end).zip(parties) {
                if self.prepare_one(worker, tx, parties, &mut chunk).is_none() {
                    chunk.range.end = tx;
                    chunk.is_cut = true;
                    break;
                }
            }
            start = end;
        }
        chunk
    }

    /// Senders and recipients and what they are in the parent state, as far as
    /// that can be read. Each step is done for all of them before the next, so
    /// that waiting for memory overlaps.
    fn look_up(&self, worker: &mut Worker<'m, DB>, group: Range<usize>) -> Group<'m> {
        let (memory, arenas) = (self.run.memory, worker.arenas);
        let transactions = &self.run.block.transactions[group];
        let addresses = |tx: &TxEnv| [tx.caller, *tx.kind.to().unwrap_or(&tx.caller)];
        let mut hashes = [[0; 2]; GROUP];
        for (tx, hashes) in transactions.iter().zip(&mut hashes) {
            *hashes = addresses(tx).map(|address| memory.hash(&address));
            hashes.iter().for_each(|hash| memory.look_ahead(*hash));
        }
        let mut group = [[None; 2]; GROUP];
        for ((tx, hashes), parties) in transactions.iter().zip(hashes).zip(&mut group) {
            let [from, to] = addresses(tx);
            *parties = [(from, hashes[0]), (to, hashes[1])]
                .map(|(address, hash)| Some((memory.account(address, hash, arenas), None)));
        }
        let view = &worker.vm.journal().view;
        for (cell, base) in group.iter_mut().flatten().flatten() {
            *base = view.base(cell).ok();
        }
        group
    }

    fn prepare_one(
        &self,
        worker: &mut Worker<'m, DB>,
        tx: usize,
        parties: [Option<Party<'m>>; 2],
        chunk: &mut Chunk<'m>,
    ) -> Option<()> {
        let env = &self.run.block.transactions[tx];
        if !is_candidate(env, self.run.fees.beneficiary) {
            return None;
        }
        let terms = worker.vm.payment_terms(env)?;
        if tx == chunk.range.start {
            chunk.gas = terms.gas;
        }
        let used = (tx - self.range.start) as u64 * chunk.gas.tx_gas_used();
        let available = self.run.gas_left(self.gas_before + used);
        if terms.gas != chunk.gas || env.gas_limit > available {
            return None;
        }
        let [(sender, _), (recipient, _)] = [parties[0]?, parties[1]?];
        for (cell, base) in parties.into_iter().flatten() {
            if code_hash(cell, base?.info.code_hash) != KECCAK_EMPTY {
                return None;
            }
        }
        let tx = tx as u32;
        let debit = Entry {
            cell: sender,
            tx,
            nonce: env.nonce,
            least: terms.least,
            amount: terms.spent,
        };
        let credit = Entry {
            cell: recipient,
            tx,
            nonce: 0,
            least: 0,
            amount: env.value.try_into().ok()?,
        };
        chunk.shards[self.shard(sender)].push(debit);
        chunk.shards[self.shard(recipient)].push(credit);
        chunk.fees.push(terms.fee);
        Some(())
    }

    /// Accounts are settled by whoever has made their cells, if that worker has
    /// time: they are near.
    fn shard(&self, cell: &AccountCell) -> usize {
        let part = (cell.hash & 0xffff) as usize % self.parts;
        usize::from(cell.maker) * self.parts + part
    }
}

/// The hash of the code after everything that is committed.
fn code_hash(cell: &AccountCell, base: B256) -> B256 {
    if cell.code.is_untouched() {
        return base;
    }
    match cell.code.latest(u32::MAX) {
        Some((_, Value::Code(code))) => code.hash,
        _ => base,
    }
}
