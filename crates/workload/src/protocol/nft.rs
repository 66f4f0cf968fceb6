//! Mints of a collection whose tokens are numbered by one counter.

use super::{Intent, Stopped, own};
use crate::{Call, Contract, Setup, SetupError, world::World};
use alloy_primitives::Address;

/// The most tokens that there can be.
const MAX_SUPPLY: u64 = 1_000_000_000;

/// Gas limit of a mint.
const MINT_GAS: u64 = 120_000;

/// Mints by distinct minters.
pub(super) fn mints(world: &mut World, transactions: usize) -> Result<(), Stopped> {
    let owner = world.address("deployer", 0);
    let minters: Vec<_> = (0..transactions)
        .map(|index| world.user("minter", index))
        .collect();
    let collection = world.prepare(|setup| Collection::open(setup, owner))?;
    world.send_all(minters.into_iter().map(|minter| collection.mint(minter)));
    Ok(())
}

/// The collection.
pub(super) struct Collection(Address);

impl Collection {
    /// Deploys it, with one token minted.
    pub(super) fn open(setup: &mut Setup, owner: Address) -> Result<Self, SetupError> {
        let arguments = Call::bare().word(MAX_SUPPLY);
        let collection = Self(own::deploy(setup, owner, Contract::MintNft, arguments)?);
        let Intent { to, data, .. } = collection.mint(owner);
        setup.call(owner, to, data)?;
        Ok(collection)
    }

    /// A mint of the next token.
    pub(super) fn mint(&self, minter: Address) -> Intent {
        Intent {
            from: minter,
            to: self.0,
            value: 0,
            data: Call::new("mint()").data(),
            gas_limit: MINT_GAS,
        }
    }
}
