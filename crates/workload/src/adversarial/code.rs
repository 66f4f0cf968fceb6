//! Hand-assembled contracts: they run on every fork, with what it has.

use crate::asm::{Asm, Message, op};
use alloy_primitives::{Bytes, U256, keccak256};
use revm::primitives::hardfork::SpecId;

/// Slots that contracts use: few, so that they meet.
pub(super) const SLOTS: u64 = 4;

/// Gas for an inner call that should have enough.
const PLENTY: u64 = 120_000;
/// Gas for an inner call to an account without code.
const LITTLE: u64 = 5_000;

/// `storage[0] += 1`.
pub(super) fn counter() -> Bytes {
    Asm::new().push(0).increment().code()
}

/// `storage[a0 + 1] = storage[a0] + 1`, around a ring.
pub(super) fn ring() -> Bytes {
    let mut asm = Asm::new();
    modulo(&mut asm, |asm| {
        asm.argument(0);
    });
    asm.op(op::SLOAD).push(1).op(op::ADD);
    modulo(&mut asm, |asm| {
        asm.argument(0).push(1).op(op::ADD);
    });
    asm.op(op::SSTORE).code()
}

/// Increments the slot that slot 0 points to and moves the pointer by `a0`.
pub(super) fn hop() -> Bytes {
    let mut asm = Asm::new();
    modulo(&mut asm, |asm| {
        asm.push(0).op(op::SLOAD);
    });
    asm.push(1).op(op::ADD).increment();
    asm.push(0).op(op::SLOAD).argument(0).op(op::ADD);
    asm.push(0).op(op::SSTORE).code()
}

/// By `a0`: 1 destroys itself in favour of `a1`; 2 writes `a2` to slot `a1`;
/// else increments slot 0.
pub(super) fn child() -> Bytes {
    Asm::new()
        .on(1, |asm| {
            asm.argument(1).op(op::SELFDESTRUCT);
        })
        .on(2, |asm| {
            asm.argument(2).argument(1).op(op::SSTORE);
        })
        .push(0)
        .increment()
        .code()
}

/// Deploys the child. Slot 9 must always be 1 afterwards: more would mean that
/// the storage of a destroyed predecessor is still there.
pub(super) fn child_creation() -> Bytes {
    let mut asm = Asm::new();
    asm.push(9).increment();
    asm.deploying(&child())
}

/// By `a0`: 1 creates a child; 2 does so with salt `a1`; 3 also has it destroy
/// itself in favour of `a2`; 4 creates with the same salt twice; 5 creates with
/// a salt and then fails.
pub(super) fn breeder(spec: SpecId) -> Bytes {
    let mut asm = Asm::new();
    let creation = child_creation();
    let len = creation.len();
    asm.memory(&creation);
    asm.on(1, |asm| {
        asm.push(len).push(0).op(op::CALLVALUE).op(op::CREATE);
        asm.push(1).op(op::SSTORE);
    });
    if spec.is_enabled_in(SpecId::PETERSBURG) {
        let create2 = |asm: &mut Asm| {
            asm.argument(1)
                .push(len)
                .push(0)
                .op(op::CALLVALUE)
                .op(op::CREATE2);
            asm.push(2).op(op::SSTORE);
        };
        asm.on(2, create2);
        asm.on(3, |asm| {
            create2(asm);
            asm.push(1).push(0).op(op::MSTORE);
            asm.argument(2).push(32).op(op::MSTORE);
            let message = Message {
                input: 64,
                ..Message::call(PLENTY)
            };
            let to = |asm: &mut Asm| {
                asm.push(2).op(op::SLOAD);
            };
            message.emit(asm, to, zero);
            asm.push(3).op(op::SSTORE);
        });
        asm.on(4, |asm| {
            create2(asm);
            create2(asm);
        });
        asm.on(5, |asm| {
            create2(asm);
            fail(asm, spec);
        });
    }
    asm.code()
}

/// By `a0`: 0 passes the value on to `a1`; 1 pays it to the coinbase; 2 stores
/// the coinbase's balance; 3 pays `a1` and fails; 4 pays everything to `a1`; 5
/// pays `a2` to `a1`, which may be more than there is; 6 stores `a1`'s balance.
pub(super) fn wallet(spec: SpecId) -> Bytes {
    let first = |asm: &mut Asm| {
        asm.argument(1);
    };
    let value = |asm: &mut Asm| {
        asm.op(op::CALLVALUE);
    };
    let coinbase = |asm: &mut Asm| {
        asm.op(op::COINBASE);
    };
    let pay = Message::call(LITTLE);
    Asm::new()
        .on(0, |asm| {
            pay.emit(asm, first, value);
            asm.push(0).op(op::SSTORE);
        })
        .on(1, |asm| {
            pay.emit(asm, coinbase, value);
            asm.push(0).op(op::SSTORE);
        })
        .on(2, |asm| {
            asm.op(op::COINBASE).op(op::BALANCE).push(1).op(op::SSTORE);
        })
        .on(3, |asm| {
            pay.emit(asm, first, value);
            asm.push(0).op(op::SSTORE);
            fail(asm, spec);
        })
        .on(4, |asm| {
            pay.emit(asm, first, |asm| {
                asm.op(op::ADDRESS).op(op::BALANCE);
            });
            asm.push(2).op(op::SSTORE);
        })
        .on(5, |asm| {
            pay.emit(asm, first, |asm| {
                asm.argument(2);
            });
            asm.push(2).op(op::SSTORE);
        })
        .on(6, |asm| {
            asm.argument(1).op(op::BALANCE).push(3).op(op::SSTORE);
        })
        .code()
}

/// Stores what can be seen of `a0` and `a1`.
pub(super) fn prober(spec: SpecId) -> Bytes {
    let mut looks = vec![op::BALANCE, op::EXTCODESIZE];
    if spec.is_enabled_in(SpecId::PETERSBURG) {
        looks.push(op::EXTCODEHASH);
    }
    let mut asm = Asm::new();
    for (index, look) in looks.into_iter().enumerate() {
        asm.argument(0).op(look).push(index).op(op::SSTORE);
        asm.argument(1).op(look).push(8 + index).op(op::SSTORE);
    }
    if spec.is_enabled_in(SpecId::ISTANBUL) {
        asm.op(op::SELFBALANCE).push(16).op(op::SSTORE);
    }
    asm.code()
}

/// Writes and destroys itself in favour of `a0`.
pub(super) fn mortal() -> Bytes {
    Asm::new()
        .push(0)
        .increment()
        .argument(0)
        .op(op::SELFDESTRUCT)
        .code()
}

/// Increments slot `a0` and then fails: with INVALID if `a1` is not zero.
pub(super) fn reverter(spec: SpecId) -> Bytes {
    let mut asm = Asm::new();
    asm.argument(0).increment();
    asm.argument(1).when(|asm| {
        asm.op(op::INVALID);
    });
    fail(&mut asm, spec);
    asm.code()
}

/// Calls `a0` with value `a1` and the rest of the call data from `a3` on, then
/// stores success. `a2`: 1 fails afterwards, 2 delegates, 3 is static, 4 borrows
/// the code (CALLCODE).
pub(super) fn relay(spec: SpecId) -> Bytes {
    let mut asm = Asm::new();
    let target = |asm: &mut Asm| {
        asm.argument(0);
    };
    let value = |asm: &mut Asm| {
        asm.argument(1);
    };
    // Input of fixed length; what is not there is zero.
    let input = 128;
    asm.push(input).push(96).push(0).op(op::CALLDATACOPY);
    let mut kinds = vec![(0, op::CALL), (1, op::CALL), (4, op::CALLCODE)];
    if spec.is_enabled_in(SpecId::HOMESTEAD) {
        kinds.push((2, op::DELEGATECALL));
    }
    if spec.is_enabled_in(SpecId::BYZANTIUM) {
        kinds.push((3, op::STATICCALL));
    }
    for (flag, opcode) in kinds {
        asm.push(flag).argument(2).op(op::EQ).when(|asm| {
            let message = Message {
                opcode,
                gas: PLENTY,
                input,
            };
            message.emit(asm, target, value);
            asm.push(0).op(op::SSTORE);
        });
    }
    asm.push(1)
        .argument(2)
        .op(op::EQ)
        .when(|asm| fail(asm, spec));
    asm.code()
}

/// Counts in slot 0 and logs a deposit with that number as its index, as the
/// deposit contract of EIP-6110 would.
pub(super) fn deposits() -> Bytes {
    // Public key, withdrawal credentials, amount, signature, index.
    let fields: [usize; 5] = [48, 32, 8, 96, 8];
    let mut offset = 32 * fields.len();
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for len in fields {
        let padded = len.next_multiple_of(32);
        head.extend(U256::from(offset).to_be_bytes::<32>());
        tail.extend(U256::from(len).to_be_bytes::<32>());
        tail.extend(vec![0; padded]);
        offset += 32 + padded;
    }
    let event: U256 = keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)").into();
    let mut asm = Asm::new();
    asm.memory(&[head, tail].concat());
    asm.push(0).increment();
    // The index takes the first 8 bytes of the last word.
    asm.push(0).op(op::SLOAD).push(U256::ONE << 192).op(op::MUL);
    asm.push(offset - 32).op(op::MSTORE);
    asm.push(event).push(offset).push(0).op(op::LOG1);
    asm.code()
}

/// REVERT where there is one, else INVALID.
pub(super) fn fail(asm: &mut Asm, spec: SpecId) {
    if spec.is_enabled_in(SpecId::BYZANTIUM) {
        asm.push(0).push(0).op(op::REVERT);
    } else {
        asm.op(op::INVALID);
    }
}

fn zero(asm: &mut Asm) {
    asm.push(0);
}

/// Pushes what `value` pushes, modulo the number of slots.
pub(super) fn modulo(asm: &mut Asm, value: impl FnOnce(&mut Asm)) {
    asm.push(SLOTS);
    value(asm);
    asm.op(op::MOD);
}
