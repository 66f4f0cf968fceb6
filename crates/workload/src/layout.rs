//! Where our contracts keep their state, as Solidity lays it out.

use alloy_primitives::{Address, U256, keccak256};
use serde::{Deserialize, Serialize};

/// Number of slots of the ring contract.
pub const RING_SIZE: usize = 1024;

/// Slot of `mapping(key => value)` declared at `base`.
#[must_use]
pub fn mapping_slot(key: U256, base: U256) -> U256 {
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(&key.to_be_bytes::<32>());
    preimage[32..].copy_from_slice(&base.to_be_bytes::<32>());
    keccak256(preimage).into()
}

/// Slot of item `index` of a fixed array of words declared at `base`.
#[must_use]
pub fn array_slot(index: usize, base: U256) -> U256 {
    base + U256::from(index)
}

/// Storage of `Token.sol`.
pub mod token {
    use super::{Address, U256, mapping_slot, word};

    /// Total supply.
    pub const TOTAL_SUPPLY: U256 = U256::ZERO;

    /// Balance of an owner.
    #[must_use]
    pub fn balance(owner: Address) -> U256 {
        mapping_slot(word(owner), U256::ONE)
    }

    /// What a spender may take from an owner.
    #[must_use]
    pub fn allowance(owner: Address, spender: Address) -> U256 {
        let inner = mapping_slot(word(owner), U256::from(2));
        mapping_slot(word(spender), inner)
    }
}

/// Storage of `Exchange.sol`.
pub mod pair {
    use super::U256;

    /// Address of the first token.
    pub const TOKEN0: U256 = U256::ZERO;
    /// Address of the second token.
    pub const TOKEN1: U256 = U256::ONE;
    /// Both reserves and the time of the last change, packed.
    pub const RESERVES: U256 = U256::from_limbs([2, 0, 0, 0]);
    /// Accumulated price of the first token.
    pub const PRICE0: U256 = U256::from_limbs([3, 0, 0, 0]);
    /// Accumulated price of the second token.
    pub const PRICE1: U256 = U256::from_limbs([4, 0, 0, 0]);
    /// The lock: 1 when open.
    pub const UNLOCKED: U256 = U256::from_limbs([5, 0, 0, 0]);
}

/// An exchange and its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The exchange.
    pub exchange: Address,
    /// Its tokens.
    pub tokens: [Address; 2],
}

/// The packed slot of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserves {
    /// Of the first and the second token.
    pub amounts: [u128; 2],
    /// Time of the last change in seconds.
    pub timestamp: u32,
}

impl Reserves {
    /// As stored. Amounts must be below 2^112, as the contract ensures.
    #[must_use]
    pub fn pack(self) -> U256 {
        let [reserve0, reserve1] = self.amounts.map(U256::from);
        reserve0 | reserve1 << 112 | U256::from(self.timestamp) << 224
    }

    /// From what is stored.
    #[must_use]
    pub fn unpack(slot: U256) -> Self {
        let mask = (U256::ONE << 112) - U256::ONE;
        let amount = |shift: usize| -> U256 { (slot >> shift) & mask };
        Self {
            amounts: [0, 112].map(|shift| amount(shift).to::<u128>()),
            timestamp: U256::to(&(slot >> 224)),
        }
    }

    /// What `amount` of a token buys of the other one, after the fee of 0.3 %.
    #[must_use]
    pub fn amount_out(&self, zero_for_one: bool, amount: u128) -> u128 {
        let [reserve0, reserve1] = self.amounts.map(U256::from);
        let (reserve_in, reserve_out) = if zero_for_one {
            (reserve0, reserve1)
        } else {
            (reserve1, reserve0)
        };
        let after_fee = U256::from(amount) * U256::from(997);
        let out = after_fee * reserve_out / (reserve_in * U256::from(1000) + after_fee);
        // Below `reserve_out`, which is a u128.
        out.saturating_to()
    }

    /// The reserves after a swap.
    #[must_use]
    pub fn after_swap(mut self, zero_for_one: bool, amount: u128) -> Self {
        let out = self.amount_out(zero_for_one, amount);
        let (into, out_of) = if zero_for_one { (0, 1) } else { (1, 0) };
        self.amounts[into] += amount;
        self.amounts[out_of] -= out;
        self
    }
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserves_round_trip() {
        let reserves = Reserves {
            amounts: [(1 << 112) - 1, 12_345],
            timestamp: u32::MAX,
        };
        assert_eq!(Reserves::unpack(reserves.pack()), reserves);
    }
}
