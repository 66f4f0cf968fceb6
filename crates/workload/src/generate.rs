//! Makes a block of a kind.

mod chain;
mod mixed;
mod swaps;
mod tokens;
mod transfers;

use crate::{Kind, Workload, world::World};

/// Makes a block of a kind with so many transactions.
///
/// The fork is Osaka, the base fee 1 gwei, the block gas limit enough for the
/// gas limits of all transactions. Every transaction succeeds.
#[must_use]
pub fn generate(kind: Kind, transactions: usize, seed: u64) -> Workload {
    let mut world = World::new(seed);
    let make = match kind {
        Kind::Transfers => transfers::independent,
        Kind::TransfersToOne => transfers::to_one,
        Kind::TransfersFromOne => transfers::from_one,
        Kind::Erc20 => tokens::independent,
        Kind::Erc20ToOne => tokens::to_one,
        Kind::Swaps => swaps::own_pools,
        Kind::SwapOnePool => swaps::one_pool,
        Kind::Chain => chain::ring,
        Kind::Counter => chain::counter,
        Kind::Mixed => mixed::mixed,
    };
    make(&mut world, transactions);
    world.finish(
        format!("{kind} txs={transactions} seed={seed}"),
        kind.description(),
    )
}
