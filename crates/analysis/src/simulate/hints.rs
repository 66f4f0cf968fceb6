//! What the schedule learns, as `hints.rs` of the engine does.

use super::subject::{Subject, callee};
use crate::trace::{Dependency, Trace};
use alloy_primitives::Address;
use parallax_engine::Location;
use std::collections::HashMap;

/// As in the engine: heat that a conflict adds, from which calls wait, at which no
/// more is added.
const CONFLICT: i32 = 64;
const HOT: i32 = 160;
const HOTTEST: i32 = 256;

/// What the schedule has learned of accounts and slots.
#[derive(Debug, Default)]
pub(super) struct Hints {
    senders: HashMap<Address, usize>,
    callees: HashMap<Address, usize>,
    heat: HashMap<Address, i32>,
    contended: HashMap<Location, Contended>,
}

/// A slot of which stale values were read.
#[derive(Debug)]
struct Contended {
    /// What the calls are about that conflict there.
    subject: Subject,
    /// The highest transaction that has touched it since.
    touched_by: Option<usize>,
}

impl Hints {
    /// Notes that a transaction starts: the one of the same sender that did before.
    pub(super) fn start_as_sender(&mut self, sender: Address, tx: usize) -> Option<usize> {
        start(self.senders.entry(sender).or_default(), tx)
    }

    /// The same for calls of a hot contract.
    pub(super) fn start_as_callee(&mut self, callee: Address, tx: usize) -> Option<usize> {
        if self.heat.get(&callee).is_none_or(|heat| *heat < HOT) {
            return None;
        }
        start(self.callees.entry(callee).or_default(), tx)
    }

    fn heat_up(&mut self, callee: Option<Address>) {
        let Some(callee) = callee else { return };
        let heat = self.heat.entry(callee).or_default();
        if *heat < HOTTEST {
            *heat += CONFLICT;
        }
    }

    pub(super) fn cool_down(&mut self, callee: Address) {
        if let Some(heat) = self.heat.get_mut(&callee) {
            *heat = (*heat - 1).max(0);
        }
    }

    /// Notes that `tx` has read something stale. Whether it is all the calls of the
    /// contract that conflict, and not just those that are about the same.
    pub(super) fn note_conflict(&mut self, trace: &Trace, tx: usize, read: &Dependency) -> bool {
        if !matches!(read.location, Location::Slot(..)) {
            return true;
        }
        let [reader, writer] = [tx, read.on].map(|tx| &trace.transactions[tx]);
        if let Some(contended) = self.contended.get_mut(&read.location) {
            contended.subject.narrow(writer);
            return false;
        }
        let subject = Subject::of(reader, writer);
        let is_broad = subject.is_broad(trace, tx);
        let contended = Contended {
            subject,
            touched_by: None,
        };
        self.contended.insert(read.location, contended);
        is_broad
    }

    /// If the slot is contended, notes that `tx` is about to read it, and says what the
    /// calls are about that conflict there and who has touched it last, before `tx`.
    pub(super) fn touch(
        &mut self,
        location: &Location,
        tx: usize,
    ) -> Option<(&Subject, Option<usize>)> {
        let contended = self.contended.get_mut(location)?;
        let before = contended.touched_by;
        contended.touched_by = before.max(Some(tx));
        Some((&contended.subject, before.filter(|before| *before < tx)))
    }

    /// Whether `tx` gave up waiting at a slot because of all the calls of its contract.
    pub(super) fn is_broad(&self, trace: &Trace, tx: usize, location: &Location) -> bool {
        let contended = self.contended.get(location);
        contended.is_none_or(|contended| contended.subject.is_broad(trace, tx))
    }

    /// Lets the calls of the contract that `tx` calls wait, if this happens again.
    pub(super) fn heat_up_callee(&mut self, trace: &Trace, tx: usize) {
        self.heat_up(callee(&trace.transactions[tx]));
    }
}

/// `highest` is one more than the highest transaction that has started.
fn start(highest: &mut usize, tx: usize) -> Option<usize> {
    let before = *highest;
    *highest = before.max(tx + 1);
    before.checked_sub(1).filter(|before| *before < tx)
}
