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
    #[error("account {address}: {reason}")]
    Account {
        /// The account.
        address: Address,
        /// What is wrong.
        reason: Box<TrieError>,
    },
    /// In the storage trie of an account.
    #[error("account {address}, slot {slot:#x}: {reason}")]
    Storage {
        /// The account.
        address: Address,
        /// The slot.
        slot: U256,
        /// What is wrong.
        reason: Box<TrieError>,
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
            Self::Account { reason, .. } | Self::Storage { reason, .. } => {
                matches!(**reason, TrieError::MissingSibling { .. })
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
        self.root_after(changes, |root| PartialTrie::new(root, &self.nodes))
    }

    /// The root of the state after `changes`, if every sibling that the witness
    /// lacks is a branch ([`PartialTrie::assuming_branches`]).
    ///
    /// If that is the root in the header, the changes are right. If not, it says
    /// nothing.
    ///
    /// # Errors
    ///
    /// As [`Witness::post_state_root`], but for [`WitnessError::is_gap`].
    pub fn post_state_root_if_branches(
        &self,
        changes: &StateChanges,
    ) -> Result<B256, WitnessError> {
        self.root_after(changes, |root| {
            PartialTrie::new(root, &self.nodes).assuming_branches()
        })
    }

    fn root_after<'a>(
        &'a self,
        changes: &StateChanges,
        open: impl Fn(B256) -> PartialTrie<'a>,
    ) -> Result<B256, WitnessError> {
        let mut trie = open(self.parent_root);
        // Removals come last: a removal can merge a branch into its only other
        // child, whose node a witness has no reason to hold if something is
        // inserted into that branch as well.
        let (kept, removed): (Vec<_>, Vec<_>) = changes
            .accounts
            .iter()
            .partition(|change| change.after.is_some());
        for change in kept {
            write(&mut trie, change, &open)?;
        }
        for AccountChange { address, .. } in removed {
            let address = *address;
            trie.remove(&keccak256(address))
                .map_err(|reason| in_account(address, reason))?;
        }
        Ok(trie.root())
    }
}

fn write<'a>(
    trie: &mut PartialTrie<'a>,
    change: &AccountChange,
    open: impl Fn(B256) -> PartialTrie<'a>,
) -> Result<(), WitnessError> {
    let Some(info) = &change.after else {
        return Ok(());
    };
    let address = change.address;
    let failed = |reason| in_account(address, reason);
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
        storage_root = root_of_storage(open(storage_root), change)?;
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

/// The root of an account's storage, `trie`, after the changes to it.
fn root_of_storage(
    mut trie: PartialTrie<'_>,
    change: &AccountChange,
) -> Result<B256, WitnessError> {
    let failed = |slot, reason| WitnessError::Storage {
        address: change.address,
        slot,
        reason: Box::new(reason),
    };
    let key = |slot: U256| keccak256(slot.to_be_bytes::<32>());
    let (removed, kept): (Vec<_>, Vec<_>) = change
        .storage
        .iter()
        .map(|(slot, _, after)| (*slot, *after))
        .partition(|(_, after)| after.is_zero());
    for (slot, after) in kept {
        trie.insert(&key(slot), alloy_rlp::encode(after))
            .map_err(|reason| failed(slot, reason))?;
    }
    for (slot, _) in removed {
        trie.remove(&key(slot))
            .map_err(|reason| failed(slot, reason))?;
    }
    Ok(trie.root())
}

fn in_account(address: Address, reason: TrieError) -> WitnessError {
    WitnessError::Account {
        address,
        reason: Box::new(reason),
    }
}

#[cfg(test)]
mod tests;
