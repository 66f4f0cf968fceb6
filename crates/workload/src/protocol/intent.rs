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

/// What someone does, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A call that succeeds.
    Succeeds(Intent),
    /// A call that is meant to revert.
    Reverts(Intent),
    /// A contract is created.
    Creates {
        from: Address,
        code: Bytes,
        gas_limit: u64,
    },
}

impl World {
    /// Appends transactions and notes which of them are meant to revert.
    pub(super) fn act(&mut self, acts: impl IntoIterator<Item = Act>) {
        for act in acts {
            match act {
                Act::Succeeds(intent) => self.send_all([intent]),
                Act::Reverts(intent) => {
                    self.send_all([intent]);
                    self.reverts();
                }
                Act::Creates {
                    from,
                    code,
                    gas_limit,
                } => self.create(from, code, gas_limit),
            }
        }
    }

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
