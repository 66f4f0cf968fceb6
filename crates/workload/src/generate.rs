//! Makes a block of a kind.

mod chain;
mod mixed;
mod swaps;
mod tokens;
mod transfers;

use crate::{Kind, Size, Workload, world::World};

/// Makes a block of a kind, of a number of transactions or another [`Size`].
///
/// The fork is Osaka, the base fee 1 gwei, the block gas limit enough for the
/// gas limits of all transactions. Every transaction succeeds but for those that the
/// workload names.
#[must_use]
pub fn generate(kind: Kind, size: impl Into<Size>, seed: u64) -> Workload {
    let size = size.into();
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
    make(&mut world, size.transactions);
    world.populate(size.accounts);
    world.finish(
        format!("{kind} {} seed={seed}", size.label()),
        kind.description(),
    )
}
