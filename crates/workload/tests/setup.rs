//! Contracts are deployed and called before a block.

use alloy_primitives::{Address, Bytes, U256};
use parallax_workload::{Call, Contract, MemoryState, Setup, SetupError};

const USER: Address = Address::repeat_byte(0xaa);

fn increment() -> Bytes {
    Call::new("increment()").data()
}

#[test]
fn what_transactions_do_is_in_the_state() {
    let mut state = MemoryState::default();
    state.set_account(USER, U256::from(100), 7);
    let mut setup = Setup::new(state, 1, 1);
    let code = &Contract::Counter.artifact().creation;
    let counter = setup.deploy(USER, code.clone()).unwrap();
    assert_eq!(counter, USER.create(7));
    for _ in 0..3 {
        setup.call(USER, counter, increment()).unwrap();
    }
    // A read changes nothing.
    setup.read(counter, increment()).unwrap();
    let newcomer = Address::repeat_byte(0xbb);
    setup
        .pay(USER, newcomer, U256::from(40), Bytes::new())
        .unwrap();

    let state = setup.finish();
    assert_eq!(state.storage(counter, U256::ZERO), U256::from(3));
    let code = state.account(counter).unwrap().code.clone().unwrap();
    assert_eq!(
        code.original_bytes(),
        Contract::Counter.code().original_bytes()
    );
    let user = state.account(USER).unwrap();
    assert_eq!((user.balance, user.nonce), (U256::from(60), 12));
    assert_eq!(state.account(newcomer).unwrap().balance, U256::from(40));
    // Nobody else: the beneficiary got nothing, so it does not exist.
    assert_eq!(state.len(), 3);
}

#[test]
fn what_is_done_on_a_fork_stays_there() {
    let mut setup = Setup::new(MemoryState::default(), 1, 1);
    let code = &Contract::Counter.artifact().creation;
    let counter = setup.deploy(USER, code.clone()).unwrap();
    setup.call(USER, counter, increment()).unwrap();
    let mut fork = setup.fork();
    for _ in 0..2 {
        fork.call(USER, counter, increment()).unwrap();
    }
    let counts = [setup, fork].map(|setup| setup.finish().storage(counter, U256::ZERO));
    assert_eq!(counts, [1, 3].map(U256::from));
}

#[test]
fn failures_are_errors_and_change_nothing() {
    let mut setup = Setup::new(MemoryState::default(), 1, 1);
    let code = Contract::Counter.artifact().creation.clone();
    let counter = setup.deploy(USER, code).unwrap();
    let unknown = Call::new("unknown()").data();
    let error = setup.call(USER, counter, unknown).unwrap_err();
    assert!(matches!(error, SetupError::Failed { .. }), "{error}");
    let error = setup
        .pay(USER, counter, U256::ONE, increment())
        .unwrap_err();
    assert!(matches!(error, SetupError::Invalid { .. }), "{error}");
    let state = setup.finish();
    assert_eq!(state.storage(counter, U256::ZERO), U256::ZERO);
}
