//! Proofs as `eth_getProof` gives them (EIP-1186).

use crate::account::Account;
use alloy_primitives::{Address, U256};

/// What proves an account and words of its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whose.
    pub address: Address,
    /// The account; `None`: there is none, which the nodes prove.
    pub account: Option<Account>,
    /// Nodes from the state root on.
    pub nodes: Vec<Vec<u8>>,
    /// Words that were asked for.
    pub words: Vec<WordProof>,
}

/// What proves a word of storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordProof {
    /// Which.
    pub slot: U256,
    /// The word; zero: there is none, which the nodes prove.
    pub word: U256,
    /// Nodes from the storage root on.
    pub nodes: Vec<Vec<u8>>,
}
