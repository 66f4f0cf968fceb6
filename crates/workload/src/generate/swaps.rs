//! Swaps on constant-product pools.

use crate::{
    Call, Contract, Pair,
    world::{ETHER, World, gas},
};
use alloy_primitives::Address;

/// Pools share tokens, as real ones do; their slots in a token differ.
const TOKENS: usize = 16;

pub(super) fn own_pools(world: &mut World, transactions: usize) {
    let tokens: Vec<_> = (0..TOKENS)
        .map(|index| world.contract(Contract::Token, index))
        .collect();
    for index in 0..transactions {
        let first = world.rng.index(TOKENS);
        let second = (first + 1 + world.rng.index(TOKENS - 1)) % TOKENS;
        let pair = world.pair(index, [tokens[first], tokens[second]]);
        let trader = world.user("trader", index);
        swap(world, trader, &pair);
    }
}

pub(super) fn one_pool(world: &mut World, transactions: usize) {
    let tokens = [0, 1].map(|index| world.contract(Contract::Token, index));
    let pair = world.pair(0, tokens);
    for index in 0..transactions {
        let trader = world.user("trader", index);
        swap(world, trader, &pair);
    }
}

/// A swap of up to ten tokens in either direction, paid out to the trader.
pub(super) fn swap(world: &mut World, trader: Address, pair: &Pair) {
    world.trader(trader, pair);
    let zero_for_one = world.rng.chance(50);
    let amount = ETHER + u128::from(world.rng.below(9 * ETHER as u64));
    world.give(pair.tokens[usize::from(!zero_for_one)], trader, amount);
    let data = Call::new("swap(bool,uint256,uint256,address)")
        .word(u64::from(zero_for_one))
        .word(amount)
        .word(0)
        .address(trader)
        .data();
    world.send(trader, pair.exchange, 0, data, gas::SWAP);
}
