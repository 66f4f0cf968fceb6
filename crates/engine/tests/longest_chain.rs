//! What `Stats::longest_chain` says, exactly.

use parallax_engine::{Block, Engine, EngineConfig, sequential};
use parallax_workload::{
    Kind, MemoryState, Workload,
    asm::{Asm, op},
    generate,
};
use revm::{
    context::TxEnv,
    primitives::{Address, Bytes, U256, hardfork::SpecId},
};

const COUNT: usize = 60;

fn engine(workers: usize, dependencies: bool) -> Engine {
    Engine::new(EngineConfig {
        workers,
        dependencies,
        access_list: true,
        ..EngineConfig::default()
    })
    .unwrap()
}

/// The longest chain that Replay, Build and Verify find, which is the same.
fn longest_chain(block: &Block, state: &MemoryState) -> usize {
    let mut found = Vec::new();
    for workers in [1, 2, 4] {
        let engine = engine(workers, true);
        let built = engine.build(block, state).unwrap();
        found.push(built.stats.longest_chain);
        if built.skipped.is_empty() {
            let list = built.access_list.unwrap();
            let replayed = engine.replay(block, state).unwrap();
            found.push(replayed.stats.longest_chain);
            let verified = engine.verify(block, &list, state).unwrap();
            found.push(verified.stats.longest_chain);
        }
    }
    let first = found[0];
    assert!(found.iter().all(|other| *other == first), "{found:?}");
    first
}

fn of_kind(kind: Kind) -> usize {
    let Workload { block, state, .. } = generate(kind, COUNT, 1);
    longest_chain(&block, &state)
}

#[test]
fn independent_transactions_are_no_chain() {
    assert_eq!(of_kind(Kind::Transfers), 1);
    assert_eq!(of_kind(Kind::TransfersToOne), 1);
    assert_eq!(of_kind(Kind::Erc20), 1);
}

#[test]
fn a_chain_is_as_long_as_the_block() {
    assert_eq!(of_kind(Kind::Chain), COUNT);
    assert_eq!(of_kind(Kind::Counter), COUNT);
    assert_eq!(of_kind(Kind::TransfersFromOne), COUNT, "of nonces");
    assert_eq!(of_kind(Kind::Erc20ToOne), COUNT, "the recipient's balance");
}

#[test]
fn nothing_is_measured_that_nobody_asked_for() {
    let Workload { block, state, .. } = generate(Kind::Chain, COUNT, 1);
    let output = engine(2, false).replay(&block, &state).unwrap();
    assert_eq!(output.stats.longest_chain, 0);
}

const CONTRACT: Address = Address::repeat_byte(0xcc);

/// A block of calls of `CONTRACT` by distinct senders, with these call data.
fn calls(code: Bytes, arguments: &[u64]) -> Workload {
    let mut workload = generate(Kind::Transfers, 0, 1);
    workload.block.env.basefee = 1;
    workload.block.env.gas_limit = 30_000_000;
    workload.state.set_raw_code(CONTRACT, code);
    workload.state.set_account(CONTRACT, U256::from(1000), 1);
    for (i, argument) in arguments.iter().enumerate() {
        let caller = Address::with_last_byte(i as u8 + 1).create(7);
        workload.state.set_account(caller, U256::MAX >> 64, 0);
        workload.block.transactions.push(TxEnv {
            caller,
            kind: CONTRACT.into(),
            data: U256::from(*argument).to_be_bytes_vec().into(),
            gas_limit: 200_000,
            gas_price: 3,
            ..TxEnv::default()
        });
    }
    workload
}

fn chain_of(workload: &Workload) -> usize {
    longest_chain(&workload.block, &workload.state)
}

/// 0: does nothing. 1: counts up a slot. 2: destroys the contract. 3: looks at
/// the beneficiary's balance. 4: looks at its own balance.
fn contract(beneficiary: Address) -> Bytes {
    Asm::new()
        .on(1, |asm| {
            asm.push(0).increment();
        })
        .on(2, |asm| {
            asm.push(0xdead).op(op::SELFDESTRUCT);
        })
        .on(3, |asm| {
            asm.push_address(beneficiary).op(op::BALANCE).op(op::POP);
        })
        .on(4, |asm| {
            asm.op(op::ADDRESS).op(op::BALANCE).op(op::POP);
        })
        .code()
}

fn mixed(arguments: &[u64]) -> Workload {
    let beneficiary = generate(Kind::Transfers, 0, 1).block.env.beneficiary;
    calls(contract(beneficiary), arguments)
}

#[test]
fn who_looks_at_the_beneficiary_needs_all_fees() {
    assert_eq!(chain_of(&mixed(&[0, 0, 0])), 1);
    assert_eq!(chain_of(&mixed(&[0, 0, 3])), 2);
    assert_eq!(chain_of(&mixed(&[1, 1, 0, 3, 0])), 3);
    assert_eq!(chain_of(&mixed(&[3, 3, 0, 3])), 3);
}

#[test]
fn without_fees_the_beneficiary_is_like_anybody() {
    let mut workload = mixed(&[0, 0, 3, 3]);
    workload.block.env.basefee = 3;
    assert_eq!(chain_of(&workload), 1);
}

/// All who have added to a balance come before the one that looks at it, not only
/// the last.
#[test]
fn a_balance_needs_everything_that_was_added() {
    let mut workload = mixed(&[1, 1, 1, 0, 4]);
    for tx in [2, 3] {
        workload.block.transactions[tx].value = U256::from(1);
    }
    assert_eq!(chain_of(&workload), 4);
    workload.block.transactions[2].value = U256::ZERO;
    assert_eq!(chain_of(&workload), 3, "the counter");
}

/// Four count, the fifth destroys the counter with its storage, the sixth creates
/// it anew, the last counts again: it needs the three before it, and not who has
/// counted in a storage that is gone.
#[test]
fn a_cleared_slot_needs_who_cleared_it() {
    let counter = contract(Address::ZERO);
    let creation = Asm::new().deploying(&counter);
    let factory = Address::repeat_byte(0xfa);
    let child = factory.create2_from_code([0; 32], &creation);
    let mut workload = calls(Bytes::new(), &[1, 1, 1, 1, 2, 0, 1]);
    workload.block.cfg = sequential::cfg(SpecId::SHANGHAI, 1);
    workload.state.set_raw_code(child, counter);
    let mut create = Asm::new();
    create.memory(&creation).push(0).push(creation.len());
    create.push(0).push(0).op(op::CREATE2).op(op::POP);
    workload.state.set_raw_code(factory, create.code());
    for tx in &mut workload.block.transactions {
        tx.kind = child.into();
    }
    workload.block.transactions[5].kind = factory.into();
    workload.block.transactions[5].gas_limit = 1_000_000;
    let output = sequential::replay(&workload.block, &workload.state, false).unwrap();
    let slots = output
        .changes
        .accounts
        .iter()
        .flat_map(|account| &account.storage);
    assert!(
        output
            .outcomes
            .iter()
            .all(|outcome| outcome.result.is_success())
    );
    assert_eq!(slots.count(), 1, "{:?}", output.changes);
    assert_eq!(chain_of(&workload), 4);
}

#[test]
fn what_is_left_out_does_not_count() {
    let Workload {
        mut block, state, ..
    } = generate(Kind::TransfersFromOne, 5, 1);
    block.transactions[4].gas_limit = 20_000;
    block.transactions[3].nonce = 2;
    assert_eq!(longest_chain(&block, &state), 3);
}
