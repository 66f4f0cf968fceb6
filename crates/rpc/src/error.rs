//! Errors as clients look for them.

use alloy_primitives::{Bytes, hex};
use alloy_sol_types::{Panic, Revert, SolError};
use parallax_node::{NodeError, TransactionError};
use parallax_state::StateError;
use serde_json::{Value, json};

/// The method does not exist.
pub(crate) const NO_METHOD: i64 = -32601;

/// An error of JSON-RPC 2.0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct RpcError {
    /// What kind: negative for those of the protocol, 3 for a call that was reverted.
    pub code: i64,
    /// For people.
    pub message: String,
    /// For programs.
    pub data: Option<Value>,
}

impl RpcError {
    /// An error of this code.
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The text is not JSON.
    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    /// It is not a request.
    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// The parameters are wrong.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    /// The method does not exist.
    pub(crate) fn method(name: &str) -> Self {
        let message = format!("the method {name} does not exist/is not available");
        Self::new(NO_METHOD, message)
    }

    /// It cannot be done.
    pub(crate) fn server(message: impl Into<String>) -> Self {
        Self::new(-32000, message)
    }

    /// Too much of something.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(-32005, message)
    }

    /// Something that should not happen.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(-32603, message)
    }

    /// A call that was reverted, with what it returned.
    pub(crate) fn reverted(output: &Bytes) -> Self {
        let message = match reason(output) {
            Some(reason) => format!("execution reverted: {reason}"),
            None => "execution reverted".to_owned(),
        };
        Self {
            code: 3,
            message,
            data: Some(json!(hex::encode_prefixed(output))),
        }
    }

    /// As it is in an answer.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = json!({ "code": self.code, "message": self.message });
        if let Some(data) = &self.data {
            json["data"] = data.clone();
        }
        json
    }
}

/// What Solidity says in what a call returned when it was reverted.
pub(crate) fn reason(output: &[u8]) -> Option<String> {
    if let Ok(Revert { reason }) = Revert::abi_decode(output) {
        return Some(reason);
    }
    let panic = Panic::abi_decode(output).ok()?;
    let code = panic.code.saturating_to::<u64>();
    Some(match code {
        0x00 => "generic panic".to_owned(),
        0x01 => "assert(false)".to_owned(),
        0x11 => "arithmetic underflow or overflow".to_owned(),
        0x12 => "division or modulo by zero".to_owned(),
        0x21 => "enum overflow".to_owned(),
        0x22 => "invalid encoded storage byte array accessed".to_owned(),
        0x31 => "out-of-bounds array access; popping on an empty array".to_owned(),
        0x32 => "out-of-bounds access of an array or bytesN".to_owned(),
        0x41 => "out of memory".to_owned(),
        0x51 => "uninitialized function".to_owned(),
        code => format!("unknown panic code: {code:#x}"),
    })
}

impl From<StateError> for RpcError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Pruned { block, from } => Self::new(
                4444,
                format!(
                    "pruned history unavailable: the state after block {block}; it is there from block {from} on"
                ),
            ),
            StateError::Unknown { .. } => Self::server("header not found"),
            error => {
                tracing::error!(%error, "the state");
                Self::internal(error.to_string())
            }
        }
    }
}

impl From<NodeError> for RpcError {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::State(error) => error.into(),
            error @ (NodeError::Execution { .. }
            | NodeError::Attributes(_)
            | NodeError::Rule { .. }
            | NodeError::NotNext { .. }
            | NodeError::Sender { .. }
            | NodeError::Result { .. }) => Self::server(error.to_string()),
            NodeError::Encoding(error) => Self::params(error.to_string()),
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<TransactionError> for RpcError {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Encoding(_) => Self::params(error.to_string()),
            TransactionError::State(error) => error.into(),
            error => Self::server(error.to_string()),
        }
    }
}
