//! Value transfers.

use crate::world::{ETHER, World, gas};
use alloy_primitives::{Address, Bytes, U256};

pub(super) fn independent(world: &mut World, transactions: usize) {
    for index in 0..transactions {
        let from = world.user("sender", index);
        let to = world.user("recipient", index);
        transfer(world, from, to);
    }
}

pub(super) fn to_one(world: &mut World, transactions: usize) {
    let to = world.user("recipient", 0);
    for index in 0..transactions {
        let from = world.user("sender", index);
        transfer(world, from, to);
    }
}

pub(super) fn from_one(world: &mut World, transactions: usize) {
    let from = world.address("sender", 0);
    let balance = 100 * ETHER + ETHER * transactions as u128;
    world.state.set_account(from, U256::from(balance), 0);
    for index in 0..transactions {
        let to = world.user("recipient", index);
        transfer(world, from, to);
    }
}

fn transfer(world: &mut World, from: Address, to: Address) {
    let value = 1 + u128::from(world.rng.below(ETHER as u64 / 10));
    world.send(from, to, value, Bytes::new(), gas::TRANSFER);
}
