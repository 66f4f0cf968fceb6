//! Where tokens keep balances, so that a million holders take no million transactions.

use crate::{Call, MemoryState, mapping_slot, protocol::Intent, world::gas};
use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};

/// The slots at which a token has declared its mappings. A test asks every token for
/// what was written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::protocol) struct Ledger {
    /// `mapping(address => uint256)`.
    pub(super) balances: u8,
    /// `mapping(address => mapping(address => uint256))`.
    pub(super) allowances: u8,
    /// The sum of all balances.
    pub(super) supply: u8,
}

impl Ledger {
    /// OpenZeppelin's `ERC20.sol` up to 5.x, which inherits no storage: `_balances`,
    /// `_allowances` and `_totalSupply` come first.
    pub(super) const OPEN_ZEPPELIN: Self = Self {
        balances: 0,
        allowances: 1,
        supply: 2,
    };
}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::protocol) struct Token {
    pub(in crate::protocol) address: Address,
    /// One whole token in its smallest units.
    pub(in crate::protocol) unit: u128,
    pub(super) ledger: Ledger,
}

impl Token {
    /// Mints.
    pub(in crate::protocol) fn give(&self, state: &mut MemoryState, owner: Address, amount: u128) {
        let balance = mapping_slot(word(owner), U256::from(self.ledger.balances));
        for slot in [balance, U256::from(self.ledger.supply)] {
            state.add_storage(self.address, slot, U256::from(amount));
        }
    }

    /// Lets a spender take any amount from an owner.
    pub(in crate::protocol) fn allow(
        &self,
        state: &mut MemoryState,
        owner: Address,
        spender: Address,
    ) {
        let inner = mapping_slot(word(owner), U256::from(self.ledger.allowances));
        state.set_storage(self.address, mapping_slot(word(spender), inner), U256::MAX);
    }

    /// A transfer.
    pub(in crate::protocol) fn transfer(&self, from: Address, to: Address, amount: u128) -> Intent {
        let data = Call::new("transfer(address,uint256)")
            .address(to)
            .word(amount)
            .data();
        Intent {
            from,
            to: self.address,
            value: 0,
            data,
            gas_limit: gas::TOKEN,
        }
    }

    /// An allowance of so much, where there was none: Tether's token refuses to change
    /// one that is not zero.
    pub(in crate::protocol) fn approve(
        &self,
        owner: Address,
        spender: Address,
        amount: U256,
    ) -> Intent {
        let data = Call::new("approve(address,uint256)")
            .address(spender)
            .word(amount)
            .data();
        Intent {
            from: owner,
            to: self.address,
            value: 0,
            data,
            gas_limit: gas::TOKEN,
        }
    }
}

/// A text as Solidity stores it where it is shorter than 32 bytes: with twice its
/// length behind it.
pub(super) fn short_text(text: &str) -> U256 {
    debug_assert!(text.len() < 32);
    let mut word = [0; 32];
    word[..text.len()].copy_from_slice(text.as_bytes());
    word[31] = 2 * text.len() as u8;
    U256::from_be_bytes(word)
}

pub(super) fn word(address: Address) -> U256 {
    address.into_word().into()
}
