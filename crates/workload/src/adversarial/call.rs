//! What is said to a contract, by its role.

use super::{
    cast::{Cast, Role, SALTS},
    code::SLOTS,
    solidity,
};
use crate::{Call, rng::Rng};
use alloy_primitives::{Bytes, U256};
use revm::context::BlockEnv;

/// Random call data for a contract.
pub(super) fn data(rng: &mut Rng, cast: &Cast, role: Role, env: &BlockEnv) -> Bytes {
    let call = Call::bare();
    match role {
        Role::Solidity(contract) => return solidity::call(rng, cast, contract),
        Role::Counter | Role::Deposits => call,
        Role::Ring | Role::Hop => call.word(rng.below(SLOTS)),
        Role::Breeder => call
            .word(rng.between(1, 5))
            .word(rng.below(SALTS))
            .address(cast.anyone(rng)),
        Role::Child => match rng.below(3) {
            0 => call,
            1 => call.word(1).address(cast.anyone(rng)),
            _ => call.word(2).word(rng.below(SLOTS)).word(rng.below(3)),
        },
        Role::Wallet => call
            .word(rng.below(7))
            .address(cast.anyone(rng))
            .word(rng.below(1_000_000)),
        Role::Prober | Role::Program => call.address(cast.anyone(rng)).address(cast.anyone(rng)),
        Role::Mortal => call.address(cast.anyone(rng)),
        Role::Reverter => call.word(rng.below(SLOTS)).word(u64::from(rng.chance(20))),
        Role::Relay => return relay(rng, cast, env),
        Role::BeaconRoots => call.word(env.timestamp - U256::from(rng.below(2))),
        Role::History => call.word(env.number - U256::from(rng.below(3))),
        // Without data it says what a request costs.
        Role::WithdrawalRequests | Role::ConsolidationRequests if rng.chance(30) => call,
        // A validator's key of 48 bytes and an amount of 8, or two keys.
        Role::WithdrawalRequests => return Bytes::from(vec![rng.below(256) as u8; 56]),
        Role::ConsolidationRequests => return Bytes::from(vec![rng.below(256) as u8; 96]),
    }
    .data()
}

/// A call through the relay to another contract, with data that suits it.
fn relay(rng: &mut Rng, cast: &Cast, env: &BlockEnv) -> Bytes {
    let (role, target) = cast.contract(rng);
    let value = *rng.pick(&[0, 0, 0, 1, 50_000]);
    let inner = if role == Role::Relay {
        Bytes::new()
    } else {
        data(rng, cast, role, env)
    };
    let header = Call::bare()
        .address(target)
        .word(value)
        .word(rng.below(5))
        .data();
    [header, inner].concat().into()
}
