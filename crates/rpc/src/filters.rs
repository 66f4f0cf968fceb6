//! Filters that are asked for what is new.

use crate::{
    api::Api, error::RpcError, eth::logs::for_each_matching, json::log::log, params::Params,
};
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::{Filter, FilterBlockOption};
use parallax_node::Event;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// Filters that there may be at once.
const MOST: usize = 1024;

/// After this a filter that nobody asks is gone.
const IDLE: Duration = Duration::from_secs(300);

/// All filters, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    last: u64,
    filters: HashMap<u64, Installed>,
}

#[derive(Debug)]
struct Installed {
    kind: Kind,
    events: Receiver<Event>,
    asked: Instant,
}

#[derive(Clone, Debug)]
enum Kind {
    Blocks,
    Transactions,
    Logs(Box<Filter>),
}

impl Api {
    /// `eth_newBlockFilter`.
    pub(crate) fn new_block_filter(&self) -> Result<Value, RpcError> {
        self.install(Kind::Blocks)
    }

    /// `eth_newPendingTransactionFilter`.
    pub(crate) fn new_transaction_filter(&self) -> Result<Value, RpcError> {
        self.install(Kind::Transactions)
    }

    /// `eth_newFilter`.
    pub(crate) fn new_filter(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let filter: Filter = params.next()?;
        self.install(Kind::Logs(Box::new(filter)))
    }

    fn install(&self, kind: Kind) -> Result<Value, RpcError> {
        let mut filters = self.filters();
        let now = Instant::now();
        filters
            .filters
            .retain(|_, filter| now.duration_since(filter.asked) < IDLE);
        if filters.filters.len() >= MOST {
            return Err(RpcError::limit(format!("there are {MOST} filters already")));
        }
        filters.last += 1;
        let id = filters.last;
        let installed = Installed {
            kind,
            events: self.node.subscribe(),
            asked: now,
        };
        filters.filters.insert(id, installed);
        Ok(json!(U64::from(id)))
    }

    /// `eth_uninstallFilter`.
    pub(crate) fn uninstall_filter(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let id: U256 = params.next()?;
        let removed = self.filters().filters.remove(&id.saturating_to());
        Ok(json!(removed.is_some()))
    }

    /// `eth_getFilterLogs`.
    pub(crate) fn filter_logs(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let id: U256 = params.next()?;
        let kind = self
            .filters()
            .filters
            .get(&id.saturating_to())
            .map(|filter| filter.kind.clone());
        match kind {
            Some(Kind::Logs(filter)) => Ok(Value::Array(self.logs_of(&filter)?)),
            _ => Err(RpcError::server("filter not found")),
        }
    }

    /// `eth_getFilterChanges`.
    pub(crate) fn filter_changes(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let id: U256 = params.next()?;
        let mut filters = self.filters();
        let filter = filters.filters.get_mut(&id.saturating_to());
        let filter = filter.ok_or_else(|| RpcError::server("filter not found"))?;
        filter.asked = Instant::now();
        let mut changes = Vec::new();
        loop {
            match filter.events.try_recv() {
                Ok(event) => filter.kind.add(&event, &mut changes),
                Err(TryRecvError::Lagged(_)) => {
                    return Err(RpcError::limit(
                        "the filter was asked too seldom: make a new one",
                    ));
                }
                Err(_) => return Ok(Value::Array(changes)),
            }
        }
    }
}

impl Kind {
    fn add(&self, event: &Event, changes: &mut Vec<Value>) {
        match (self, event) {
            (Self::Blocks, Event::Block(block)) => changes.push(json!(block.hash)),
            (Self::Transactions, Event::Transaction(tx)) => changes.push(json!(tx.hash())),
            (Self::Logs(filter), Event::Block(block)) if covers(filter, block.number()) => {
                for_each_matching(block, filter, |entry, index, number| {
                    changes.push(log(entry, block, index, number, false));
                });
            }
            _ => {}
        }
    }
}

/// Whether the blocks that a filter names include this one.
fn covers(filter: &Filter, number: u64) -> bool {
    match &filter.block_option {
        FilterBlockOption::AtBlockHash(_) => false,
        FilterBlockOption::Range {
            from_block,
            to_block,
        } => {
            let from = from_block.and_then(|tag| tag.as_number());
            let to = to_block.and_then(|tag| tag.as_number());
            from.is_none_or(|from| from <= number) && to.is_none_or(|to| number <= to)
        }
    }
}
