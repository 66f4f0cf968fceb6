//! What happens, for those who want to be told.

use crate::block::SealedBlock;
use parallax_pool::Transaction;
use std::sync::Arc;

/// Something that has happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A block was added to the chain.
    Block(Arc<SealedBlock>),
    /// The chain ends with this block again, which was not the last one.
    Rewound(Arc<SealedBlock>),
    /// A transaction has come in.
    Transaction(Arc<Transaction>),
}

/// Events that a slow listener may fall behind; then it is told that it has missed some.
pub(crate) const BACKLOG: usize = 4096;
