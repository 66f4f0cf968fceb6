//! Why a block is not accepted.

use parallax_engine::EngineError;
use std::convert::Infallible;

/// Why a block is not accepted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BlockError {
    /// It is no well-formed block.
    #[error("encoding: {0}")]
    Encoding(alloy_rlp::Error),
    /// The parent is not known (or was itself rejected).
    #[error("unknown parent")]
    UnknownParent,
    /// The header breaks a rule, by itself or as a child of its parent.
    #[error("header: {0}")]
    Header(&'static str),
    /// An ommer may not be included.
    #[error("ommer: {0}")]
    Ommer(&'static str),
    /// The body is not the one that the header commits to.
    #[error("body: {0}")]
    Body(&'static str),
    /// A transaction has no valid signature.
    #[error("transaction {0}: no sender")]
    Sender(usize),
    /// A transaction does not fit the block's blob rules.
    #[error("blobs: {0}")]
    Blobs(&'static str),
    /// The executor rejected it.
    #[error("{0}")]
    Execution(Box<EngineError<Infallible>>),
    /// Execution gave something else than the header says.
    #[error("result: {what} is {got} instead of {expected}")]
    Result {
        /// What differs.
        what: &'static str,
        /// According to the header.
        expected: String,
        /// According to the executor.
        got: String,
    },
}

impl From<EngineError<Infallible>> for BlockError {
    fn from(error: EngineError<Infallible>) -> Self {
        Self::Execution(Box::new(error))
    }
}

impl BlockError {
    /// Whether it blames a transaction, rather than the block around it.
    #[must_use]
    pub fn blames_transaction(&self) -> bool {
        matches!(self, Self::Encoding(_) | Self::Sender(_) | Self::Blobs(_))
            || matches!(
                self.execution(),
                Some(EngineError::InvalidTransaction { .. })
            )
    }

    /// The executor's error, if it is one.
    #[must_use]
    pub fn execution(&self) -> Option<&EngineError<Infallible>> {
        match self {
            Self::Execution(error) => Some(error),
            _ => None,
        }
    }

    /// Whether execution as a whole gave the wrong result, which says nothing
    /// about why.
    #[must_use]
    pub fn is_result(&self) -> bool {
        matches!(self, Self::Result { .. })
    }
}
