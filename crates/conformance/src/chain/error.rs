//! Why a block is not accepted.

use parallax_chain::RuleError;
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
    /// It breaks a rule of the chain.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A transaction has no valid signature.
    #[error("transaction {0}: no sender")]
    Sender(usize),
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
        matches!(
            self,
            Self::Encoding(_) | Self::Sender(_) | Self::Rule(RuleError::Blobs(_))
        ) || matches!(
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
