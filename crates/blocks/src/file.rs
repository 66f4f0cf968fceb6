//! A recorded block, decoded.

use crate::{state::ParentState, witness::Witness};
use alloy_consensus::Header;
use alloy_primitives::B256;
use parallax_engine::Block;

/// A recorded block with everything that executing and checking it needs.
#[derive(Debug)]
pub struct BlockFile {
    /// The file that it came from.
    pub name: String,
    /// Its header, which says what executing it must give.
    pub header: Header,
    /// The block in the form that the engine takes, with recovered senders.
    pub block: Block,
    /// The state before it.
    pub state: ParentState,
    /// Root of the trie of the recorded transactions.
    pub transactions_root: B256,
    /// The trie nodes that lead to the touched parts of the parent state, where
    /// the file has them.
    pub witness: Option<Witness>,
    /// Whether the file leaves out withdrawals or ommers, which change the state.
    pub gap: Option<Gap>,
}

/// Something that a file leaves out and that decides the state root. The state
/// after the block cannot be checked then, but its receipts can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Gap {
    /// The header has the root of other withdrawals than those given.
    #[error("the withdrawals are not in the file")]
    Withdrawals,
    /// The header has the hash of ommers, for which rewards are due.
    #[error("the ommers are not in the file")]
    Ommers,
    /// A removal leaves a node of the trie alone that the witness lacks
    /// ([`TrieError::MissingSibling`](crate::TrieError::MissingSibling)).
    #[error("the witness lacks the neighbour of a removed key")]
    Neighbour,
}

impl BlockFile {
    /// Block number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.header.number
    }
}
