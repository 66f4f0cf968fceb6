//! Which instructions are simple, and what they do.
//!
//! What costs the same in every fork, needs neither the host nor more memory, and
//! cannot fail but for want of gas, words or room.

use super::{
    registers::{BASE, LOW, Registers, VERY_LOW},
    words,
};
use alloy_primitives::{Address, U256};
use revm::{bytecode::opcode as op, interpreter::Interpreter, primitives::hardfork::SpecId};

/// Executes instructions up to one that is not simple, or cannot be executed.
#[inline]
pub(super) fn run(interpreter: &mut Interpreter) {
    let Some(mut registers) = Registers::new(interpreter) else {
        return;
    };
    while step(&mut registers) {}
    registers.stop().put_back(interpreter);
}

/// Executes one instruction, if it is simple and nothing is in its way.
#[inline(always)]
fn step(r: &mut Registers<'_>) -> bool {
    match r.opcode() {
        op::ADD => r.binary(VERY_LOW, U256::wrapping_add),
        op::MUL => r.binary(LOW, U256::wrapping_mul),
        op::SUB => r.binary(VERY_LOW, U256::wrapping_sub),
        op::DIV => r.binary(LOW, words::div),
        op::MOD => r.binary(LOW, words::rem),
        op::SIGNEXTEND => r.binary(LOW, words::sign_extend),
        op::LT => r.binary(VERY_LOW, |a, b| U256::from(a < b)),
        op::GT => r.binary(VERY_LOW, |a, b| U256::from(a > b)),
        op::SLT => r.binary(VERY_LOW, |a, b| U256::from(words::signed_less(a, b))),
        op::SGT => r.binary(VERY_LOW, |a, b| U256::from(words::signed_less(b, a))),
        op::EQ => r.binary(VERY_LOW, |a, b| U256::from(a == b)),
        op::ISZERO => r.unary(VERY_LOW, |a| U256::from(a.is_zero())),
        op::AND => r.binary(VERY_LOW, |a, b| a & b),
        op::OR => r.binary(VERY_LOW, |a, b| a | b),
        op::XOR => r.binary(VERY_LOW, |a, b| a ^ b),
        op::NOT => r.unary(VERY_LOW, |a| !a),
        op::BYTE => r.binary(VERY_LOW, words::byte),
        op::SHL if r.spec >= SpecId::PETERSBURG => r.binary(VERY_LOW, |shift, a| {
            words::shl(words::at_most_256(shift), a)
        }),
        op::SHR if r.spec >= SpecId::PETERSBURG => r.binary(VERY_LOW, |shift, a| {
            words::shr(words::at_most_256(shift), a)
        }),
        op::SAR if r.spec >= SpecId::PETERSBURG => r.binary(VERY_LOW, words::sar),

        op::POP => r.pop(),
        op::PUSH0 if r.spec >= SpecId::SHANGHAI => r.push(BASE, U256::ZERO),
        op::PUSH1 => r.push_short::<1>(),
        op::PUSH2 => r.push_short::<2>(),
        code @ op::PUSH3..=op::PUSH32 => r.push_long(usize::from(code - op::PUSH0)),
        code @ op::DUP1..=op::DUP16 => r.dup(usize::from(code - op::DUP1) + 1),
        code @ op::SWAP1..=op::SWAP16 => r.swap(usize::from(code - op::SWAP1) + 1),

        op::JUMP => r.jump(),
        op::JUMPI => r.jump_if_top(),
        op::JUMPDEST => r.nothing(1),
        op::MLOAD => r.mload(),
        op::MSTORE => r.mstore(),
        op::MSTORE8 => r.mstore8(),

        op::CALLDATALOAD => r.calldataload(),
        op::CALLDATASIZE => r.push(BASE, U256::from(r.input.input.len())),
        op::ADDRESS => r.push(BASE, address(r.input.target_address)),
        op::CALLER => r.push(BASE, address(r.input.caller_address)),
        op::CALLVALUE => r.push(BASE, r.input.call_value),
        op::CODESIZE => r.push(BASE, U256::from(r.code_len)),
        op::RETURNDATASIZE if r.spec >= SpecId::BYZANTIUM => r.push(BASE, U256::from(r.returned)),
        op::MSIZE => r.push(BASE, U256::from(r.memory_len())),
        op::PC => r.push(BASE, U256::from(r.pc())),
        op::GAS => r.push(BASE, U256::from(r.gas().wrapping_sub(BASE))),
        _ => false,
    }
}

fn address(address: Address) -> U256 {
    address.into_word().into()
}
