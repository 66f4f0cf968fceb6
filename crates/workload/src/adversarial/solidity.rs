//! Calls of the compiled contracts (Cancun on).

use super::cast::{Cast, SALTS, salt};
use crate::{Call, Contract, rng::Rng};
use alloy_primitives::{Bytes, U256};

/// Random call data for a contract.
pub(super) fn call(rng: &mut Rng, cast: &Cast, contract: Contract) -> Bytes {
    match contract {
        Contract::Token | Contract::Exchange => token(rng, cast),
        Contract::Counter if rng.chance(70) => Call::new("increment()"),
        Contract::Counter => Call::new("incrementFrom(uint256)").word(rng.below(6)),
        Contract::Ring if rng.chance(60) => Call::new("step(uint256)").word(rng.below(5)),
        Contract::Ring => Call::new("run(uint256,uint256)")
            .word(rng.below(5))
            .word(rng.below(5)),
        Contract::DataDependent => data_dependent(rng),
        Contract::Factory => factory(rng, cast),
        Contract::Child if rng.chance(60) => Call::new("set(uint256)").word(rng.below(9)),
        Contract::Child => Call::new("destroy(address)").address(cast.anyone(rng)),
        Contract::Wallet => wallet(rng, cast),
        Contract::Reverter => reverter(rng),
        Contract::Prober => prober(rng, cast),
        // In no cast.
        Contract::OrderBook
        | Contract::CoverPool
        | Contract::MintNft
        | Contract::ShardedExchange => token(rng, cast),
    }
    .data()
}

fn token(rng: &mut Rng, cast: &Cast) -> Call {
    let amount = rng.below(1_000);
    match rng.below(4) {
        0 | 1 => Call::new("transfer(address,uint256)")
            .address(cast.anyone(rng))
            .word(amount),
        2 => Call::new("approve(address,uint256)")
            .address(cast.user(rng))
            .word(amount),
        _ => Call::new("transferFrom(address,address,uint256)")
            .address(cast.user(rng))
            .address(cast.anyone(rng))
            .word(amount),
    }
}

fn data_dependent(rng: &mut Rng) -> Call {
    match rng.below(3) {
        0 => Call::new("hop(uint256)").word(rng.below(16)),
        1 => Call::new("chase(uint256,uint256,uint256)")
            .word(rng.below(4))
            .word(rng.below(4))
            .word(rng.below(4)),
        _ => Call::new("branch(uint256,uint256)")
            .word(rng.below(3))
            .word(rng.below(3)),
    }
}

fn factory(rng: &mut Rng, cast: &Cast) -> Call {
    let salt = salt(rng.below(SALTS));
    match rng.below(6) {
        0 => Call::new("create()"),
        1 => Call::new("create2(bytes32)").hash(salt),
        2 | 3 => Call::new("flash(bytes32,address)")
            .hash(salt)
            .address(cast.anyone(rng)),
        4 => Call::new("set(bytes32,uint256)")
            .hash(salt)
            .word(rng.below(9)),
        _ => Call::new("destroy(bytes32,address)")
            .hash(salt)
            .address(cast.anyone(rng)),
    }
}

fn wallet(rng: &mut Rng, cast: &Cast) -> Call {
    let to = cast.anyone(rng);
    match rng.below(7) {
        0 => Call::new("forward(address)").address(to),
        1 => Call::new("split(address,address)")
            .address(to)
            .address(cast.anyone(rng)),
        2 => Call::new("tip()"),
        3 => Call::new("look()"),
        4 => Call::new("regret(address)").address(to),
        5 => Call::new("half(address)").address(to),
        _ => Call::new("sweep(address)").address(to),
    }
}

fn reverter(rng: &mut Rng) -> Call {
    let key = rng.below(3);
    match rng.below(5) {
        0 => Call::new("write(uint256,uint256)").word(key).word(1),
        1 => Call::new("invalid(uint256)").word(key),
        2 => Call::new("exhaust(uint256)").word(key),
        3 => Call::new("flip(uint256)").word(key),
        _ => Call::new("outlive(uint256,uint256)")
            .word(key)
            .word(rng.below(80_000)),
    }
}

fn prober(rng: &mut Rng, cast: &Cast) -> Call {
    match rng.below(5) {
        0 | 1 => {
            let count = rng.between(1, 3);
            let mut call = Call::new("probe(address[])")
                .word(U256::from(32))
                .word(count);
            for _ in 0..count {
                call = call.address(cast.anyone(rng));
            }
            call
        }
        2 => Call::new("self()"),
        3 => Call::new("poke(address,uint256)")
            .address(cast.anyone(rng))
            .word(rng.below(1_000)),
        _ => Call::new("visit()"),
    }
}
