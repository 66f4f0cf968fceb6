//! What all methods share.

use crate::{call::CallLimits, dev::Interval, filters::Filters, wallet::Wallet};
use parallax_node::Node;
use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

/// Settings of the methods.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// What `web3_clientVersion` says.
    pub client_version: String,
    /// The methods of developers are there: `anvil_`, `hardhat_`, `evm_`.
    pub is_development: bool,
    /// A block is made as soon as a transaction has come in.
    pub mines_at_once: bool,
    /// Gas that a call may use. 50 million.
    pub call_gas: u64,
    /// Blocks that one `eth_getLogs` may look through. 100,000.
    pub log_blocks: u64,
    /// Logs that one answer may have. 20,000.
    pub logs: usize,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            client_version: format!("parallax/v{}", env!("CARGO_PKG_VERSION")),
            is_development: false,
            mines_at_once: false,
            call_gas: 50_000_000,
            log_blocks: 100_000,
            logs: 20_000,
        }
    }
}

/// The methods of a node. All may be called from many threads.
#[derive(Debug)]
pub struct Api {
    pub(crate) node: Arc<Node>,
    pub(crate) config: ApiConfig,
    pub(crate) filters: Mutex<Filters>,
    pub(crate) wallet: RwLock<Wallet>,
    pub(crate) interval: Arc<Interval>,
    mines_at_once: AtomicBool,
}

impl Api {
    /// The methods of a node, and accounts that it signs for.
    #[must_use]
    pub fn new(node: Arc<Node>, config: ApiConfig, wallet: Wallet) -> Self {
        Self {
            mines_at_once: AtomicBool::new(config.mines_at_once),
            filters: Mutex::default(),
            interval: Arc::default(),
            wallet: RwLock::new(wallet),
            node,
            config,
        }
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn mines_at_once(&self) -> bool {
        self.mines_at_once.load(Ordering::Relaxed)
    }

    pub(crate) fn set_mines_at_once(&self, mines: bool) {
        self.mines_at_once.store(mines, Ordering::Relaxed);
    }

    pub(crate) fn filters(&self) -> std::sync::MutexGuard<'_, Filters> {
        self.filters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wallet(&self) -> std::sync::RwLockReadGuard<'_, Wallet> {
        self.wallet.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wallet_mut(&self) -> std::sync::RwLockWriteGuard<'_, Wallet> {
        self.wallet.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn call_limits(&self) -> CallLimits {
        CallLimits {
            gas: self.config.call_gas,
        }
    }
}
