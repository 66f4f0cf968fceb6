//! Circle's token as it is on mainnet: a proxy and version 2.2 of its implementation.
//!
//! The constructors are not in the file of codes, so what they and the initialisers
//! wrote is written here. Where to: contracts inherit in the order `Ownable, Pausable,
//! Blacklistable, FiatTokenV1, Rescuable, EIP712Domain, EIP3009, EIP2612, FiatTokenV2`
//! of the published source, and Solidity declares:
//!
//! | slot | |
//! |---|---|
//! | 0 | owner |
//! | 1 | pauser, and (byte 20) whether it is paused |
//! | 2, 3 | blacklister, blacklist of version 1 |
//! | 4, 5, 6, 7 | name, symbol, decimals, currency |
//! | 8 | master minter, and (byte 20) whether it is initialised |
//! | 9 | balances, with the blacklist in the highest bit |
//! | 10, 11 | allowances, total supply |
//! | 12 to 17 | minters and what they may mint, rescuer, domain separator, used permits |
//! | 18 | version of the last initialiser: 3 for 2.2 |
//!
//! The proxy keeps its two addresses in slots of ZeppelinOS. Recorded mainnet blocks
//! agree: a transfer reads these two, slot 1 and two balances. Tests ask the contract.

use super::{
    Ledger, Token,
    ledger::{short_text, word},
};
use crate::{MemoryState, PublishedArtifacts, protocol::Stopped};
use alloy_primitives::{Address, B256, U256, address, b256, keccak256};

const ADDRESS: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");

const PROXY: B256 = b256!("d80d4b7c890cb9d6a4893e6b52bc34b56b25335cb13716e0d1d31383e6b41505");

const IMPLEMENTATION_ADDRESS: Address = address!("43506849D7C04F9138D1A2050bbF3A0c054402dd");

const IMPLEMENTATION: B256 =
    b256!("cdfb7d322961af3acae7a8f7ee8b69c205b36f576cc5b077f170c7eb8ecbe3ea");

const DECIMALS: u32 = 6;

/// Puts it at its address; nobody holds any.
pub(super) fn issue(
    state: &mut MemoryState,
    artifacts: &PublishedArtifacts,
    owner: Address,
) -> Result<Token, Stopped> {
    let [proxy, implementation] = artifacts.mainnet([PROXY, IMPLEMENTATION])?;
    state.set_code(ADDRESS, proxy);
    state.set_code(IMPLEMENTATION_ADDRESS, implementation);
    let initialised = U256::ONE << 160;
    for (slot, value) in [
        (0, word(owner)),
        (1, word(owner)),
        (2, word(owner)),
        (4, short_text("USD Coin")),
        (5, short_text("USDC")),
        (6, U256::from(DECIMALS)),
        (7, short_text("USD")),
        (8, word(owner) | initialised),
        (18, U256::from(3)),
    ] {
        state.set_storage(ADDRESS, U256::from(slot), value);
    }
    // Who may upgrade the proxy cannot use the token, so it is nobody's address.
    let admin = Address::from_word(keccak256("admin of the proxy"));
    for (name, value) in [
        (
            "org.zeppelinos.proxy.implementation",
            IMPLEMENTATION_ADDRESS,
        ),
        ("org.zeppelinos.proxy.admin", admin),
    ] {
        state.set_storage(ADDRESS, keccak256(name).into(), word(value));
    }
    Ok(Token {
        address: ADDRESS,
        unit: 10_u128.pow(DECIMALS),
        ledger: Ledger {
            balances: 9,
            allowances: 10,
            supply: 11,
        },
    })
}
