//! What calls that conflict over a slot are about, as `hints/subject.rs` of the engine
//! sees it.

use crate::trace::{Trace, Traced};
use alloy_primitives::Address;

/// As in the engine: words that are compared; transactions and calls that are looked
/// back at.
const WORDS: usize = 4;
const LOOK_BACK: usize = 48;
const LOOK_BACK_CALLS: usize = 12;

/// What the calls of a contract that write a slot have in common.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    callee: Option<Address>,
    words: Vec<u64>,
}

pub(super) fn callee(tx: &Traced) -> Option<Address> {
    tx.function.map(|function| function.contract)
}

impl Subject {
    pub(super) fn of(reader: &Traced, writer: &Traced) -> Self {
        let is_alike = callee(reader) == callee(writer);
        let is_common = |word: &u64| is_alike && reader.about.contains(word);
        let has_common = writer.about.iter().any(is_common);
        let words = writer.about.iter();
        let kept = words.filter(|word| !has_common || is_common(word));
        Self {
            callee: callee(writer),
            words: kept.take(WORDS).copied().collect(),
        }
    }

    /// Another call has written the slot: what it is not about does not matter.
    pub(super) fn narrow(&mut self, tx: &Traced) {
        if callee(tx) == self.callee {
            self.words.retain(|word| tx.about.contains(word));
        }
    }

    pub(super) fn covers(&self, tx: &Traced) -> bool {
        callee(tx) == self.callee && self.words.iter().all(|word| tx.about.contains(word))
    }

    /// Whether most calls before `tx` of the contract that it calls are about this.
    pub(super) fn is_broad(&self, trace: &Trace, tx: usize) -> bool {
        let transactions = &trace.transactions;
        if callee(&transactions[tx]) != self.callee {
            return false;
        }
        let before = transactions[tx.saturating_sub(LOOK_BACK)..tx].iter().rev();
        let calls = before.filter(|tx| callee(tx) == self.callee);
        let (mut all, mut covered) = (0, 0);
        for call in calls.take(LOOK_BACK_CALLS) {
            all += 1;
            covered += usize::from(self.covers(call));
        }
        covered * 4 >= all * 3
    }
}
