//! What the schedule learns, as `hints.rs` of the engine does.

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
    /// Contended slots, and the highest transaction that has touched each since.
    contended: HashMap<Location, Option<usize>>,
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

    pub(super) fn heat_up(&mut self, callee: Option<Address>) {
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

    /// Notes a stale read; whether the location was known for that.
    pub(super) fn note_conflict(&mut self, location: &Location) -> bool {
        if !matches!(location, Location::Slot(..)) {
            return false;
        }
        let known = self.contended.contains_key(location);
        self.contended.entry(*location).or_default();
        known
    }

    /// If the slot is contended: the last transaction before `tx` that touched it.
    pub(super) fn touch(&mut self, location: &Location, tx: usize) -> Option<Option<usize>> {
        let last = self.contended.get_mut(location)?;
        let before = *last;
        *last = (*last).max(Some(tx));
        Some(before.filter(|before| *before < tx))
    }
}

/// `highest` is one more than the highest transaction that has started.
fn start(highest: &mut usize, tx: usize) -> Option<usize> {
    let before = *highest;
    *highest = before.max(tx + 1);
    before.checked_sub(1).filter(|before| *before < tx)
}
