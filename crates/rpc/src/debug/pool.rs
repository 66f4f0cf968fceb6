//! What waits.

use crate::{
    api::Api,
    error::RpcError,
    json::{quantity, transaction::waiting},
    params::Params,
};
use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use parallax_pool::{BySender, Transaction};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

impl Api {
    /// `txpool_status`.
    pub(crate) fn pool_status(&self) -> Value {
        let (pending, queued) = self.node.pool().status();
        json!({ "pending": quantity(pending), "queued": quantity(queued) })
    }

    /// `txpool_content`.
    pub(crate) fn pool_content(&self) -> Value {
        let (pending, queued) = self.node.pool().content();
        json!({ "pending": by_sender(&pending, full), "queued": by_sender(&queued, full) })
    }

    /// `txpool_inspect`.
    pub(crate) fn pool_inspect(&self) -> Value {
        let (pending, queued) = self.node.pool().content();
        json!({ "pending": by_sender(&pending, short), "queued": by_sender(&queued, short) })
    }

    /// `txpool_contentFrom`.
    pub(crate) fn pool_content_from(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let sender: Address = params.next()?;
        let (pending, queued) = self.node.pool().content();
        let of = |all: &BySender| match all.get(&sender) {
            Some(own) => by_nonce(own, full),
            None => json!({}),
        };
        Ok(json!({ "pending": of(&pending), "queued": of(&queued) }))
    }
}

fn full(tx: &Transaction) -> Value {
    waiting(&tx.signed, tx.sender)
}

/// In a line, as geth has it.
fn short(tx: &Transaction) -> Value {
    let to = match tx.signed.to() {
        Some(to) => to.to_string(),
        None => "contract creation".to_owned(),
    };
    let (value, gas) = (tx.signed.value(), tx.signed.gas_limit());
    let price = tx.signed.max_fee_per_gas();
    json!(format!("{to}: {value} wei + {gas} gas × {price} wei"))
}

fn by_sender(all: &BySender, show: fn(&Transaction) -> Value) -> Value {
    let all = all
        .iter()
        .map(|(sender, own)| (sender.to_string(), by_nonce(own, show)));
    Value::Object(all.collect::<Map<_, _>>())
}

fn by_nonce(own: &BTreeMap<u64, Arc<Transaction>>, show: fn(&Transaction) -> Value) -> Value {
    let own = own.iter().map(|(nonce, tx)| (nonce.to_string(), show(tx)));
    Value::Object(own.collect::<Map<_, _>>())
}
