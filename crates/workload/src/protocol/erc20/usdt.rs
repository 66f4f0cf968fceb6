//! Tether's token as it is on mainnet.
//!
//! The constructor is not in the file of codes, so what it wrote is written here. Where
//! to: contracts inherit in the order `Ownable, Pausable, BasicToken, StandardToken,
//! BlackList, TetherToken` of the published source, and Solidity 0.4 declares:
//!
//! | slot | |
//! |---|---|
//! | 0 | owner, and (byte 20) whether it is paused |
//! | 1 | total supply |
//! | 2 | balances |
//! | 3, 4 | fee in basis points, most that it can be |
//! | 5 | allowances |
//! | 6 | blacklist |
//! | 7, 8, 9 | name, symbol, decimals |
//! | 10 | successor, and (byte 20) whether it is deprecated |
//!
//! Recorded mainnet blocks agree: a transfer reads slots 0, 3, 4 and 10 and finds
//! the known owner in the first and zeros in the others. Tests ask the contract.

use super::{
    Ledger, Token,
    ledger::{short_text, word},
};
use crate::{Call, MemoryState, PublishedArtifacts, Setup, protocol::Stopped};
use alloy_primitives::{Address, B256, U256, address, b256};

const ADDRESS: Address = address!("dAC17F958D2ee523a2206206994597C13D831ec7");

const CODE: B256 = b256!("b44fb4e949d0f78f87f79ee46428f23a2a5713ce6fc6e0beb3dda78c2ac1ea55");

const DECIMALS: u32 = 6;

/// Puts it at its address; nobody holds any.
pub(super) fn issue(
    state: &mut MemoryState,
    artifacts: &PublishedArtifacts,
    owner: Address,
) -> Result<Token, Stopped> {
    let [code] = artifacts.mainnet([CODE])?;
    state.set_code(ADDRESS, code);
    for (slot, value) in [
        (0, word(owner)),
        (7, short_text("Tether USD")),
        (8, short_text("USDT")),
        (9, U256::from(DECIMALS)),
    ] {
        state.set_storage(ADDRESS, U256::from(slot), value);
    }
    Ok(Token {
        address: ADDRESS,
        unit: 10_u128.pow(DECIMALS),
        ledger: Ledger {
            balances: 2,
            allowances: 5,
            supply: 1,
        },
    })
}

/// Has the owner ask for the highest fee that the contract accepts: 0.19 %, up to 49
/// tokens.
pub(super) fn take_fee(setup: &mut Setup, owner: Address) -> Result<(), Stopped> {
    let data = Call::new("setParams(uint256,uint256)")
        .word(19)
        .word(49)
        .data();
    setup.call(owner, ADDRESS, data)?;
    Ok(())
}
