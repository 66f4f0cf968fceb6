//! A busy day: some accounts, tokens and pools are far more popular than others.

use super::swaps::swap;
use crate::{
    Call, Contract, Pair,
    rng::Zipf,
    world::{ETHER, World, gas},
};
use alloy_primitives::{Address, Bytes, U256};

const TOKENS: usize = 24;
const POOLS: usize = 40;
const COUNTERS: usize = 4;

#[derive(Clone, Copy)]
enum Action {
    Transfer,
    Token,
    Approve,
    Swap,
    Count,
}

const ACTIONS: [(u64, Action); 5] = [
    (30, Action::Transfer),
    (38, Action::Token),
    (7, Action::Approve),
    (22, Action::Swap),
    (3, Action::Count),
];

struct Day {
    tokens: Vec<Address>,
    pools: Vec<Pair>,
    counters: Vec<Address>,
    token: Zipf,
    pool: Zipf,
    counter: Zipf,
    recipient: Zipf,
    senders: usize,
}

pub(super) fn mixed(world: &mut World, transactions: usize) {
    let day = Day::new(world, transactions);
    for _ in 0..transactions {
        // Most senders send once; every tenth transaction comes from one of the
        // few accounts that send all day.
        let busy = world.rng.chance(10);
        let sender = if busy {
            world.rng.index(8)
        } else {
            8 + world.rng.index(day.senders)
        };
        let sender = world.user("user", sender);
        // A busy account spends a little at a time, so it never runs dry.
        world
            .state
            .set_account(sender, U256::from(1_000_000 * ETHER), 0);
        day.act(world, sender);
    }
}

impl Day {
    fn new(world: &mut World, transactions: usize) -> Self {
        let tokens: Vec<_> = (0..TOKENS)
            .map(|index| world.contract(Contract::Token, index))
            .collect();
        // The first token plays the part of wrapped ether: it is in most pools.
        let pools = (0..POOLS)
            .map(|index| {
                let first = if index % 4 == 3 { 1 } else { 0 };
                let second = first + 1 + index % (TOKENS - 2);
                world.pair(index, [tokens[first], tokens[second]])
            })
            .collect();
        let counters = (0..COUNTERS)
            .map(|index| world.contract(Contract::Counter, index))
            .collect();
        Self {
            tokens,
            pools,
            counters,
            token: Zipf::new(TOKENS),
            pool: Zipf::new(POOLS),
            counter: Zipf::new(COUNTERS),
            recipient: Zipf::new(transactions.max(16)),
            senders: transactions.max(16),
        }
    }

    fn act(&self, world: &mut World, sender: Address) {
        match world.rng.weighted(&ACTIONS) {
            Action::Transfer => {
                let to = self.someone(world);
                let value = 1 + u128::from(world.rng.below(ETHER as u64));
                world.send(sender, to, value, Bytes::new(), gas::TRANSFER);
            }
            Action::Token => self.token_transfer(world, sender),
            Action::Approve => {
                let token = self.tokens[self.token.rank(&mut world.rng)];
                let pool = self.pools[self.pool.rank(&mut world.rng)];
                let data = Call::new("approve(address,uint256)")
                    .address(pool.exchange)
                    .word(U256::MAX)
                    .data();
                world.send(sender, token, 0, data, gas::TOKEN);
            }
            Action::Swap => {
                let pool = self.pools[self.pool.rank(&mut world.rng)];
                swap(world, sender, &pool);
            }
            Action::Count => {
                let counter = self.counters[self.counter.rank(&mut world.rng)];
                let data = Call::new("increment()").data();
                world.send(sender, counter, 0, data, gas::SMALL);
            }
        }
    }

    fn token_transfer(&self, world: &mut World, sender: Address) {
        let token = self.tokens[self.token.rank(&mut world.rng)];
        let to = self.someone(world);
        let amount = 1 + world.rng.below(ETHER as u64);
        world.give(token, sender, u128::from(amount));
        let data = Call::new("transfer(address,uint256)")
            .address(to)
            .word(amount)
            .data();
        world.send(sender, token, 0, data, gas::TOKEN);
    }

    /// A recipient: deposit addresses of large services are hot, most are not.
    fn someone(&self, world: &mut World) -> Address {
        let rank = self.recipient.rank(&mut world.rng);
        world.user("recipient", rank)
    }
}
