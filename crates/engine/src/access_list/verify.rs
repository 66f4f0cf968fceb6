//! Executing a block against its access list.
//!
//! The list says what each transaction leaves behind, so nobody has to wait for
//! anybody: its values are put into the block's memory (`preload`), each transaction reads
//! those below it and its own writes are compared with those at its index. If
//! all are equal then, by induction over the order, the list is the block's
//! true trace. Nothing is committed a second time.

use crate::{
    access_list::{compare, listed::ListedChanges},
    deltas::{self, Fees},
    error::{AccessListLocation, AccessListMismatch},
    ids::{Index, index_of},
    memory::{AccountCell, Node, Value},
    writes::{Target, Write},
};
use alloy_eip7928::AccountChanges;
use alloy_primitives::U256;
use revm::primitives::{KECCAK_EMPTY, hardfork::SpecId};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// What the list wants of each transaction, and what is to be said about it as a
/// whole.
#[derive(Debug)]
pub(crate) struct Expected {
    /// The changes of each transaction.
    pub(super) changes: Box<[ListedChanges]>,
    /// Number of changes before and after the transactions.
    pub(super) protocol: AtomicUsize,
    /// Something is out of order, repeated or empty.
    pub(super) is_odd: AtomicBool,
    /// Accounts were destroyed.
    pub(super) destroys: AtomicBool,
    pub(super) sees_existence: bool,
}

/// Whether an empty account that exists is not the same as one that does not: before
/// EIP-161, and for the refund of EIP-7702.
pub(crate) fn sees_existence(spec: SpecId) -> bool {
    !spec.is_enabled_in(SpecId::SPURIOUS_DRAGON) || spec.is_enabled_in(SpecId::PRAGUE)
}

impl Expected {
    /// Whether other transactions need not know more about the destructions among
    /// `writes` than the list implies.
    pub(crate) fn implies_lives(&self, tx: usize, writes: &[Write]) -> bool {
        let index = index_of(tx);
        writes
            .iter()
            .all(|write| match (&write.target, &write.value) {
                (Target::Life(cell), Value::Life(life)) if !life.exists => {
                    cell.life.at(index).is_some() || self.leaves_no_trace(cell, index)
                }
                _ => true,
            })
    }

    /// Whether nobody can tell that transaction `index` has destroyed an account: one
    /// that was created in the same transaction, and had neither code nor nonce, and so
    /// no storage, before.
    fn leaves_no_trace(&self, cell: &AccountCell, index: Index) -> bool {
        let Some(base) = cell.base() else {
            return false;
        };
        let nonce = match cell.nonce.latest(index) {
            Some((_, Value::Nonce(nonce))) => *nonce,
            _ => base.info.nonce,
        };
        let code_hash = match cell.code.latest(index) {
            Some((_, Value::Code(code))) => code.hash,
            _ => base.info.code_hash,
        };
        let existed = self.sees_existence && base.exists;
        nonce == 0 && code_hash == KECCAK_EMPTY && !existed
    }

    /// Compares what transaction `tx` wrote with the list.
    ///
    /// # Errors
    /// The first difference.
    pub(crate) fn check(
        &self,
        tx: usize,
        writes: &[Write],
        fees: &Fees<'_>,
        list: &[AccountChanges],
    ) -> Result<(), AccessListMismatch> {
        let changes = &self.changes[tx];
        let mut matched = 0u32;
        for write in writes
            .iter()
            .filter(|write| !matches!(write.target, Target::Life(_)))
        {
            let node = changes.node(tx, &write.target);
            let got = absolute(write, node, index_of(tx), fees);
            let expected = node.and_then(Node::value);
            if !expected.is_some_and(|expected| expected.same(&got)) {
                let expected = expected.map_or_else(|| "nothing".to_owned(), describe);
                return Err(mismatch(
                    tx as u64 + 1,
                    write.target,
                    &expected,
                    &describe(&got),
                ));
            }
            matched += 1;
        }
        if matched == changes.count() {
            return Ok(());
        }
        Err(compare::unwritten(tx as u64 + 1, writes, list))
    }
}

/// The value that a write of transaction `index` leaves, of which `node` is the version
/// that the list has.
fn absolute(write: &Write, node: Option<&Node>, index: Index, fees: &Fees<'_>) -> Value {
    match (&write.target, write.value) {
        (Target::Balance(cell), Value::Delta(delta)) => {
            let before = match node.and_then(Node::next).and_then(Node::value) {
                Some(Value::Word(before)) => *before,
                _ => deltas::balance(cell, index, fees, |_| Ok(())).unwrap_or_default(),
            };
            Value::Word(before.wrapping_add(delta))
        }
        (_, value) => value,
    }
}

pub(super) fn mismatch(
    index: u64,
    target: Target,
    expected: &str,
    got: &str,
) -> AccessListMismatch {
    let (address, location) = place(&target);
    AccessListMismatch {
        index,
        address,
        location,
        expected: expected.to_owned(),
        got: got.to_owned(),
    }
}

/// Where a target is, in the words of an access list.
pub(super) fn place(target: &Target) -> (alloy_primitives::Address, AccessListLocation) {
    match target {
        Target::Balance(cell) => (cell.address, AccessListLocation::Balance),
        Target::Nonce(cell) => (cell.address, AccessListLocation::Nonce),
        Target::Code(cell) => (cell.address, AccessListLocation::Code),
        Target::Life(cell) => (cell.address, AccessListLocation::Account),
        Target::Slot(cell) => (cell.account().address, AccessListLocation::Slot(cell.key)),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Word(word) => format!("{word:#x}"),
        Value::Delta(delta) => format!("a change by {delta:#x}"),
        Value::Nonce(nonce) => nonce.to_string(),
        Value::Code(code) => format!("code with hash {}", code.hash),
        Value::Life(life) => format!("{life:?}"),
    }
}

/// Formats a balance or slot value as mismatches show it.
pub(super) fn word(value: &U256) -> String {
    format!("{value:#x}")
}
