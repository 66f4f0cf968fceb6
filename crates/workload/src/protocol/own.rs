//! Contracts of our own, created as those of others are.

use super::token::SUPPLY;
use crate::{Call, Contract, Setup, SetupError};
use alloy_primitives::Address;

/// Creates a contract; the call has no selector, only the constructor's arguments.
pub(super) fn deploy(
    setup: &mut Setup,
    owner: Address,
    contract: Contract,
    arguments: Call,
) -> Result<Address, SetupError> {
    let creation = &contract.artifact().creation;
    let code = [creation.as_ref(), &arguments.data()].concat();
    setup.deploy(owner, code.into())
}

/// Creates a token of 18 decimals; all of it belongs to the owner.
pub(super) fn token(setup: &mut Setup, owner: Address) -> Result<Address, SetupError> {
    deploy(setup, owner, Contract::Token, Call::bare().word(SUPPLY))
}
