//! The methods of `eth_`.

pub(crate) mod blocks;
pub(crate) mod chain;
pub(crate) mod fees;
pub(crate) mod logs;
pub(crate) mod state;
pub(crate) mod submit;
pub(crate) mod transactions;
