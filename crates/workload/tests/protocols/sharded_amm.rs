//! The sharded exchange: every transaction is one swap, in the trader's shard.

use crate::chain::{Chain, SEED, address_argument, after, argument, generate, run};
use alloy_primitives::{Address, U256};
use parallax_workload::{Call, Protocol, Reserves};
use std::collections::{BTreeMap, BTreeSet};

const TRANSACTIONS: usize = 200;

/// Vault and reserves of a shard.
fn shard(chain: &mut Chain, exchange: Address, index: U256) -> (Address, Reserves) {
    let words = chain.words(exchange, Call::new("shards(uint256)").word(index).data());
    let reserves = Reserves {
        amounts: [words[1].to(), words[2].to()],
        timestamp: 0,
    };
    (Address::from_word(words[0].into()), reserves)
}

#[test]
fn swaps_move_the_shards_of_their_traders() {
    let workload = generate(Protocol::ShardedAmm, TRANSACTIONS, SEED).unwrap();
    let output = run(&workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(&workload, &output));
    let exchange = *workload.block.transactions[0].kind.to().unwrap();
    let tokens = ["token0()", "token1()"].map(|name| before.address(exchange, name));
    let mut shards = BTreeMap::new();
    for tx in &workload.block.transactions {
        let shard_of = Call::new("shardOf(address)").address(tx.caller).data();
        let index = before.words(exchange, shard_of)[0];
        let reserves = shards
            .entry(index)
            .or_insert_with(|| shard(&mut before, exchange, index).1);
        let (zero_for_one, amount_in) = (!argument(tx, 0).is_zero(), argument(tx, 1).to());
        let out = reserves.amount_out(zero_for_one, amount_in);
        *reserves = reserves.after_swap(zero_for_one, amount_in);
        assert_eq!(address_argument(tx, 3), tx.caller);
        let [sold, bought] = if zero_for_one {
            tokens
        } else {
            [tokens[1], tokens[0]]
        };
        let paid = before.balance(sold, tx.caller) - after.balance(sold, tx.caller);
        assert_eq!(paid, U256::from(amount_in));
        let got = after.balance(bought, tx.caller) - before.balance(bought, tx.caller);
        assert_eq!(got, U256::from(out));
        assert!(got >= argument(tx, 2));
    }
    // Of 64 shards, nearly all; each holds its own tokens.
    assert!(shards.len() > 55, "{}", shards.len());
    let mut vaults = BTreeSet::new();
    for (index, reserves) in shards {
        let (vault, moved) = shard(&mut after, exchange, index);
        assert_eq!(moved, reserves);
        assert!(vaults.insert(vault));
        for (token, amount) in tokens.into_iter().zip(reserves.amounts) {
            assert_eq!(after.balance(token, vault), U256::from(amount));
        }
    }
}
