//! Contracts made up at random: straight-line code with conditions, each
//! statement leaving the stack as it found it.

use super::{cast::Cast, code};
use crate::{
    asm::{Asm, Message, op},
    rng::Rng,
};
use alloy_primitives::{Bytes, U256};
use revm::primitives::hardfork::SpecId;

/// Makes up code.
pub(super) struct Programmer<'a> {
    pub(super) cast: &'a Cast,
    pub(super) spec: SpecId,
}

#[derive(Clone, Copy)]
enum Statement {
    Store,
    StoreTransient,
    Increment,
    Call,
    When,
    Log,
    Create,
    Destroy,
    Fail,
}

const STATEMENTS: [(u64, Statement); 8] = [
    (35, Statement::Store),
    (5, Statement::StoreTransient),
    (20, Statement::Increment),
    (20, Statement::Call),
    (20, Statement::When),
    (7, Statement::Log),
    (5, Statement::Create),
    (1, Statement::Destroy),
];

/// Ends, which make sense only under a condition.
const ENDS: [(u64, Statement); 5] = [
    (30, Statement::Store),
    (20, Statement::Call),
    (20, Statement::Destroy),
    (20, Statement::Fail),
    (10, Statement::Create),
];

impl Programmer<'_> {
    /// A program of a few statements.
    pub(super) fn program(&self, rng: &mut Rng) -> Bytes {
        let mut asm = Asm::new();
        for _ in 0..rng.between(2, 7) {
            let statement = rng.weighted(&STATEMENTS);
            self.statement(rng, &mut asm, statement);
        }
        asm.code()
    }

    /// Initialization code: what a creation by transaction runs.
    pub(super) fn creation(&self, rng: &mut Rng) -> Bytes {
        match rng.below(100) {
            0..35 => code::child_creation(),
            35..55 => Asm::new().deploying(&self.program(rng)),
            // Leaves an account without code.
            55..70 => self.program(rng),
            70..80 => {
                let mut asm = Asm::new();
                asm.push(0).increment();
                self.statement(rng, &mut asm, Statement::Destroy);
                asm.code()
            }
            80..88 => {
                let mut asm = Asm::new();
                asm.push(0).increment();
                code::fail(&mut asm, self.spec);
                asm.code()
            }
            // Refused from London on (EIP-3541).
            88..94 => Asm::new().deploying(&[0xef, 0x01, 0x00, 0x01]),
            _ => Bytes::new(),
        }
    }

    fn statement(&self, rng: &mut Rng, asm: &mut Asm, statement: Statement) {
        match statement {
            Statement::Store => {
                self.value(rng, asm, 2);
                self.slot(rng, asm);
                asm.op(op::SSTORE);
            }
            Statement::StoreTransient if self.has(SpecId::CANCUN) => {
                self.value(rng, asm, 1);
                self.slot(rng, asm);
                asm.op(op::TSTORE);
            }
            Statement::Increment | Statement::StoreTransient => {
                self.slot(rng, asm);
                asm.increment();
            }
            Statement::Call => self.call(rng, asm),
            Statement::When => {
                self.value(rng, asm, 2);
                let inner = rng.weighted(&ENDS);
                asm.when(|asm| self.statement(rng, asm, inner));
            }
            Statement::Log => {
                self.value(rng, asm, 1);
                asm.push(0).push(0).op(op::LOG1);
            }
            Statement::Create => {
                let creation = code::child_creation();
                let value = rng.below(2);
                asm.memory(&creation);
                asm.push(creation.len()).push(0).push(value).op(op::CREATE);
                self.slot(rng, asm);
                asm.op(op::SSTORE);
            }
            Statement::Destroy => {
                self.beneficiary(rng, asm);
                asm.op(op::SELFDESTRUCT);
            }
            Statement::Fail if rng.chance(20) => {
                asm.op(op::INVALID);
            }
            Statement::Fail => code::fail(asm, self.spec),
        }
    }

    fn call(&self, rng: &mut Rng, asm: &mut Asm) {
        let mut opcodes = vec![(70, op::CALL), (5, op::CALLCODE)];
        if self.has(SpecId::HOMESTEAD) {
            opcodes.push((15, op::DELEGATECALL));
        }
        if self.has(SpecId::BYZANTIUM) {
            opcodes.push((10, op::STATICCALL));
        }
        let message = Message {
            opcode: rng.weighted(&opcodes),
            gas: *rng.pick(&[2_000, 30_000, 100_000]),
            input: *rng.pick(&[0, 64]),
        };
        if message.input > 0 {
            self.value(rng, asm, 1);
            asm.push(0).op(op::MSTORE);
        }
        let target = self.cast.anyone(rng);
        let amount = *rng.pick(&[0, 0, 1, 1_000_000]);
        message.emit(
            asm,
            |asm| {
                asm.push_address(target);
            },
            |asm| {
                asm.push(amount);
            },
        );
        if rng.chance(50) {
            self.slot(rng, asm);
            asm.op(op::SSTORE);
        } else {
            asm.op(op::POP);
        }
    }

    fn beneficiary(&self, rng: &mut Rng, asm: &mut Asm) {
        match rng.below(5) {
            0 => asm.op(op::ADDRESS),
            1 => asm.op(op::COINBASE),
            2 => asm.op(op::CALLER),
            3 => asm.op(op::ORIGIN),
            _ => asm.push_address(self.cast.anyone(rng)),
        };
    }

    /// Pushes a slot number, sometimes one that depends on data.
    fn slot(&self, rng: &mut Rng, asm: &mut Asm) {
        match rng.below(100) {
            0..65 => {
                asm.push(rng.below(code::SLOTS));
            }
            65..70 => {
                // Slots that differ from the first ones in their high bits alone.
                asm.push(U256::from(rng.below(code::SLOTS)) | U256::ONE << 255);
            }
            _ => code::modulo(asm, |asm| self.value(rng, asm, 1)),
        }
    }

    /// Pushes a word.
    fn value(&self, rng: &mut Rng, asm: &mut Asm, depth: u32) {
        if depth == 0 || rng.chance(40) {
            return self.leaf(rng, asm);
        }
        let binary = [
            op::ADD,
            op::SUB,
            op::MUL,
            op::DIV,
            op::MOD,
            op::LT,
            op::EQ,
            op::AND,
            op::XOR,
        ];
        match rng.below(10) {
            0 if self.has(SpecId::OSAKA) => {
                self.value(rng, asm, depth - 1);
                asm.op(op::CLZ);
            }
            0 | 1 => {
                self.value(rng, asm, depth - 1);
                asm.op(op::ISZERO);
            }
            _ => {
                self.value(rng, asm, depth - 1);
                self.value(rng, asm, depth - 1);
                asm.op(*rng.pick(&binary));
            }
        }
    }

    fn leaf(&self, rng: &mut Rng, asm: &mut Asm) {
        match rng.below(20) {
            0..6 => asm.push(rng.below(code::SLOTS)).op(op::SLOAD),
            6..8 => asm.push(rng.below(4)),
            8..10 => asm.argument(rng.below(2)),
            10..13 => {
                asm.push_address(self.cast.anyone(rng));
                asm.op(self.look(rng))
            }
            13 => asm.push_address(self.cast.anyone(rng)),
            14 => asm.op(op::ADDRESS).op(op::BALANCE),
            15 => asm.op(op::COINBASE).op(op::BALANCE),
            16 => asm.push(1).op(op::NUMBER).op(op::SUB).op(op::BLOCKHASH),
            _ => asm.op(self.environment(rng)),
        };
    }

    /// An instruction that looks at an account.
    fn look(&self, rng: &mut Rng) -> u8 {
        let mut looks = vec![op::BALANCE, op::BALANCE, op::EXTCODESIZE];
        if self.has(SpecId::PETERSBURG) {
            looks.push(op::EXTCODEHASH);
        }
        *rng.pick(&looks)
    }

    /// An instruction that only pushes.
    fn environment(&self, rng: &mut Rng) -> u8 {
        let mut known = vec![
            op::CALLER,
            op::CALLVALUE,
            op::ORIGIN,
            op::GASPRICE,
            op::GAS,
            op::TIMESTAMP,
            op::CODESIZE,
            op::DIFFICULTY,
        ];
        for (spec, opcode) in [
            (SpecId::BYZANTIUM, op::RETURNDATASIZE),
            (SpecId::ISTANBUL, op::SELFBALANCE),
            (SpecId::ISTANBUL, op::CHAINID),
            (SpecId::LONDON, op::BASEFEE),
            (SpecId::SHANGHAI, op::PUSH0),
            (SpecId::CANCUN, op::BLOBBASEFEE),
        ] {
            if self.has(spec) {
                known.push(opcode);
            }
        }
        *rng.pick(&known)
    }

    fn has(&self, spec: SpecId) -> bool {
        self.spec.is_enabled_in(spec)
    }
}
