//! OpenZeppelin's ERC-721 token.

use super::{Intent, Stopped};
use crate::{Call, PublishedArtifacts, Setup, world::gas};
use alloy_primitives::{Address, B256, U256};

/// Where its code is.
pub(super) const ARTIFACT: &str =
    "@openzeppelin/contracts/build/contracts/ERC721PresetMinterPauserAutoId.json";

pub(super) fn deploy(
    setup: &mut Setup,
    artifacts: &PublishedArtifacts,
    owner: Address,
) -> Result<Address, Stopped> {
    let texts = ["Collectible", "COL", "https://example.org/"];
    let arguments = Call::bare().word(3 * 32).word(5 * 32).word(7 * 32);
    let arguments = texts.iter().fold(arguments, |arguments, text| {
        arguments
            .word(text.len())
            .hash(B256::right_padding_from(text.as_bytes()))
    });
    let code = artifacts.read(ARTIFACT)?;
    let code = code.with_arguments(&arguments.data())?;
    Ok(setup.deploy(owner, code)?)
}

/// Hands an item of its own on. `minted` is how many there are.
pub(super) fn hand_on(
    setup: &mut Setup,
    collection: Address,
    owner: Address,
    minted: &mut u64,
    [from, to]: [Address; 2],
) -> Result<Intent, Stopped> {
    let mint = Call::new("mint(address)").address(from).data();
    setup.call(owner, collection, mint)?;
    // They are numbered in the order in which they are minted.
    let data = Call::new("transferFrom(address,address,uint256)")
        .address(from)
        .address(to)
        .word(U256::from(*minted))
        .data();
    *minted += 1;
    Ok(Intent {
        from,
        to: collection,
        value: 0,
        data,
        gas_limit: gas::COLLECTIBLE,
    })
}
