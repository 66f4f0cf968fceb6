//! The state root after a block, from the trie nodes that lead to what it
//! touches.

use crate::trie::{NodeSet, PartialTrie, TrieError};
use alloy_consensus::{EMPTY_ROOT_HASH, TrieAccount};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::Decodable;
use parallax_engine::{AccountChange, StateChanges};

/// The parent state as far as a block touches it, as trie nodes.
#[derive(Clone, Debug)]
pub struct Witness {
    parent_root: B256,
    nodes: NodeSet,
}

/// Why a state root could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// In the trie of accounts.
    #[error("account {address}: {source}")]
    Account {
        /// The account.
        address: Address,
        /// What is wrong.
        source: Box<TrieError>,
    },
    /// In the storage trie of an account.
    #[error("account {address}, slot {slot:#x}: {source}")]
    Storage {
        /// The account.
        address: Address,
        /// The slot.
        slot: U256,
        /// What is wrong.
        source: Box<TrieError>,
    },
    /// The leaf of an account is not the RLP of an account.
    #[error("account {address}: its leaf is no account: {reason}")]
    Leaf {
        /// The account.
        address: Address,
        /// What the decoder said.
        reason: alloy_rlp::Error,
    },
}

impl WitnessError {
    /// Whether the witness is too small for what the block removes. It says
    /// nothing about the result then. Any other error does: a result that changes
    /// what the witness does not cover is not the block's.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        match self {
            Self::Account { source, .. } | Self::Storage { source, .. } => {
                matches!(**source, TrieError::MissingSibling { .. })
            }
            Self::Leaf { .. } => false,
        }
    }
}

impl Witness {
    /// A witness for the state with this root.
    #[must_use]
    pub fn new(parent_root: B256, nodes: NodeSet) -> Self {
        Self { parent_root, nodes }
    }

    /// The root of the state after `changes`.
    ///
    /// # Errors
    ///
    /// [`WitnessError`] names the account or slot whose path lacks a node.
    pub fn post_state_root(&self, changes: &StateChanges) -> Result<B256, WitnessError> {
        let mut trie = PartialTrie::new(self.parent_root, &self.nodes);
        // Removals come last: a removal can merge a branch into its only other
        // child, whose node a witness has no reason to hold if something is
        // inserted into that branch as well.
        let (kept, removed): (Vec<_>, Vec<_>) = changes
            .accounts
            .iter()
            .partition(|change| change.after.is_some());
        for change in kept {
            self.write(&mut trie, change)?;
        }
        for AccountChange { address, .. } in removed {
            let address = *address;
            trie.remove(&keccak256(address))
                .map_err(|source| in_account(address, source))?;
        }
        Ok(trie.root())
    }

    fn write(
        &self,
        trie: &mut PartialTrie<'_>,
        change: &AccountChange,
    ) -> Result<(), WitnessError> {
        let Some(info) = &change.after else {
            return Ok(());
        };
        let address = change.address;
        let failed = |source| in_account(address, source);
        let key = keccak256(address);
        let mut storage_root = EMPTY_ROOT_HASH;
        if !change.wiped
            && let Some(leaf) = trie.get(&key).map_err(failed)?
        {
            let account = TrieAccount::decode(&mut leaf.as_slice())
                .map_err(|reason| WitnessError::Leaf { address, reason })?;
            storage_root = account.storage_root;
        }
        if !change.storage.is_empty() {
            storage_root = self.write_storage(storage_root, change)?;
        }
        let account = TrieAccount {
            nonce: info.nonce,
            balance: info.balance,
            storage_root,
            code_hash: info.code_hash,
        };
        trie.insert(&key, alloy_rlp::encode(account))
            .map_err(failed)
    }

    fn write_storage(&self, root: B256, change: &AccountChange) -> Result<B256, WitnessError> {
        let mut trie = PartialTrie::new(root, &self.nodes);
        let failed = |slot, source| WitnessError::Storage {
            address: change.address,
            slot,
            source: Box::new(source),
        };
        let key = |slot: U256| keccak256(slot.to_be_bytes::<32>());
        let (removed, kept): (Vec<_>, Vec<_>) = change
            .storage
            .iter()
            .map(|(slot, _, after)| (*slot, *after))
            .partition(|(_, after)| after.is_zero());
        for (slot, after) in kept {
            trie.insert(&key(slot), alloy_rlp::encode(after))
                .map_err(|source| failed(slot, source))?;
        }
        for (slot, _) in removed {
            trie.remove(&key(slot))
                .map_err(|source| failed(slot, source))?;
        }
        Ok(trie.root())
    }
}

fn in_account(address: Address, source: TrieError) -> WitnessError {
    WitnessError::Account {
        address,
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests;
