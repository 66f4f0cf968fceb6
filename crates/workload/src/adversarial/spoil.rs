//! Makes transactions invalid, in every way that depends on the state or the
//! block, and in some that do not.

use super::{runner::Runner, scene::Scene};
use crate::rng::Rng;
use alloy_primitives::U256;
use revm::context::{TransactionType, TxEnv};

/// Makes a transaction invalid (now and then it stays valid).
pub(super) fn spoil(rng: &mut Rng, runner: &mut Runner<'_>, scene: &Scene, tx: &mut TxEnv) {
    match rng.below(12) {
        0 | 1 => tx.nonce = tx.nonce.wrapping_add(rng.between(1, 2)),
        2 => tx.nonce = tx.nonce.saturating_sub(1),
        3 => tx.value = runner.account(tx.caller).balance + U256::ONE,
        4 => tx.value = U256::MAX,
        5 => tx.gas_limit = scene.env.gas_limit + 1,
        6 => tx.gas_limit = runner.gas_left() + 1,
        7 => tx.gas_limit = rng.below(21_000),
        8 => tx.gas_price = u128::from(scene.env.basefee.saturating_sub(1)),
        9 => tx.chain_id = Some(2),
        // Contracts send no transactions (EIP-3607).
        10 => tx.caller = rng.pick(&scene.cast.contracts).1,
        _ => {
            // Without blobs, or before there were any.
            tx.tx_type = TransactionType::Eip4844 as u8;
            tx.blob_hashes.clear();
        }
    }
}
