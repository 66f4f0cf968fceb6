//! Accounts, words, proofs.

use crate::cli::GetCommand;
use alloy_primitives::{Address, B256, Bytes, U256};
use parallax_state::{Account, Proof, State, StateError};
use parallax_trie::EMPTY_ROOT;
use revm::primitives::KECCAK_EMPTY;
use serde_json::{Value, json};

/// What was asked for.
pub(super) fn get(state: &State, what: &GetCommand) -> Result<Value, StateError> {
    match what {
        GetCommand::Account { address, block } => {
            let account = match block {
                Some(block) => state.at(*block)?.account(address)?,
                None => state.flat().account(address)?,
            };
            Ok(match account {
                Some(account) => json!({
                    "address": address,
                    "nonce": account.nonce,
                    "balance": account.balance.to_string(),
                    "code-hash": account.code_hash,
                    "storage-root": account.storage_root,
                }),
                None => json!({ "address": address, "exists": false }),
            })
        }
        GetCommand::Slot {
            address,
            slot,
            block,
        } => {
            let word = match block {
                Some(block) => state.at(*block)?.word(address, slot)?,
                None => state.flat().word(address, slot)?,
            };
            Ok(json!({ "address": address, "slot": slot, "word": B256::from(word) }))
        }
        GetCommand::Proof {
            address,
            slots,
            block,
        } => {
            let proof = match block {
                Some(block) => state.proof_at(*block, address, slots)?,
                None => state.proof(address, slots)?,
            };
            Ok(eip_1186(address, &proof))
        }
    }
}

/// A proof under the names of `eth_getProof`.
fn eip_1186(address: &Address, proof: &Proof) -> Value {
    let account = proof.account;
    let of = |part: fn(Account) -> U256| account.map(part).unwrap_or_default();
    let words: Vec<_> = proof
        .words
        .iter()
        .map(|word| {
            json!({
                "key": word.slot,
                "value": word.word,
                "proof": nodes(&word.nodes),
            })
        })
        .collect();
    json!({
        "address": address,
        "accountProof": nodes(&proof.nodes),
        "balance": of(|account| account.balance),
        "codeHash": account.map_or(KECCAK_EMPTY, |account| account.code_hash),
        "nonce": of(|account| U256::from(account.nonce)),
        "storageHash": account.map_or(EMPTY_ROOT, |account| account.storage_root),
        "storageProof": words,
    })
}

fn nodes(nodes: &[Vec<u8>]) -> Vec<Bytes> {
    nodes.iter().map(|node| node.clone().into()).collect()
}
