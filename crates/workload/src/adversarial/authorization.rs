//! Lists of authorizations (EIP-7702): delegations set, changed and cleared.

use super::{runner::Runner, scene::Scene};
use crate::rng::Rng;
use alloy_primitives::{Address, U256};
use revm::context::{
    either::Either,
    transaction::{Authorization, RecoveredAuthority, RecoveredAuthorization, SignedAuthorization},
};

type Signed = Either<SignedAuthorization, RecoveredAuthorization>;

/// A list of one to three authorizations, most of them in force.
pub(super) fn list(
    rng: &mut Rng,
    runner: &mut Runner<'_>,
    scene: &Scene,
    sender: Address,
) -> Vec<Signed> {
    let mut accepted = vec![sender];
    (0..rng.between(1, 3))
        .map(|_| {
            let authority = if rng.chance(75) {
                scene.cast.user(rng)
            } else {
                scene.cast.anyone(rng)
            };
            // The sender's nonce and those of earlier authorities have risen by
            // the time this one is looked at.
            let risen = accepted.iter().filter(|other| **other == authority).count();
            let nonce = runner.account(authority).nonce.wrapping_add(risen as u64);
            accepted.push(authority);
            authorization(rng, scene, authority, nonce)
        })
        .collect()
}

fn authorization(rng: &mut Rng, scene: &Scene, authority: Address, nonce: u64) -> Signed {
    let delegate = match rng.below(10) {
        // Clears the delegation.
        0..3 => Address::ZERO,
        3..8 => rng.pick(&scene.cast.contracts).1,
        8 => authority,
        _ => scene.cast.anyone(rng),
    };
    let inner = Authorization {
        chain_id: U256::from(*rng.pick(&[0, 1, 1, 1, 1, 1, 1, 1, 1, 2])),
        address: delegate,
        nonce: if rng.chance(10) {
            nonce.wrapping_add(rng.below(3))
        } else {
            nonce
        },
    };
    let authority = if rng.chance(5) {
        RecoveredAuthority::Invalid
    } else {
        RecoveredAuthority::Valid(authority)
    };
    Either::Right(RecoveredAuthorization::new_unchecked(inner, authority))
}
