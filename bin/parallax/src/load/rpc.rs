//! JSON-RPC for everything that is not measured.

use super::http::{self, Connection};
use alloy_primitives::{Address, B256, U64, U256, hex};
use eyre::{WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Transactions that are prepared with one request.
const BATCH: usize = 100;

/// How long the node may take for what comes before the measurement.
const PATIENCE: Duration = Duration::from_secs(120);

/// A node.
#[derive(Debug)]
pub(super) struct Rpc {
    address: String,
    connection: Connection,
}

impl Rpc {
    pub(super) fn connect(url: &str) -> eyre::Result<Self> {
        let address = http::address(url)?;
        Ok(Self {
            connection: Connection::open(&address)?,
            address,
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    fn post(&mut self, body: &Value) -> eyre::Result<Value> {
        let text = body.to_string();
        let answer = self
            .connection
            .post("/", "application/json", text.as_bytes())?;
        serde_json::from_slice(&answer).wrap_err("the answer is not JSON")
    }

    /// Calls a method.
    pub(super) fn call(&mut self, method: &str, params: &Value) -> eyre::Result<Value> {
        let mut answer = self.post(&request(0, method, params))?;
        match answer.get("error") {
            Some(error) => bail!(
                "{method}: {}",
                error["message"].as_str().unwrap_or("failed")
            ),
            None => Ok(answer["result"].take()),
        }
    }

    pub(super) fn number(&mut self, method: &str, params: &Value) -> eyre::Result<U256> {
        let result = self.call(method, params)?;
        serde_json::from_value(result).wrap_err_with(|| method.to_owned())
    }

    pub(super) fn chain_id(&mut self) -> eyre::Result<u64> {
        Ok(self.number("eth_chainId", &json!([]))?.to())
    }

    pub(super) fn nonce(&mut self, address: &Address) -> eyre::Result<u64> {
        Ok(self
            .number("eth_getTransactionCount", &json!([address, "latest"]))?
            .to())
    }

    /// The same method for many; one result each.
    pub(super) fn many(&mut self, method: &str, params: &[Value]) -> eyre::Result<Vec<Value>> {
        let mut results = Vec::with_capacity(params.len());
        for share in params.chunks(BATCH) {
            let requests = share.iter().enumerate();
            let requests: Vec<_> = requests
                .map(|(id, params)| request(id, method, params))
                .collect();
            let answers = self.post(&Value::Array(requests))?;
            let answers = answers
                .as_array()
                .ok_or_else(|| eyre!("{method}: no array came back"))?;
            let mut own = vec![Value::Null; share.len()];
            for answer in answers {
                if let Some(error) = answer.get("error") {
                    bail!(
                        "{method}: {}",
                        error["message"].as_str().unwrap_or("failed")
                    );
                }
                let id = answer["id"]
                    .as_u64()
                    .and_then(|id| usize::try_from(id).ok());
                if let Some(place) = id.and_then(|id| own.get_mut(id)) {
                    *place = answer["result"].clone();
                }
            }
            results.extend(own);
        }
        Ok(results)
    }

    /// Sends transactions and waits until the last one is in a block.
    pub(super) fn send_all(&mut self, raw: &[Vec<u8>]) -> eyre::Result<()> {
        let params: Vec<_> = raw
            .iter()
            .map(|raw| json!([hex::encode_prefixed(raw)]))
            .collect();
        let hashes = self.many("eth_sendRawTransaction", &params)?;
        let Some(last) = hashes.last() else {
            return Ok(());
        };
        let end = Instant::now() + PATIENCE;
        loop {
            let receipt = self.call("eth_getTransactionReceipt", &json!([last]))?;
            if let Some(status) = receipt["status"].as_str() {
                return match status {
                    "0x1" => Ok(()),
                    _ => Err(eyre!("transaction {last} failed")),
                };
            }
            if Instant::now() > end {
                bail!(
                    "transaction {last} is in no block after {} s: does the node make any?",
                    PATIENCE.as_secs()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn block_number(&mut self) -> eyre::Result<u64> {
        Ok(self.number("eth_blockNumber", &json!([]))?.to())
    }

    /// The hashes of the transactions of a block, and its gas.
    pub(super) fn block(&mut self, number: u64) -> eyre::Result<(Vec<B256>, u64)> {
        let block = self.call("eth_getBlockByNumber", &json!([U64::from(number), false]))?;
        let hashes = serde_json::from_value(block["transactions"].clone())?;
        let gas: U64 = serde_json::from_value(block["gasUsed"].clone())?;
        Ok((hashes, gas.to()))
    }
}

fn request(id: usize, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}
