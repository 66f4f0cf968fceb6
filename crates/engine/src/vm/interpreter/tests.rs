//! Random programs, run by this interpreter and by revm's.

use super::*;
use alloy_primitives::{Address, Bytes, U256};
use proptest::{collection::vec, prelude::*, sample::select};
use revm::{
    bytecode::{Bytecode, opcode},
    context_interface::host::DummyHost,
    interpreter::{
        CallInput, InputsImpl, SharedMemory, instruction_table, instructions::gas_table_spec,
        interpreter::ExtBytecode, interpreter_types::Jumps,
    },
    primitives::hardfork::SpecId,
};

/// What a program is executed with.
#[derive(Clone, Debug)]
struct Setting {
    code: Bytes,
    gas: u64,
    spec: SpecId,
    is_static: bool,
    input: Vec<u8>,
    /// The input is in the caller's memory.
    is_shared: bool,
    returned: usize,
}

/// Everything that can be told of an interpreter that has ended.
#[derive(Debug, PartialEq)]
struct End {
    action: InterpreterAction,
    pc: usize,
    gas: revm::interpreter::Gas,
    stack: Vec<U256>,
    memory: Vec<u8>,
}

impl Setting {
    fn interpreter(&self) -> Interpreter {
        // The caller's memory.
        let mut memory = SharedMemory::new();
        let mut input = CallInput::Bytes(self.input.clone().into());
        if self.is_shared {
            let len = self.input.len();
            memory.resize(len.next_multiple_of(32));
            memory.set(0, &self.input);
            // What is empty may be anywhere.
            let start = if len == 0 { 1_000_000 } else { 0 };
            input = CallInput::SharedBuffer(start..start + len);
            memory = memory.new_child_context();
        }
        let inputs = InputsImpl {
            target_address: Address::repeat_byte(0x0a),
            caller_address: Address::repeat_byte(0xca),
            input,
            call_value: U256::from(77),
            ..InputsImpl::default()
        };
        let code = ExtBytecode::new(Bytecode::new_legacy(self.code.clone()));
        let (is_static, spec) = (self.is_static, self.spec);
        let mut interpreter = Interpreter::new(memory, code, inputs, is_static, spec, self.gas);
        interpreter.return_data.0 = vec![1; self.returned].into();
        interpreter
    }

    fn run(
        &self,
        run: impl FnOnce(
            &mut Interpreter,
            &InstructionTable<EthInterpreter, DummyHost>,
            &GasTable,
            &mut DummyHost,
        ) -> InterpreterAction,
    ) -> End {
        let mut interpreter = self.interpreter();
        let action = run(
            &mut interpreter,
            &instruction_table(),
            &gas_table_spec(self.spec),
            &mut DummyHost::new(self.spec),
        );
        let memory = interpreter.memory.context_memory().to_vec();
        End {
            action,
            pc: interpreter.bytecode.pc(),
            gas: interpreter.gas,
            stack: interpreter.stack.data().clone(),
            memory,
        }
    }

    fn check(&self) -> End {
        let expected = self.run(Interpreter::run_plain);
        let end = self.run(run);
        assert_eq!(end, expected, "{self:?}");
        end
    }
}

fn setting(code: impl Into<Bytes>) -> Setting {
    Setting {
        code: code.into(),
        gas: 100_000,
        spec: SpecId::OSAKA,
        is_static: false,
        input: vec![0x11; 70],
        is_shared: false,
        returned: 3,
    }
}

/// The host of these tests has no randomness to give.
const fn is_known(opcode: u8) -> bool {
    opcode != opcode::DIFFICULTY
}

/// What is worth pushing: small numbers (places, shifts), edges, anything.
fn operand() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0..=255u8).prop_map(|byte| vec![byte]),
        4 => (0..40u16).prop_map(|place| place.to_be_bytes().to_vec()),
        2 => (0..1100u16).prop_map(|place| place.to_be_bytes().to_vec()),
        2 => (1..=32usize).prop_map(|len| vec![0xff; len]),
        2 => (0..32usize).prop_map(|zeros| [vec![0x80], vec![0; zeros]].concat()),
        3 => vec(any::<u8>(), 1..=32),
    ]
}

/// An instruction, with what it pushes.
fn instruction() -> impl Strategy<Value = Vec<u8>> {
    let push = operand().prop_map(|operand| {
        let opcode = opcode::PUSH0 + operand.len() as u8;
        [vec![opcode], operand].concat()
    });
    let jump = (0..60u8, select(vec![opcode::JUMP, opcode::JUMPI]))
        .prop_map(|(to, jump)| vec![opcode::PUSH1, to, jump]);
    let far_jump = (0..60u8, select(vec![opcode::JUMP, opcode::JUMPI]))
        .prop_map(|(to, jump)| vec![opcode::PUSH2, 0, to, jump]);
    let word = (opcode::ADD..=opcode::CLZ).prop_map(|opcode| vec![opcode]);
    let stack = (opcode::DUP1..=opcode::SWAP16).prop_map(|opcode| vec![opcode]);
    let near = select(vec![
        opcode::DUP1,
        opcode::DUP2,
        opcode::SWAP1,
        opcode::SWAP2,
    ]);
    let memory = (opcode::POP..=opcode::MSTORE8).prop_map(|opcode| vec![opcode]);
    let frame = select(vec![
        opcode::ADDRESS,
        opcode::CALLER,
        opcode::CALLVALUE,
        opcode::CALLDATALOAD,
        opcode::CALLDATASIZE,
        opcode::CALLDATACOPY,
        opcode::CODESIZE,
        opcode::RETURNDATASIZE,
        opcode::PC,
        opcode::MSIZE,
        opcode::GAS,
        opcode::JUMP,
        opcode::JUMPI,
        opcode::PUSH0,
        opcode::KECCAK256,
        opcode::MCOPY,
    ]);
    prop_oneof![
        12 => push,
        3 => jump,
        2 => far_jump,
        8 => word,
        4 => stack,
        4 => near.prop_map(|opcode| vec![opcode]),
        4 => memory,
        4 => Just(vec![opcode::JUMPDEST]),
        4 => frame.prop_map(|opcode| vec![opcode]),
        1 => any::<u8>().prop_filter("known to the host", |byte| is_known(*byte)).prop_map(|byte| vec![byte]),
    ]
}

/// Forks that have an instruction more than the one before, and those just before.
fn any_spec() -> impl Strategy<Value = SpecId> {
    select(vec![
        SpecId::FRONTIER,
        // DELEGATECALL
        SpecId::HOMESTEAD,
        SpecId::SPURIOUS_DRAGON,
        // RETURNDATASIZE, STATICCALL, REVERT
        SpecId::BYZANTIUM,
        // SHL, SHR, SAR, CREATE2
        SpecId::PETERSBURG,
        // CHAINID, SELFBALANCE
        SpecId::ISTANBUL,
        SpecId::BERLIN,
        // BASEFEE
        SpecId::LONDON,
        SpecId::MERGE,
        // PUSH0
        SpecId::SHANGHAI,
        // MCOPY, TLOAD, TSTORE
        SpecId::CANCUN,
        SpecId::PRAGUE,
        // CLZ
        SpecId::OSAKA,
    ])
}

/// The host has none after the merge, and what a push swallows moves what is executed.
fn without_difficulty(mut code: Vec<u8>) -> Vec<u8> {
    for byte in code.iter_mut().filter(|byte| **byte == opcode::DIFFICULTY) {
        *byte = opcode::NUMBER;
    }
    code
}

fn any_setting() -> impl Strategy<Value = Setting> {
    (
        vec(instruction(), 0..80),
        prop_oneof![0..200u64, 0..20_000u64],
        any_spec(),
        any::<bool>(),
        prop_oneof![Just(Vec::new()), vec(any::<u8>(), 0..80)],
        any::<bool>(),
        0..100usize,
    )
        .prop_map(
            |(code, gas, spec, is_static, input, is_shared, returned)| Setting {
                code: without_difficulty(code.concat()).into(),
                gas,
                spec,
                is_static,
                input,
                is_shared,
                returned,
            },
        )
}

/// Programs to try; more for a long night.
fn cases() -> u32 {
    let few = if cfg!(miri) { 2 } else { 4_000 };
    let cases = std::env::var("PARALLAX_SEEDS").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(few)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn programs_end_as_in_revm(setting in any_setting()) {
        setting.check();
    }
}

/// Each instruction with every number of words on the stack, and with any gas.
#[test]
fn want_of_words_and_gas_is_revms() {
    // Under Miri, what simple instructions look at, one or two words, and some of them.
    let (most_words, most_gas, step) = if cfg!(miri) { (2, 4, 7) } else { (18, 12, 1) };
    let opcodes = (0..=u8::MAX).filter(|opcode| is_known(*opcode));
    for opcode in opcodes.step_by(step) {
        for words in 0..=most_words {
            let pushes = (0..words).flat_map(|word| [opcode::PUSH1, word]);
            let code: Vec<u8> = pushes.chain([opcode, opcode::JUMPDEST]).collect();
            let mut setting = setting(code);
            setting.check();
            for gas in 0..most_gas {
                setting.gas = u64::from(words) * 3 + gas;
                setting.check();
            }
        }
    }
}

#[test]
fn the_stack_has_its_limit() {
    let most = if cfg!(miri) { 1023..=1024 } else { 1020..=1025 };
    for filled in most {
        for opcode in [opcode::PUSH0, opcode::DUP1, opcode::PC, opcode::PUSH1] {
            let code = [vec![opcode::PUSH0; filled], vec![opcode, 1, opcode::STOP]].concat();
            setting(code).check();
        }
        for jump in [opcode::JUMP, opcode::JUMPI] {
            let code = [vec![opcode::PUSH0; filled], vec![opcode::PUSH1, 0, jump]].concat();
            setting(code).check();
        }
    }
}

#[test]
fn code_may_end_anywhere() {
    let step = if cfg!(miri) { 33 } else { 1 };
    for opcode in opcode::PUSH1..=opcode::PUSH32 {
        for len in (0..=33).step_by(step) {
            let end = setting([vec![opcode], vec![0x5b; len]].concat()).check();
            assert!(!end.stack.is_empty());
        }
    }
}

/// Input in the memory of the caller, read between uses of the frame's own.
#[test]
fn shared_input_is_read_beside_memory() {
    let code = [
        vec![opcode::PUSH1, 0xaa, opcode::PUSH1, 0, opcode::MSTORE],
        vec![opcode::PUSH1, 60, opcode::CALLDATALOAD],
        vec![opcode::PUSH1, 0, opcode::MLOAD, opcode::ADD],
        vec![opcode::PUSH1, 32, opcode::MSTORE],
        vec![opcode::PUSH1, 32, opcode::CALLDATALOAD],
    ];
    let mut setting = setting(code.concat());
    setting.is_shared = true;
    let end = setting.check();
    assert_eq!(end.memory.len(), 64);
    assert_eq!(end.stack[0], U256::from_be_bytes([0x11; 32]));
}

/// A loop that counts down, and ends as it should.
#[test]
fn loops_end() {
    let code = vec![
        opcode::PUSH2,
        1,
        0,
        opcode::JUMPDEST,
        opcode::PUSH1,
        1,
        opcode::SWAP1,
        opcode::SUB,
        opcode::DUP1,
        opcode::PUSH1,
        3,
        opcode::JUMPI,
    ];
    let end = setting(code).check();
    assert_eq!(end.stack, [U256::ZERO]);
    assert_eq!(end.gas.total_gas_spent(), 3 + 256 * (1 + 3 * 5 + 10));
}
