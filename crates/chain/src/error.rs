//! What can be wrong.

/// The rule that a block breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The header breaks a rule, by itself or as a child of its parent.
    #[error("header: {0}")]
    Header(&'static str),
    /// An ommer may not be included.
    #[error("ommer: {0}")]
    Ommer(&'static str),
    /// The body is not the one that the header commits to.
    #[error("body: {0}")]
    Body(&'static str),
    /// A transaction does not fit the block's blob rules.
    #[error("blobs: {0}")]
    Blobs(&'static str),
}

/// Why a file is no genesis.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// It is not what geth calls a genesis file.
    #[error("it is no genesis file")]
    Json(#[from] serde_json::Error),
    /// The forks contradict each other.
    #[error("its forks are out of order: {later} begins before {earlier}")]
    Order {
        /// The fork that must come first.
        earlier: crate::Fork,
        /// The one that does.
        later: crate::Fork,
    },
}
