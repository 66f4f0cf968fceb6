//! A request as the EVM takes it.

use crate::error::RpcError;
use alloy_consensus::{
    EthereumTypedTransaction, SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702,
    TxLegacy,
};
use alloy_primitives::{Signature, TxKind};
use alloy_rpc_types_eth::TransactionRequest;
use parallax_chain::SignedTransaction;
use revm::context::TxEnv;

/// A transaction that nobody has signed yet; blobs are only named.
type TypedTransaction = EthereumTypedTransaction<TxEip4844>;

/// Whether the fields of a request fit to each other.
pub(crate) fn must_not_contradict(request: &TransactionRequest) -> Result<(), RpcError> {
    let is_new = request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some();
    if request.gas_price.is_some() && is_new {
        return Err(RpcError::server(
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ));
    }
    if let (Some(fee), Some(tip)) = (request.max_fee_per_gas, request.max_priority_fee_per_gas)
        && tip > fee
    {
        return Err(RpcError::server(format!(
            "maxFeePerGas ({fee}) < maxPriorityFeePerGas ({tip})"
        )));
    }
    let input = &request.input;
    if let (Some(input), Some(data)) = (&input.input, &input.data)
        && input != data
    {
        return Err(RpcError::server(
            r#"both "data" and "input" are set and not equal. Please use "input" to pass transaction call data"#,
        ));
    }
    Ok(())
}

/// A transaction with what a request leaves open filled in.
pub(crate) fn fill(
    request: &TransactionRequest,
    nonce: u64,
    chain_id: u64,
    most_gas: u64,
) -> Result<TxEnv, RpcError> {
    let fee = request.gas_price.or(request.max_fee_per_gas);
    let tip = request.max_priority_fee_per_gas;
    let tx_type = if request.authorization_list.is_some() {
        4
    } else if request.blob_versioned_hashes.is_some() {
        3
    } else if request.max_fee_per_gas.is_some() || tip.is_some() {
        2
    } else {
        u8::from(request.access_list.is_some())
    };
    let gas = request.gas.filter(|gas| *gas > 0).unwrap_or(most_gas);
    let mut tx = TxEnv::builder()
        .tx_type(Some(tx_type))
        .caller(request.from.unwrap_or_default())
        .gas_limit(gas.min(most_gas))
        .gas_price(fee.or(tip).unwrap_or_default())
        .kind(request.to.unwrap_or(TxKind::Create))
        .value(request.value.unwrap_or_default())
        .data(request.input.input().cloned().unwrap_or_default())
        .nonce(nonce)
        .chain_id(Some(request.chain_id.unwrap_or(chain_id)))
        .access_list(request.access_list.clone().unwrap_or_default())
        .blob_hashes(request.blob_versioned_hashes.clone().unwrap_or_default())
        .max_fee_per_blob_gas(request.max_fee_per_blob_gas.unwrap_or_default());
    if tx_type >= 2 {
        tx = tx.gas_priority_fee(Some(tip.unwrap_or_default()));
    }
    if let Some(list) = &request.authorization_list {
        tx = tx.authorization_list_signed(list.clone());
    }
    tx.build()
        .map_err(|error| RpcError::server(format!("the call cannot be made: {error:?}")))
}

/// The transaction of a request; what is left open is zero, or nothing.
pub(crate) fn typed(request: TransactionRequest, chain_id: u64) -> TypedTransaction {
    let chain_id = request.chain_id.unwrap_or(chain_id);
    let nonce = request.nonce.unwrap_or_default();
    let gas_limit = request.gas.unwrap_or_default();
    let to = request.to.unwrap_or(TxKind::Create);
    let value = request.value.unwrap_or_default();
    let input = request.input.into_input().unwrap_or_default();
    let max_fee_per_gas = request.max_fee_per_gas.unwrap_or_default();
    let max_priority_fee_per_gas = request.max_priority_fee_per_gas.unwrap_or_default();
    let access_list = request.access_list.clone().unwrap_or_default();
    let callee = to.to().copied().unwrap_or_default();
    if let Some(gas_price) = request.gas_price {
        return match request.access_list {
            None => TypedTransaction::Legacy(TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price,
                gas_limit,
                to,
                value,
                input,
            }),
            Some(access_list) => TypedTransaction::Eip2930(TxEip2930 {
                chain_id,
                nonce,
                gas_price,
                gas_limit,
                to,
                value,
                access_list,
                input,
            }),
        };
    }
    if let Some(authorization_list) = request.authorization_list {
        return TypedTransaction::Eip7702(TxEip7702 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: callee,
            value,
            access_list,
            authorization_list,
            input,
        });
    }
    if let Some(blob_versioned_hashes) = request.blob_versioned_hashes {
        return TypedTransaction::Eip4844(TxEip4844 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: callee,
            value,
            access_list,
            blob_versioned_hashes,
            max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or_default(),
            input,
        });
    }
    TypedTransaction::Eip1559(TxEip1559 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to,
        value,
        access_list,
        input,
    })
}

/// A transaction with its signature.
pub(crate) fn sign_with(tx: TypedTransaction, signature: Signature) -> SignedTransaction {
    match tx {
        TypedTransaction::Legacy(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip2930(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip1559(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip4844(tx) => tx.into_signed(signature).into(),
        TypedTransaction::Eip7702(tx) => tx.into_signed(signature).into(),
    }
}
