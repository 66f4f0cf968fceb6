//! The state of a worker in the model.

use std::collections::VecDeque;

/// As in the engine: how many are claimed together, and after how many transactions
/// without conflict.
pub(super) const PAYMENT_RUN: usize = 8;
pub(super) const RUN: usize = 4;
pub(super) const CALM: u32 = 16;

/// What a worker is doing; it changes when the worker's next event comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Looks for work since then, and sleeps after a while. No event to come.
    Idle(u64),
    /// Stays away, being in the others' way. No event to come.
    Away,
    /// Is about to look for work.
    Waking,
    Claiming,
    /// Executes up to the next read, or the end.
    Running,
    /// Waits at a contended slot since then; the event is the end of its patience.
    Spinning(u64),
    Publishing,
    /// Puts a transaction aside.
    Stalling,
    Committing,
}

/// A worker in the model.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub(super) phase: Phase,
    /// Events of earlier generations are void.
    pub(super) generation: u32,
    /// What it works on.
    pub(super) tx: usize,
    /// Everything below was committed when it began.
    pub(super) is_final: bool,
    /// It was told that something has changed that its transaction has read.
    pub(super) is_suspect: bool,
    /// When it began to execute.
    pub(super) started: u64,
    /// How much of the transaction it has executed, and up to where it executes now.
    pub(super) done: u64,
    pub(super) target: u64,
    /// Whom it waits for at a slot.
    pub(super) awaited: Vec<usize>,
    pub(super) met_contention: bool,
    /// Its transaction had to wait, or was repeated.
    pub(super) met_conflict: bool,
    pub(super) claimed: VecDeque<usize>,
    pub(super) calm: u32,
    pub(super) was_payment: bool,
}

impl Worker {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Waking,
            generation: 0,
            tx: 0,
            is_final: false,
            is_suspect: false,
            started: 0,
            done: 0,
            target: 0,
            awaited: Vec::new(),
            met_contention: false,
            met_conflict: false,
            claimed: VecDeque::new(),
            calm: 0,
            was_payment: false,
        }
    }
}
