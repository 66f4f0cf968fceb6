//! Accounts that are contracts (ERC-4337), through the entry point of mainnet.
//!
//! ```text
//! bundler ─> entry point ─> account: is this operation yours? ─> yes
//!                        ─> account: execute ─> token
//!                        ─> bundler: gas paid for, out of the account's deposit
//! ```
//!
//! The account accepts every operation that the entry point shows it: checking a
//! signature is the business of wallets, of which none is like the other.

use super::{Intent, Stopped, erc20::Token};
use crate::{
    Call, MemoryState, PublishedArtifacts, Setup,
    abi::padded,
    asm::{Asm, op},
    world::ETHER,
};
use alloy_primitives::{Address, B256, Bytes, U256, address, b256};

/// Version 0.7.
const ENTRY_POINT: Address = address!("0000000071727De22E5E9d8BAf0edAc6f37da032");

const CODE: B256 = b256!("8db5ff695839d655407cc8490bb7a5d82337a86a6b39c3f0258aa6c3b582fc58");

/// Of the verification, of the call, and of what is around both.
const OPERATION_GAS: [u128; 3] = [100_000, 120_000, 50_000];

/// Puts the entry point at its address, as its constructor leaves it.
pub(super) fn install(
    state: &mut MemoryState,
    artifacts: &PublishedArtifacts,
) -> Result<(), Stopped> {
    let [code] = artifacts.mainnet([CODE])?;
    state.set_code(ENTRY_POINT, code);
    // Not entered: the lock against re-entrancy comes after deposits and nonces.
    state.set_storage(ENTRY_POINT, U256::from(2), U256::ONE);
    Ok(())
}

/// An operation of a new account that pays somebody, sent by a bundler.
pub(super) fn pay(
    setup: &mut Setup,
    token: &Token,
    [bundler, account, to]: [Address; 3],
    amount: u128,
) -> Result<Intent, Stopped> {
    let state = setup.state_mut();
    state.set_raw_code(account, code());
    token.give(state, account, 2 * amount);
    let deposit = Call::new("depositTo(address)").address(account).data();
    setup.pay(bundler, ENTRY_POINT, U256::from(ETHER / 10), deposit)?;
    let transfer = token.transfer(account, to, amount);
    // The offset of the bytes: after three words.
    let execute = Call::new("execute(address,uint256,bytes)")
        .address(transfer.to)
        .word(0)
        .word(3 * 32)
        .data();
    let execute = [execute.to_vec(), padded(&transfer.data)].concat();
    Ok(Intent {
        from: bundler,
        to: ENTRY_POINT,
        value: 0,
        data: handle(account, bundler, &execute),
        gas_limit: 600_000,
    })
}

/// `handleOps` of one operation, the first of its account.
fn handle(account: Address, beneficiary: Address, execute: &[u8]) -> Bytes {
    let pair = |high: u128, low: u128| U256::from(high) << 128 | U256::from(low);
    let gwei = ETHER / 1_000_000_000;
    let [verification, call, around] = OPERATION_GAS;
    let execute = padded(execute);
    let empty = padded(&[]);
    // Nine words, then what four of them are the offsets of.
    let init_code = 9 * 32;
    let call_data = init_code + empty.len();
    let paymaster = call_data + execute.len();
    let signature = paymaster + empty.len();
    let operation = Call::new(
        "handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address)",
    )
    .word(2 * 32)
    .address(beneficiary)
    .word(1)
    .word(32)
    .address(account)
    .word(0)
    .word(init_code)
    .word(call_data)
    .word(pair(verification, call))
    .word(around)
    .word(pair(gwei, 5 * gwei))
    .word(paymaster)
    .word(signature);
    [
        operation.data().to_vec(),
        empty.clone(),
        execute,
        empty.clone(),
        empty,
    ]
    .concat()
    .into()
}

/// The code of an account: 0 (valid) for `validateUserOp`; a call for `execute`; both
/// only for the entry point.
fn code() -> Bytes {
    let mut asm = Asm::new();
    asm.push_address(ENTRY_POINT)
        .op(op::CALLER)
        .op(op::EQ)
        .op(op::ISZERO);
    asm.when(revert);
    // validateUserOp
    asm.push(0x1982_2f7c_u64);
    selector(&mut asm).op(op::EQ);
    asm.when(|asm| {
        asm.push(32).push(0).op(op::RETURN);
    });
    // execute
    asm.push(0xb61d_27f6_u64);
    selector(&mut asm).op(op::EQ);
    asm.when(|asm| {
        // The data follows the selector, three words and its length.
        const LENGTH: u64 = 4 + 3 * 32;
        asm.push(LENGTH).op(op::CALLDATALOAD);
        asm.push(LENGTH + 32).push(0).op(op::CALLDATACOPY);
        asm.push(0).push(0);
        asm.push(LENGTH).op(op::CALLDATALOAD).push(0);
        asm.push(4 + 32).op(op::CALLDATALOAD);
        asm.push(4).op(op::CALLDATALOAD);
        asm.op(op::GAS).op(op::CALL).op(op::ISZERO);
        asm.when(revert);
    });
    asm.code()
}

fn selector(asm: &mut Asm) -> &mut Asm {
    asm.push(0).op(op::CALLDATALOAD).push(224).op(op::SHR)
}

fn revert(asm: &mut Asm) {
    asm.push(0).push(0).op(op::REVERT);
}
