#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod api;
mod call;
mod debug;
mod dev;
mod dispatch;
mod error;
mod eth;
mod filters;
mod json;
mod params;
mod server;
mod target;
mod wallet;

pub use api::{Api, ApiConfig};
pub use dispatch::{Handled, MOST_IN_BATCH};
pub use error::RpcError;
pub use server::{Metrics, Server, ServerConfig, ServerError};
pub use wallet::Wallet;
