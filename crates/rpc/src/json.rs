//! What clients get to see.

pub(crate) mod block;
pub(crate) mod log;
pub(crate) mod receipt;
pub(crate) mod transaction;

use alloy_primitives::U256;
use serde_json::{Value, json};

/// A quantity: hexadecimal without leading zeros.
pub(crate) fn quantity(number: impl TryInto<U256>) -> Value {
    let number = number.try_into().unwrap_or_default();
    json!(format!("{number:#x}"))
}
