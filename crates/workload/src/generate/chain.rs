//! Blocks in which every transaction depends on the one before.

use crate::{
    Call, Contract, RING_SIZE,
    world::{World, gas},
};
use alloy_primitives::U256;

pub(super) fn ring(world: &mut World, transactions: usize) {
    let ring = world.contract(Contract::Ring, 0);
    // No slot is empty, so that every step costs the same.
    for index in 0..RING_SIZE {
        world.state.set_storage(ring, U256::from(index), U256::ONE);
    }
    for index in 0..transactions {
        let from = world.user("sender", index);
        let data = Call::new("step(uint256)").word(index).data();
        world.send(from, ring, 0, data, gas::SMALL);
    }
}

pub(super) fn counter(world: &mut World, transactions: usize) {
    let counter = world.contract(Contract::Counter, 0);
    world.state.set_storage(counter, U256::ZERO, U256::ONE);
    for index in 0..transactions {
        let from = world.user("sender", index);
        let data = Call::new("increment()").data();
        world.send(from, counter, 0, data, gas::SMALL);
    }
}
