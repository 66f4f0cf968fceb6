//! Makes a block of a kind.

mod chain;
mod hard;
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
        Kind::AbortCascade => hard::abort_cascade,
        Kind::PublishThenRevert => hard::publish_then_revert,
        Kind::LongLast => hard::long_last,
        Kind::CollidingKeys => hard::colliding_keys,
        Kind::Mixed => mixed::mixed,
    };
    make(&mut world, size.transactions);
    world.populate(size.accounts);
    world.finish(
        format!("{kind} {} seed={seed}", size.label()),
        kind.description(),
    )
}

/// A block of token transfers behind a transaction that is not valid, because its nonce
/// is too high: only building (which leaves it out) accepts the block. The transactions
/// are one more than asked for.
#[must_use]
pub fn invalid_first(size: impl Into<Size>, seed: u64) -> Workload {
    let size = size.into();
    let with_it = Size {
        transactions: size.transactions.saturating_add(1),
        ..size
    };
    let mut workload = generate(Kind::Erc20, with_it, seed);
    if let Some(first) = workload.block.transactions.first_mut() {
        first.nonce += 1;
    }
    workload.name = format!("invalid-first {} seed={seed}", size.label());
    "token transfers behind an invalid transaction".clone_into(&mut workload.description);
    workload
}
