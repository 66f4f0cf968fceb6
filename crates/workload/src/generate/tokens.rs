//! ERC-20 transfers.

use crate::{
    Call, Contract,
    world::{ETHER, World, gas},
};
use alloy_primitives::Address;

pub(super) fn independent(world: &mut World, transactions: usize) {
    let token = world.contract(Contract::Token, 0);
    for index in 0..transactions {
        let from = holder(world, token, "sender", index);
        // One recipient in four holds the token for the first time.
        let to = if world.rng.chance(25) {
            world.user("newcomer", index)
        } else {
            holder(world, token, "recipient", index)
        };
        transfer(world, token, from, to);
    }
}

pub(super) fn to_one(world: &mut World, transactions: usize) {
    let token = world.contract(Contract::Token, 0);
    let to = holder(world, token, "recipient", 0);
    for index in 0..transactions {
        let from = holder(world, token, "sender", index);
        transfer(world, token, from, to);
    }
}

fn holder(world: &mut World, token: Address, role: &str, index: usize) -> Address {
    let owner = world.user(role, index);
    world.give(token, owner, 1_000 * ETHER);
    owner
}

fn transfer(world: &mut World, token: Address, from: Address, to: Address) {
    let amount = 1 + world.rng.below(ETHER as u64);
    let data = Call::new("transfer(address,uint256)")
        .address(to)
        .word(amount)
        .data();
    world.send(from, token, 0, data, gas::TOKEN);
}
