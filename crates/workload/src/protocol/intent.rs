//! What someone is going to do in the block.

use crate::world::World;
use alloy_primitives::{Address, Bytes};

/// A transaction of the block, made while the protocol is set up: whoever sends it
/// has been given what it takes.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    pub(super) from: Address,
    pub(super) to: Address,
    /// Wei.
    pub(super) value: u128,
    pub(super) data: Bytes,
    pub(super) gas_limit: u64,
}

impl World {
    /// Appends transactions with their senders' next nonces.
    pub(super) fn send_all(&mut self, intents: impl IntoIterator<Item = Intent>) {
        for intent in intents {
            let Intent {
                from,
                to,
                value,
                data,
                gas_limit,
            } = intent;
            self.send(from, to, value, data, gas_limit);
        }
    }
}
