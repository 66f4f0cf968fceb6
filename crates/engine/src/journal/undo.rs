//! What it takes to revert a call frame.

use super::Journal;
use alloy_primitives::{Address, B256, U256, address};
use revm::{DatabaseRef, primitives::hardfork::SpecId, state::Bytecode};

/// One reversible step. Accounts and slots are named by their position.
#[derive(Debug)]
pub(crate) enum Undo {
    AccountWarmed(usize),
    Touched(usize),
    /// The balance grew by this, modulo 2^256.
    Balance(usize, U256),
    /// The nonce was this.
    Nonce(usize, u64),
    Code(usize, B256, Option<Bytecode>),
    Created {
        entry: usize,
        first: bool,
    },
    Destroyed {
        entry: usize,
        first: bool,
    },
    SlotWarmed(usize),
    /// The value was this.
    Slot(usize, U256),
    Transient {
        address: Address,
        key: U256,
        value: U256,
    },
}

/// RIPEMD-160, which once was left touched by a reverted call on mainnet
/// ([EIP-161](https://eips.ethereum.org/EIPS/eip-161)).
const PRECOMPILE_3: Address = address!("0x0000000000000000000000000000000000000003");

impl<DB: DatabaseRef> Journal<'_, DB> {
    /// Reverts everything after the first `length` steps.
    pub(super) fn revert_to(&mut self, length: usize) {
        while self.undo.len() > length {
            // The loop condition says that there is one.
            let Some(step) = self.undo.pop() else { return };
            self.revert_step(step);
        }
    }

    fn revert_step(&mut self, step: Undo) {
        match step {
            Undo::AccountWarmed(i) => self.entries[i].account.mark_cold(),
            Undo::Touched(i) => {
                if !self.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON)
                    || self.entries[i].cell.address != PRECOMPILE_3
                {
                    self.entries[i].account.unmark_touch();
                }
            }
            Undo::Balance(i, growth) => {
                let balance = &mut self.entries[i].account.info.balance;
                *balance = balance.wrapping_sub(growth);
            }
            Undo::Nonce(i, nonce) => self.entries[i].account.info.nonce = nonce,
            Undo::Code(i, hash, code) => {
                let info = &mut self.entries[i].account.info;
                info.code_hash = hash;
                info.code = code;
            }
            Undo::Created { entry, first } => {
                let account = &mut self.entries[entry].account;
                account.unmark_created_locally();
                if first {
                    account.unmark_created();
                }
                account.info.nonce = 0;
            }
            Undo::Destroyed { entry, first } => {
                if first {
                    let account = &mut self.entries[entry].account;
                    account.unmark_selfdestruct();
                    account.unmark_selfdestructed_locally();
                }
            }
            Undo::SlotWarmed(i) => self.slots[i].value.mark_cold(),
            Undo::Slot(i, value) => self.slots[i].value.present_value = value,
            Undo::Transient {
                address,
                key,
                value,
            } => {
                if value.is_zero() {
                    self.transient.remove_value(address, key);
                } else {
                    self.transient.insert_value(address, key, value);
                }
            }
        }
    }
}
