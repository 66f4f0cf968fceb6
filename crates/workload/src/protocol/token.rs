//! OpenZeppelin's ERC-20 token, which the protocols trade in.

use super::Stopped;
use crate::{Call, CreationCode, PublishedArtifacts, Setup, SetupError, world::ETHER};
use alloy_primitives::{Address, B256, Bytes, U256};

/// Where its code is.
pub(super) const ARTIFACT: &str =
    "@openzeppelin/contracts/build/contracts/ERC20PresetFixedSupply.json";

/// Enough for everyone, and far below the 2^112 that a pool can hold.
pub(super) const SUPPLY: u128 = 1_000_000_000_000 * ETHER;

/// The code of the token.
pub(super) struct TokenCode(CreationCode);

impl TokenCode {
    pub(super) fn read(artifacts: &PublishedArtifacts) -> Result<Self, Stopped> {
        Ok(Self(artifacts.read(ARTIFACT)?))
    }

    /// Creates a token of 18 decimals; all of it belongs to the owner.
    pub(super) fn deploy(
        &self,
        setup: &mut Setup,
        owner: Address,
        index: usize,
    ) -> Result<Address, Stopped> {
        Ok(setup.deploy(owner, self.creation(owner, index)?)?)
    }

    /// What creates a token of 18 decimals, all of which belongs to the owner.
    pub(super) fn creation(&self, owner: Address, index: usize) -> Result<Bytes, Stopped> {
        let (name, symbol) = (format!("Token {index}"), format!("T{index}"));
        // Offsets of the two strings, the supply, the owner, the strings.
        let arguments = Call::bare()
            .word(4 * 32)
            .word(6 * 32)
            .word(SUPPLY)
            .address(owner);
        let arguments = [name, symbol].iter().fold(arguments, |arguments, text| {
            arguments
                .word(text.len())
                .hash(B256::right_padding_from(text.as_bytes()))
        });
        Ok(self.0.with_arguments(&arguments.data())?)
    }
}

/// Lets a spender take any amount.
pub(super) fn approve(
    setup: &mut Setup,
    token: Address,
    owner: Address,
    spender: Address,
) -> Result<(), SetupError> {
    let data = Call::new("approve(address,uint256)")
        .address(spender)
        .word(U256::MAX)
        .data();
    setup.call(owner, token, data).map(drop)
}

/// Moves tokens.
pub(super) fn transfer(
    setup: &mut Setup,
    token: Address,
    from: Address,
    to: Address,
    amount: u128,
) -> Result<(), SetupError> {
    let data = Call::new("transfer(address,uint256)")
        .address(to)
        .word(amount)
        .data();
    setup.call(from, token, data).map(drop)
}
