//! The state.

use crate::{api::Api, error::RpcError, json::quantity, params::Params};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256, hex, map::HashMap};
use parallax_state::{Account, WordProof};
use parallax_trie::EMPTY_ROOT;
use revm::primitives::KECCAK_EMPTY;
use serde_json::{Map, Value, json};

/// Words that one `eth_getStorageValues` may ask for.
const MOST_WORDS: usize = 1024;

impl Api {
    /// `eth_getBalance`.
    pub(crate) fn balance(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let target = self.target(params.optional()?)?;
        let account = self.state(&target).account(&address)?;
        Ok(quantity(
            account.map_or(U256::ZERO, |account| account.balance),
        ))
    }

    /// `eth_getTransactionCount`.
    pub(crate) fn transaction_count(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let id: Option<BlockId> = params.optional()?;
        let target = self.target(id)?;
        let account = self.state(&target).account(&address)?;
        let nonce = account.map_or(0, |account| account.nonce);
        let waiting = match target.is_pending {
            true => self.node.pool().next_nonce(&address),
            false => None,
        };
        Ok(quantity(waiting.unwrap_or(nonce).max(nonce)))
    }

    /// `eth_getCode`.
    pub(crate) fn code(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let target = self.target(params.optional()?)?;
        let code = self.state(&target).code(&address)?;
        Ok(json!(hex::encode_prefixed(code.original_byte_slice())))
    }

    /// `eth_getStorageAt`.
    pub(crate) fn storage_at(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let slot = slot(&params.next::<String>()?)?;
        let target = self.target(params.optional()?)?;
        let word = self.state(&target).word(&address, &slot)?;
        Ok(json!(B256::from(word)))
    }

    /// `eth_getStorageValues`.
    pub(crate) fn storage_values(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let asked: HashMap<Address, Vec<String>> = params.next()?;
        let words: usize = asked.values().map(Vec::len).sum();
        if words == 0 {
            return Err(RpcError::params("empty request"));
        }
        if words > MOST_WORDS {
            return Err(RpcError::params(format!(
                "too many slots (max {MOST_WORDS})"
            )));
        }
        let target = self.target(params.optional()?)?;
        let view = self.state(&target);
        let mut found = Map::new();
        for (address, slots) in asked {
            let words = slots.iter().map(|text| {
                let word = view.word(&address, &slot(text)?)?;
                Ok(json!(B256::from(word)))
            });
            let words = words.collect::<Result<Vec<_>, RpcError>>()?;
            found.insert(format!("{address:#x}"), Value::Array(words));
        }
        Ok(Value::Object(found))
    }

    /// `eth_getAccount`.
    pub(crate) fn account(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let target = self.target(params.optional()?)?;
        let Some(account) = self.state(&target).account(&address)? else {
            return Ok(Value::Null);
        };
        Ok(json!({
            "balance": quantity(account.balance),
            "nonce": quantity(account.nonce),
            "codeHash": account.code_hash,
            "storageRoot": account.storage_root,
        }))
    }

    /// `eth_getAccountInfo`.
    pub(crate) fn account_info(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let target = self.target(params.optional()?)?;
        let view = self.state(&target);
        let account = view.account(&address)?;
        let code = view.code(&address)?;
        Ok(json!({
            "balance": quantity(account.map_or(U256::ZERO, |account| account.balance)),
            "nonce": quantity(account.map_or(0, |account| account.nonce)),
            "code": hex::encode_prefixed(code.original_byte_slice()),
        }))
    }

    /// `eth_getProof` ([EIP-1186](https://eips.ethereum.org/EIPS/eip-1186)).
    pub(crate) fn proof(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        let asked: Vec<String> = params.next()?;
        if asked.len() > MOST_WORDS {
            return Err(RpcError::params(format!(
                "too many keys (max {MOST_WORDS})"
            )));
        }
        let slots = asked.iter().map(|text| slot(text));
        let slots = slots.collect::<Result<Vec<_>, _>>()?;
        let target = self.target(params.optional()?)?;
        let proof = self.node.proof(target.block.number(), &address, &slots)?;
        let words = proof.words.iter().zip(&asked);
        let words: Vec<_> = words.map(|(word, asked)| word_json(word, asked)).collect();
        let of = |of: fn(&Account) -> B256, none| proof.account.as_ref().map_or(none, of);
        Ok(json!({
            "address": address,
            "accountProof": nodes(&proof.nodes),
            "balance": quantity(proof.account.map_or(U256::ZERO, |account| account.balance)),
            "codeHash": of(|account| account.code_hash, KECCAK_EMPTY),
            "nonce": quantity(proof.account.map_or(0, |account| account.nonce)),
            "storageHash": of(|account| account.storage_root, EMPTY_ROOT),
            "storageProof": words,
        }))
    }
}

fn nodes(nodes: &[Vec<u8>]) -> Vec<Bytes> {
    nodes
        .iter()
        .map(|node| Bytes::copy_from_slice(node))
        .collect()
}

/// A key is named as it was asked for: as a quantity, or with all its digits.
fn word_json(word: &WordProof, asked: &str) -> Value {
    let key = match asked.len() == 66 {
        true => json!(B256::from(word.slot)),
        false => quantity(word.slot),
    };
    json!({ "key": key, "value": quantity(word.word), "proof": nodes(&word.nodes) })
}

/// Reads the key of a word: up to 32 bytes.
fn slot(text: &str) -> Result<U256, RpcError> {
    let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) else {
        return Err(RpcError::params(format!(
            "unable to decode storage key {text:?}: hex string without 0x prefix"
        )));
    };
    if digits.len() > 64 {
        return Err(RpcError::params(format!(
            "storage key too long (want at most 32 bytes): {text:?}"
        )));
    }
    if digits.is_empty() {
        return Ok(U256::ZERO);
    }
    U256::from_str_radix(digits, 16)
        .map_err(|_| RpcError::params(format!("invalid hex in storage key: {text:?}")))
}
