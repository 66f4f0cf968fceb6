//! The transactions of some of the senders.

use crate::{PoolConfig, PoolError, Transaction};
use alloy_primitives::{Address, map::AddressHashMap};
use std::{collections::BTreeMap, sync::Arc};

/// Transactions by sender.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) senders: AddressHashMap<Sender>,
}

/// The transactions of a sender.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    /// The nonce of the next transaction that can be executed.
    pub(crate) next: u64,
    pub(crate) waiting: BTreeMap<u64, Arc<Transaction>>,
}

impl Sender {
    /// Those that can be executed one after the other, in order.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &Arc<Transaction>> {
        let waiting = self.waiting.range(self.next..);
        (self.next..)
            .zip(waiting)
            .map_while(|(nonce, (at, tx))| (nonce == *at).then_some(tx))
    }

    /// Those that wait for another one first.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &Arc<Transaction>> {
        self.waiting.values().skip(self.ready().count())
    }
}

impl Shard {
    /// Takes a transaction in; which one went for it.
    pub(crate) fn add(
        &mut self,
        tx: &Arc<Transaction>,
        next: u64,
        config: &PoolConfig,
    ) -> Result<Option<Arc<Transaction>>, PoolError> {
        let nonce = tx.nonce();
        let sender = self.senders.entry(tx.sender).or_default();
        sender.next = sender.next.max(next);
        let next = sender.next;
        if nonce < next {
            return Err(PoolError::NonceTooLow { next, nonce });
        }
        if let Some(other) = sender.waiting.get(&nonce) {
            if other.hash() == tx.hash() {
                return Err(PoolError::AlreadyKnown(tx.hash()));
            }
            if !tx.outbids(other, config.replacement_percent) {
                let instead_of = other.hash();
                return Err(PoolError::Underpriced { instead_of });
            }
        } else if sender.waiting.len() >= config.per_sender {
            return Err(PoolError::SenderFull {
                sender: tx.sender,
                most: config.per_sender,
            });
        }
        if nonce - next > config.nonce_gap {
            return Err(PoolError::NonceTooHigh { next, nonce });
        }
        Ok(sender.waiting.insert(nonce, Arc::clone(tx)))
    }

    /// Forgets a sender of whom nothing is waiting.
    pub(crate) fn tidy(&mut self, address: &Address) {
        let is_idle = |sender: &Sender| sender.waiting.is_empty();
        if self.senders.get(address).is_some_and(is_idle) {
            self.senders.remove(address);
        }
    }
}
