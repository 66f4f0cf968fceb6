//! Changing the state.

use super::Number;
use crate::{api::Api, error::RpcError, params::Params};
use alloy_primitives::{Address, B256, Bytes, hex};
use parallax_node::{Edit, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An account in a dump.
#[derive(Debug, Deserialize, Serialize)]
struct Dumped {
    nonce: u64,
    balance: alloy_primitives::U256,
    code: Bytes,
    storage: BTreeMap<B256, B256>,
}

/// What anvil writes, and a part of what it reads.
#[derive(Debug, Deserialize, Serialize)]
struct Dump {
    accounts: BTreeMap<Address, Dumped>,
}

impl Api {
    fn edit(&self, address: Address, edit: &Edit) -> Result<Value, RpcError> {
        self.node.edit(address, edit)?;
        Ok(Value::Null)
    }

    pub(super) fn set_balance(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let (address, balance): (Address, Number) = (params.next()?, params.next()?);
        let balance = Some(balance.0);
        self.edit(
            address,
            &Edit {
                balance,
                ..Edit::default()
            },
        )
    }

    pub(super) fn add_balance(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let (address, more): (Address, Number) = (params.next()?, params.next()?);
        let account = self.node.state_at(Moment::Pending).account(&address)?;
        let balance = account.map_or(more.0, |account| account.balance.saturating_add(more.0));
        let balance = Some(balance);
        self.edit(
            address,
            &Edit {
                balance,
                ..Edit::default()
            },
        )
    }

    pub(super) fn set_nonce(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let (address, nonce): (Address, Number) = (params.next()?, params.next()?);
        let nonce = Some(nonce.small()?);
        self.edit(
            address,
            &Edit {
                nonce,
                ..Edit::default()
            },
        )
    }

    pub(super) fn set_code(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let (address, code): (Address, Bytes) = (params.next()?, params.next()?);
        let code = Some(code);
        self.edit(
            address,
            &Edit {
                code,
                ..Edit::default()
            },
        )
    }

    pub(super) fn set_storage_at(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let (address, slot): (Address, Number) = (params.next()?, params.next()?);
        let word: B256 = params.next()?;
        let storage = vec![(slot.0, word.into())];
        self.edit(
            address,
            &Edit {
                storage,
                ..Edit::default()
            },
        )?;
        Ok(json!(true))
    }

    pub(super) fn impersonate(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        self.wallet_mut().impersonate(address);
        Ok(Value::Null)
    }

    pub(super) fn stop_impersonating(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        self.wallet_mut().stop_impersonating(&address);
        Ok(Value::Null)
    }

    pub(super) fn impersonate_all(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let all: bool = params.next()?;
        self.wallet_mut().impersonate_all(all);
        Ok(Value::Null)
    }

    /// `anvil_dumpState`: all accounts, in hexadecimal digits of JSON.
    pub(super) fn dump_state(&self) -> Result<Value, RpcError> {
        let accounts = self.node.dump()?.into_iter().map(|account| {
            let storage = account.storage.into_iter();
            let dumped = Dumped {
                nonce: account.nonce,
                balance: account.balance,
                code: account.code,
                storage: storage
                    .map(|(slot, word)| (slot.into(), word.into()))
                    .collect(),
            };
            (account.address, dumped)
        });
        let accounts = accounts.collect();
        let json = serde_json::to_vec(&Dump { accounts });
        let json = json.map_err(|error| RpcError::internal(error.to_string()))?;
        Ok(json!(hex::encode_prefixed(json)))
    }

    /// `anvil_loadState`: sets the accounts of a dump.
    pub(super) fn load_state(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let bytes: Bytes = params.next()?;
        let dump: Dump = serde_json::from_slice(&bytes).map_err(|error| {
            RpcError::params(format!("invalid argument 0: not a dump: {error}"))
        })?;
        for (address, account) in dump.accounts {
            let storage = account.storage.into_iter();
            let edit = Edit {
                balance: Some(account.balance),
                nonce: Some(account.nonce),
                code: Some(account.code),
                storage: storage
                    .map(|(slot, word)| (slot.into(), word.into()))
                    .collect(),
            };
            self.node.edit(address, &edit)?;
        }
        Ok(json!(true))
    }
}
