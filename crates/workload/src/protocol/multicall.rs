//! Many calls in one transaction, by the multicall contract of Uniswap's interface.

use super::{Intent, Stopped, erc20::Token};
use crate::{Call, PublishedArtifacts, Setup, abi::padded};
use alloy_primitives::{Address, Bytes};

/// Where its code is.
pub(super) const ARTIFACT: &str = "@uniswap/v3-periphery/artifacts/contracts/lens/\
    UniswapInterfaceMulticall.sol/UniswapInterfaceMulticall.json";

/// Gas that each of the calls may use.
const CALL_GAS: u64 = 100_000;

pub(super) fn deploy(
    setup: &mut Setup,
    artifacts: &PublishedArtifacts,
    owner: Address,
) -> Result<Address, Stopped> {
    let code = artifacts.read(ARTIFACT)?.with_arguments(&[])?;
    Ok(setup.deploy(owner, code)?)
}

/// Pays the same amount to several at once, from someone who lets the contract.
pub(super) fn pay_out(
    setup: &mut Setup,
    multicall: Address,
    token: &Token,
    from: Address,
    recipients: &[Address],
    amount: u128,
) -> Intent {
    let state = setup.state_mut();
    token.give(state, from, amount * recipients.len() as u128);
    token.allow(state, from, multicall);
    let calls: Vec<_> = recipients
        .iter()
        .map(|to| {
            Call::new("transferFrom(address,address,uint256)")
                .address(from)
                .address(*to)
                .word(amount)
                .data()
        })
        .collect();
    Intent {
        from,
        to: multicall,
        value: 0,
        data: data(token.address, &calls),
        gas_limit: CALL_GAS * (1 + calls.len() as u64),
    }
}

fn data(target: Address, calls: &[Bytes]) -> Bytes {
    let items: Vec<_> = calls
        .iter()
        .map(|call| {
            // The offset of the bytes, within the item: after three words.
            let head = Call::bare().address(target).word(CALL_GAS).word(3 * 32);
            [head.data().to_vec(), padded(call)].concat()
        })
        .collect();
    let mut head = Call::new("multicall((address,uint256,bytes)[])")
        .word(32)
        .word(items.len());
    let mut offset = 32 * items.len();
    for item in &items {
        head = head.word(offset);
        offset += item.len();
    }
    [head.data().to_vec(), items.concat()].concat().into()
}
