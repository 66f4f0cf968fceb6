//! The state of a transaction in the model.

/// Where a transaction is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// May be claimed.
    #[default]
    Ready,
    /// Is being executed, or its results published.
    Running,
    /// Waits for another one.
    Stalled,
    /// Executed and checked.
    Done,
    /// Part of the block.
    Committed,
}

/// A transaction in the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Transaction {
    pub(super) status: Status,
    /// Executions that were begun.
    pub(super) incarnation: u32,
    /// How many of its dependencies this incarnation has read.
    pub(super) reads: usize,
    /// Which of them has turned out to be stale.
    pub(super) stale: Option<usize>,
    /// It has published something, if not for good.
    pub(super) has_published: bool,
    /// Who waits for it.
    pub(super) waiters: Vec<usize>,
    /// The segment of its last execution.
    pub(super) segment: Option<usize>,
}

impl Transaction {
    /// What it has published can be relied on for now.
    pub(super) fn is_stable(&self) -> bool {
        matches!(self.status, Status::Done | Status::Committed)
    }
}
