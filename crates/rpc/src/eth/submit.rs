//! Sending transactions.

use crate::{
    api::Api,
    call::{Session, must_not_contradict, sign_with, typed},
    dispatch::MOST_IN_BATCH,
    error::RpcError,
    params::Params,
    target::Target,
};
use alloy_consensus::EthereumTypedTransaction as TypedTransaction;
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, hex};
use alloy_rpc_types_eth::TransactionRequest;
use parallax_chain::{Fork, SignedTransaction};
use serde_json::{Value, json};

impl Api {
    /// `eth_sendRawTransaction`.
    pub(crate) fn send_raw(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let raw: Bytes = params.next()?;
        let hash = self.node.submit(&raw)?;
        self.sent(&hash)?;
        Ok(json!(hash))
    }

    /// `eth_sendRawTransactionSync`
    /// ([EIP-7966](https://eips.ethereum.org/EIPS/eip-7966)): waits for the receipt.
    pub(crate) fn send_raw_sync(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let raw: Bytes = params.next()?;
        let wait: Option<u64> = params.optional()?;
        let wait = std::time::Duration::from_millis(wait.unwrap_or(2_000).min(60_000));
        let mut blocks = self.node.subscribe();
        let hash = self.node.submit(&raw)?;
        self.sent(&hash)?;
        let end = std::time::Instant::now() + wait;
        loop {
            if let Some(receipt) = self.receipt_of(&hash)? {
                return Ok(receipt);
            }
            let left = end.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return Err(RpcError {
                    code: 4,
                    message: format!(
                        "the transaction was added to the mempool but wasn't processed in {}ms",
                        wait.as_millis()
                    ),
                    data: Some(json!(hash)),
                });
            }
            let step = left.min(std::time::Duration::from_millis(2));
            // Whatever happens is a reason to look again.
            if blocks.try_recv().is_err() {
                std::thread::sleep(step);
            }
        }
    }

    /// Takes in many; what became of each. At most one block is made of them at once.
    pub(crate) fn send_all<R: AsRef<[u8]> + Sync>(&self, raw: &[R]) -> Vec<Result<B256, RpcError>> {
        let taken = self.node.submit_all(raw);
        let last = taken.iter().rev().find_map(|taken| taken.as_ref().ok());
        if let Some(hash) = last
            && let Err(error) = self.sent(hash)
        {
            tracing::error!(%error, "no block could be made");
        }
        taken.into_iter().map(|taken| Ok(taken?)).collect()
    }

    /// `parallax_sendRawTransactions`: an array of transactions; a hash or an error each.
    pub(crate) fn send_raw_many(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let raw: Vec<Bytes> = params.next()?;
        if raw.len() > MOST_IN_BATCH {
            return Err(RpcError::limit(format!(
                "at most {MOST_IN_BATCH} transactions at once"
            )));
        }
        let answers = self.send_all(&raw).into_iter().map(|taken| match taken {
            Ok(hash) => json!({ "hash": hash }),
            Err(error) => json!({ "error": error.to_json() }),
        });
        Ok(Value::Array(answers.collect()))
    }

    /// Transactions one behind the other, each behind its length in four bytes, the highest
    /// first. Answers one behind the other: 0 and the hash, or 1 and the code of the error
    /// in the last of 32 bytes, as a number with a sign.
    ///
    /// # Errors
    /// If it is not that.
    pub fn send_binary(&self, body: &[u8]) -> Result<Vec<u8>, RpcError> {
        let mut raw = Vec::new();
        let mut rest = body;
        while !rest.is_empty() {
            let split = rest.split_first_chunk::<4>().and_then(|(length, rest)| {
                let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
                rest.split_at_checked(length)
            });
            let Some((one, others)) = split else {
                let at = body.len() - rest.len();
                return Err(RpcError::params(format!(
                    "at byte {at}: a transaction is cut off"
                )));
            };
            raw.push(one);
            rest = others;
        }
        if raw.len() > MOST_IN_BATCH {
            return Err(RpcError::limit(format!(
                "at most {MOST_IN_BATCH} transactions at once"
            )));
        }
        let mut answers = Vec::with_capacity(raw.len() * 33);
        for taken in self.send_all(&raw) {
            match taken {
                Ok(hash) => {
                    answers.push(0);
                    answers.extend_from_slice(hash.as_slice());
                }
                Err(error) => {
                    answers.push(1);
                    answers.extend_from_slice(&[0; 24]);
                    answers.extend_from_slice(&error.code.to_be_bytes());
                }
            }
        }
        Ok(answers)
    }

    /// A transaction has come in.
    fn sent(&self, hash: &B256) -> Result<(), RpcError> {
        if self.mines_at_once() {
            self.node.mine_for(hash)?;
        }
        Ok(())
    }

    /// `eth_sendTransaction`: signs for an account of the wallet.
    pub(crate) fn send(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let (signed, sender) = self.signed(request)?;
        let hash = self.node.submit_of(signed, sender)?;
        self.sent(&hash)?;
        Ok(json!(hash))
    }

    /// `eth_signTransaction`.
    pub(crate) fn sign_transaction(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let (signed, _) = self.signed(request)?;
        Ok(json!(hex::encode_prefixed(signed.encoded_2718())))
    }

    /// `eth_fillTransaction`.
    pub(crate) fn fill_transaction(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let filled = self.filled(request)?;
        Ok(json!({ "tx": filled }))
    }

    /// `eth_sign` and `personal_sign`, which have their parameters the other way round.
    pub(crate) fn sign(
        &self,
        mut params: Params<'_>,
        is_personal: bool,
    ) -> Result<Value, RpcError> {
        let (first, second): (Bytes, Bytes) = (params.next()?, params.next()?);
        let (address, message) = match is_personal {
            true => (second, first),
            false => (first, second),
        };
        let address = Address::try_from(&address[..])
            .map_err(|_| RpcError::params("an address has 20 bytes"))?;
        let signature = self.wallet().sign_message(&address, &message);
        let signature = signature.ok_or_else(|| unknown(&address))?;
        Ok(json!(hex::encode_prefixed(signature.as_bytes())))
    }

    fn signed(
        &self,
        request: TransactionRequest,
    ) -> Result<(SignedTransaction, Address), RpcError> {
        let filled = self.filled(request)?;
        let sender = filled.from.unwrap_or_default();
        let tx = typed(filled, self.node.schedule().chain_id());
        let wallet = self.wallet();
        let signature = match wallet.sign(&sender, &tx) {
            Some(signature) => signature,
            // Nobody can check it, and nobody does: it only makes hashes different.
            None if wallet.is_impersonated(&sender) => {
                Signature::new(U256::from_be_slice(sender.as_slice()), U256::from(1), false)
            }
            None => return Err(unknown(&sender)),
        };
        if matches!(tx, TypedTransaction::Eip4844(_)) {
            return Err(RpcError::params(
                "transactions with blobs are taken signed only",
            ));
        }
        let signed = sign_with(tx, signature);
        Ok((signed, sender))
    }

    /// A request with everything that it leaves open.
    fn filled(&self, mut request: TransactionRequest) -> Result<TransactionRequest, RpcError> {
        must_not_contradict(&request)?;
        let chain_id = self.node.schedule().chain_id();
        let target = Target {
            block: self.node.head(),
            is_pending: true,
        };
        let (env, fork) = self.env(&target);
        let base_fee = env.block_env.basefee;
        let mut session = Session::new(self.state(&target), env, fork);
        let sender = match request.from {
            Some(sender) => sender,
            None => *self
                .wallet()
                .addresses()
                .first()
                .ok_or_else(|| RpcError::params("from is missing"))?,
        };
        request.from = Some(sender);
        if request.to.is_none() {
            request.to = Some(TxKind::Create);
        }
        if request.nonce.is_none() {
            let waiting = self.node.pool().next_nonce(&sender);
            let nonce = session.nonce(sender)?;
            request.nonce = Some(waiting.unwrap_or(nonce).max(nonce));
        }
        request.chain_id = Some(request.chain_id.unwrap_or(chain_id));
        if request.gas.is_none() {
            request.gas = Some(self.estimate(&mut session, &request)?);
        }
        if fork < Fork::London {
            request.gas_price = Some(request.gas_price.unwrap_or(1_000_000_000));
        } else if request.gas_price.is_none() {
            let tip = match request.max_priority_fee_per_gas {
                Some(tip) => tip,
                None => {
                    let tip = self.suggested_tip()?;
                    tip.min(request.max_fee_per_gas.unwrap_or(tip))
                }
            };
            request.max_priority_fee_per_gas = Some(tip);
            let usual = 2 * u128::from(base_fee) + tip;
            request.max_fee_per_gas = Some(request.max_fee_per_gas.unwrap_or(usual));
        }
        Ok(request)
    }
}

fn unknown(address: &Address) -> RpcError {
    RpcError::server(format!("No Signer available: unknown account {address}"))
}
