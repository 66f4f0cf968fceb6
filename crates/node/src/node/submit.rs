//! Taking transactions in.

use super::Node;
use crate::{
    TransactionError,
    events::Event,
    measure,
    view::{Moment, read},
};
use alloy_consensus::{Signed, Transaction as _, TxEip4844Variant, TxEnvelope, Typed2718};
use alloy_eips::{
    Decodable2718, eip4844::env_settings::EnvKzgSettings, eip7825::MAX_TX_GAS_LIMIT_OSAKA,
};
use alloy_primitives::{Address, B256, U256};
use parallax_chain::{Fork, SignedTransaction, recover_sender};
use parallax_pool::Transaction;
use revm::{
    interpreter::gas::calculate_initial_tx_gas_for_tx,
    primitives::{KECCAK_EMPTY, eip3860::MAX_INITCODE_SIZE},
};
use std::thread;

/// The type of transactions with blobs
/// ([EIP-4844](https://eips.ethereum.org/EIPS/eip-4844)).
const BLOBS: u8 = 3;

/// Transactions for which it does not pay to start another thread.
const FEW: usize = 16;

impl Node {
    /// Takes in a signed transaction as the network encodes it
    /// ([EIP-2718](https://eips.ethereum.org/EIPS/eip-2718)); its hash.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn submit(&self, raw: &[u8]) -> Result<B256, TransactionError> {
        let taken = self.try_submit(raw);
        measure::submitted(taken.is_ok());
        taken
    }

    fn try_submit(&self, raw: &[u8]) -> Result<B256, TransactionError> {
        let signed = decode(raw)?;
        let sender = recover_sender(&signed)
            .map_err(|error| TransactionError::Signature(error.to_string()))?;
        self.submit_of(signed, sender)
    }

    /// Takes in many at once: signatures are checked by all threads. What became of each, in
    /// the same order.
    pub fn submit_all<R: AsRef<[u8]> + Sync>(
        &self,
        raw: &[R],
    ) -> Vec<Result<B256, TransactionError>> {
        let threads = self.threads().min(raw.len().div_ceil(FEW));
        if threads <= 1 {
            return raw.iter().map(|raw| self.submit(raw.as_ref())).collect();
        }
        let share = raw.len().div_ceil(threads);
        thread::scope(|scope| {
            let submit = |share: &[R]| -> Vec<_> {
                share.iter().map(|raw| self.submit(raw.as_ref())).collect()
            };
            let mut shares = raw.chunks(share);
            let first = shares.next().unwrap_or_default();
            let others: Vec<_> = shares
                .map(|share| scope.spawn(move || submit(share)))
                .collect();
            let mut done = submit(first);
            for other in others {
                match other.join() {
                    Ok(share) => done.extend(share),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        })
    }

    /// Takes in a transaction whose sender is known.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn submit_of(
        &self,
        signed: SignedTransaction,
        sender: Address,
    ) -> Result<B256, TransactionError> {
        self.check_by_itself(&signed)?;
        let next = self.check_against_state(&signed, &sender)?;
        let hash = *signed.tx_hash();
        self.pool.add(Transaction::new(signed, sender), next)?;
        if self.events.receiver_count() > 0
            && let Some(tx) = self.pool.get(&hash)
        {
            self.tell(Event::Transaction(tx));
        }
        Ok(hash)
    }

    /// What needs no state.
    fn check_by_itself(&self, tx: &SignedTransaction) -> Result<(), TransactionError> {
        let head = self.head();
        let fork = self.fork_after(&head, head.header.timestamp + 1);
        check_type(tx, fork)?;
        let want = self.schedule().chain_id();
        match tx.chain_id() {
            Some(id) if id == want => {}
            None if tx.is_legacy() => {}
            got => return Err(TransactionError::ChainId { got, want }),
        }
        let gas = tx.gas_limit();
        let mut limit = head.header.gas_limit;
        if fork >= Fork::Osaka {
            limit = limit.min(MAX_TX_GAS_LIMIT_OSAKA);
        }
        if gas > limit {
            return Err(TransactionError::GasAboveBlock { gas, limit });
        }
        let (fee, tip) = (tx.max_fee_per_gas(), tx.max_priority_fee_per_gas());
        if let Some(tip) = tip.filter(|tip| *tip > fee) {
            return Err(TransactionError::TipAboveFee { tip, fee });
        }
        if tx.nonce() == u64::MAX {
            return Err(TransactionError::NonceMax);
        }
        let size = tx.input().len();
        if tx.is_create() && fork >= Fork::Shanghai && size > MAX_INITCODE_SIZE {
            let limit = MAX_INITCODE_SIZE;
            return Err(TransactionError::Initcode { size, limit });
        }
        let env = parallax_chain::tx_env(tx, Address::ZERO);
        let needed = calculate_initial_tx_gas_for_tx(&env, fork.spec(), None);
        let needed = needed.initial_total_gas().max(needed.floor_gas());
        if gas < needed {
            return Err(TransactionError::IntrinsicGas { gas, needed });
        }
        Ok(())
    }

    /// Whether the sender can pay; the sender's next nonce.
    fn check_against_state(
        &self,
        tx: &SignedTransaction,
        sender: &Address,
    ) -> Result<u64, TransactionError> {
        let account = self.state_at(Moment::Pending).account(sender)?;
        let have = account.map_or(U256::ZERO, |account| account.balance);
        let fees = U256::from(tx.max_fee_per_gas()) * U256::from(tx.gas_limit());
        let want = fees.saturating_add(tx.value());
        let Some(account) = account else {
            return match want > have {
                true => Err(TransactionError::Funds { have, want }),
                false => Ok(0),
            };
        };
        if account.code_hash != KECCAK_EMPTY {
            let code = read(&self.state).flat().code(&account.code_hash)?;
            if !code.is_some_and(|code| code.is_eip7702()) && !self.config.contracts_may_send {
                return Err(TransactionError::NotAnEoa(*sender));
            }
        }
        if want > have && tx.nonce() >= account.nonce {
            return Err(TransactionError::Funds { have, want });
        }
        Ok(account.nonce)
    }
}

/// Reads a transaction that comes from outside. One with blobs brings them along: they are
/// checked against what was signed, and not kept.
fn decode(raw: &[u8]) -> Result<SignedTransaction, TransactionError> {
    let mut rest = raw;
    let tx = match raw.first() {
        Some(&BLOBS) => decode_with_blobs(&mut rest)?,
        _ => SignedTransaction::decode_2718(&mut rest).map_err(|error| encoding(&error))?,
    };
    match rest.is_empty() {
        true => Ok(tx),
        false => Err(encoding("there are bytes after the transaction")),
    }
}

fn encoding(error: &(impl ToString + ?Sized)) -> TransactionError {
    TransactionError::Encoding(error.to_string())
}

fn decode_with_blobs(rest: &mut &[u8]) -> Result<SignedTransaction, TransactionError> {
    let envelope = TxEnvelope::decode_2718(rest).map_err(|error| encoding(&error))?;
    let TxEnvelope::Eip4844(signed) = envelope else {
        return Err(encoding("it has not the type that it says"));
    };
    let (tx, signature, hash) = signed.into_parts();
    let TxEip4844Variant::TxEip4844WithSidecar(tx) = tx else {
        return Err(TransactionError::Blobs("they are missing".to_owned()));
    };
    tx.validate_blob(EnvKzgSettings::Default.get())
        .map_err(|error| TransactionError::Blobs(error.to_string()))?;
    Ok(Signed::new_unchecked(tx.tx, signature, hash).into())
}

fn check_type(tx: &SignedTransaction, fork: Fork) -> Result<(), TransactionError> {
    let (since, name) = match tx.ty() {
        0 => return Ok(()),
        1 => (Fork::Berlin, "type 1 (access list) before Berlin"),
        2 => (Fork::London, "type 2 (EIP-1559) before London"),
        3 => (Fork::Cancun, "type 3 (blobs) before Cancun"),
        _ => (Fork::Prague, "type 4 (EIP-7702) before Prague"),
    };
    match fork >= since {
        true => Ok(()),
        false => Err(TransactionError::Type(name)),
    }
}
