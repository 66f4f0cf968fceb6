//! Every ordinary block does what it says.

use alloy_primitives::{Address, U256, map::HashMap};
use parallax_engine::{BlockOutput, sequential};
use parallax_workload::{
    Contract, Kind, RING_SIZE, Reserves, Workload, catalogue, generate, pair, token,
};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 60;
const SEED: u64 = 11;

fn run(kind: Kind) -> (Workload, Result) {
    let workload = generate(kind, TRANSACTIONS, SEED);
    let output = sequential::replay(&workload.block, &workload.state, false)
        .unwrap_or_else(|error| panic!("{kind}: {error}"));
    assert_eq!(output.outcomes.len(), TRANSACTIONS);
    for outcome in &output.outcomes {
        assert!(
            outcome.result.is_success(),
            "{kind} {}: {:?}",
            outcome.index,
            outcome.result
        );
    }
    (workload, Result(output))
}

/// Reads the state after the block.
struct Result(BlockOutput);

impl Result {
    fn balance_change(&self, address: Address) -> (U256, U256) {
        let account = self.account(address);
        let balance = |info: &Option<revm::state::AccountInfo>| {
            info.as_ref().map_or(U256::ZERO, |info| info.balance)
        };
        (balance(&account.before), balance(&account.after))
    }

    fn account(&self, address: Address) -> &parallax_engine::AccountChange {
        self.0
            .changes
            .accounts
            .iter()
            .find(|account| account.address == address)
            .unwrap_or_else(|| panic!("{address} did not change"))
    }

    fn slot(&self, workload: &Workload, address: Address, slot: U256) -> U256 {
        let changes = self
            .0
            .changes
            .accounts
            .iter()
            .filter(|account| account.address == address)
            .flat_map(|account| &account.storage);
        changes
            .filter(|(key, ..)| *key == slot)
            .map(|(.., after)| *after)
            .next()
            .unwrap_or_else(|| workload.state.storage(address, slot))
    }

    fn fee(&self, workload: &Workload, index: usize) -> U256 {
        let tx = &workload.block.transactions[index];
        let price = tx
            .gas_price
            .min(u128::from(workload.block.env.basefee) + tx.gas_priority_fee.unwrap());
        U256::from(self.0.outcomes[index].result.tx_gas_used()) * U256::from(price)
    }
}

fn target(tx: &TxEnv) -> Address {
    *tx.kind.to().unwrap()
}

fn argument(tx: &TxEnv, index: usize) -> U256 {
    U256::from_be_slice(&tx.data[4 + 32 * index..][..32])
}

fn address_argument(tx: &TxEnv, index: usize) -> Address {
    Address::from_word(argument(tx, index).into())
}

#[test]
fn same_seed_same_block() {
    for kind in catalogue() {
        let [first, again] = [(); 2].map(|()| generate(*kind, 30, 5));
        assert_eq!(first.block.transactions, again.block.transactions, "{kind}");
        assert_eq!(first.state.len(), again.state.len(), "{kind}");
        let other = generate(*kind, 30, 6);
        assert_ne!(first.block.transactions, other.block.transactions, "{kind}");
    }
}

#[test]
fn no_transactions_is_fine() {
    for kind in catalogue() {
        assert!(generate(*kind, 0, 1).block.transactions.is_empty());
    }
}

#[test]
fn transfers_move_value() {
    for kind in [Kind::Transfers, Kind::TransfersToOne] {
        let (workload, result) = run(kind);
        let mut received = HashMap::<Address, U256>::default();
        for (index, tx) in workload.block.transactions.iter().enumerate() {
            let (before, after) = result.balance_change(tx.caller);
            assert_eq!(before - after, tx.value + result.fee(&workload, index));
            *received.entry(target(tx)).or_default() += tx.value;
        }
        let recipients = if kind == Kind::Transfers {
            TRANSACTIONS
        } else {
            1
        };
        assert_eq!(received.len(), recipients);
        for (address, value) in received {
            let (before, after) = result.balance_change(address);
            assert_eq!(after - before, value);
        }
    }
}

#[test]
fn one_sender_sends_in_nonce_order() {
    let (workload, result) = run(Kind::TransfersFromOne);
    let sender = workload.block.transactions[0].caller;
    let nonces = workload.block.transactions.iter().map(|tx| {
        assert_eq!(tx.caller, sender);
        tx.nonce
    });
    assert!(nonces.eq(0..TRANSACTIONS as u64));
    let after = result.account(sender).after.as_ref().unwrap();
    assert_eq!(after.nonce, TRANSACTIONS as u64);
}

#[test]
fn token_transfers_move_tokens() {
    for kind in [Kind::Erc20, Kind::Erc20ToOne] {
        let (workload, result) = run(kind);
        let mut received = HashMap::<Address, U256>::default();
        for (outcome, tx) in result.0.outcomes.iter().zip(&workload.block.transactions) {
            let amount = argument(tx, 1);
            let slot = token::balance(tx.caller);
            let before = workload.state.storage(target(tx), slot);
            assert_eq!(before - result.slot(&workload, target(tx), slot), amount);
            assert_eq!(outcome.result.logs().len(), 1);
            *received.entry(address_argument(tx, 0)).or_default() += amount;
        }
        let recipients = if kind == Kind::Erc20 { TRANSACTIONS } else { 1 };
        assert_eq!(received.len(), recipients);
        let contract = target(&workload.block.transactions[0]);
        for (owner, amount) in received {
            let slot = token::balance(owner);
            let before = workload.state.storage(contract, slot);
            assert_eq!(result.slot(&workload, contract, slot) - before, amount);
        }
    }
}

#[test]
fn swaps_follow_the_constant_product() {
    for kind in [Kind::Swaps, Kind::SwapOnePool] {
        let (workload, result) = run(kind);
        let mut pools = HashMap::<Address, Reserves>::default();
        for (outcome, tx) in result.0.outcomes.iter().zip(&workload.block.transactions) {
            let pool = target(tx);
            let reserves = pools
                .entry(pool)
                .or_insert_with(|| Reserves::unpack(workload.state.storage(pool, pair::RESERVES)));
            let zero_for_one = !argument(tx, 0).is_zero();
            let amount = argument(tx, 1).to::<u128>();
            let out = reserves.amount_out(zero_for_one, amount);
            let returned = outcome.result.output().unwrap();
            assert_eq!(U256::from_be_slice(returned), U256::from(out));
            // Two transfers, Sync, Swap.
            assert_eq!(outcome.result.logs().len(), 4);
            *reserves = reserves.after_swap(zero_for_one, amount);
        }
        let expected = if kind == Kind::Swaps { TRANSACTIONS } else { 1 };
        assert_eq!(pools.len(), expected);
        for (pool, mut reserves) in pools {
            reserves.timestamp = workload.block.env.timestamp.to();
            let after = Reserves::unpack(result.slot(&workload, pool, pair::RESERVES));
            assert_eq!(after, reserves);
            let price = |state_slot| result.slot(&workload, pool, state_slot);
            assert!(price(pair::PRICE0) > U256::ONE << 112);
            assert_eq!(price(pair::UNLOCKED), U256::ONE);
        }
    }
}

#[test]
fn chain_passes_a_value_along() {
    let transactions = RING_SIZE + 10;
    let workload = generate(Kind::Chain, transactions, SEED);
    let output = sequential::replay(&workload.block, &workload.state, false).unwrap();
    assert!(
        output
            .outcomes
            .iter()
            .all(|outcome| outcome.result.is_success())
    );
    let ring = target(&workload.block.transactions[0]);
    let last = U256::from(transactions % RING_SIZE);
    let value = Result(output).slot(&workload, ring, last);
    assert_eq!(value, U256::from(transactions + 1));
}

#[test]
fn counter_counts() {
    let (workload, result) = run(Kind::Counter);
    let counter = target(&workload.block.transactions[0]);
    let count = result.slot(&workload, counter, U256::ZERO);
    assert_eq!(count, U256::from(TRANSACTIONS + 1));
}

#[test]
fn mixed_is_a_mix() {
    let workload = generate(Kind::Mixed, 2_000, SEED);
    let output = sequential::replay(&workload.block, &workload.state, false).unwrap();
    let mut calls = HashMap::<&str, usize>::default();
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        assert!(
            outcome.result.is_success(),
            "{}: {:?}",
            outcome.index,
            outcome.result
        );
        let code = workload.state.account(target(tx)).unwrap().code_hash;
        let contracts = [Contract::Token, Contract::Exchange, Contract::Counter];
        let name = contracts
            .iter()
            .find(|contract| contract.code().hash_slow() == code)
            .map_or("plain", |contract| match contract {
                Contract::Token => "token",
                Contract::Exchange => "exchange",
                _ => "counter",
            });
        *calls.entry(name).or_default() += 1;
    }
    for (name, least) in [
        ("plain", 500),
        ("token", 700),
        ("exchange", 350),
        ("counter", 30),
    ] {
        assert!(calls[name] > least, "{calls:?}");
    }
}

/// A block whose reverts are those that it names.
fn run_hard(kind: Kind, transactions: usize) -> (Workload, Result) {
    let workload = generate(kind, transactions, SEED);
    let output = sequential::replay(&workload.block, &workload.state, false).unwrap();
    for outcome in &output.outcomes {
        let reverts = workload.reverts.contains(&outcome.index);
        let result = &outcome.result;
        assert!(!result.is_halt(), "{kind} {result:?}");
        assert_eq!(result.is_success(), !reverts, "{kind} {}", outcome.index);
    }
    (workload, Result(output))
}

#[test]
fn a_cascade_passes_values_along() {
    let (workload, result) = run_hard(Kind::AbortCascade, 150);
    assert!(workload.reverts.is_empty());
    let mut gas = Vec::new();
    for (index, tx) in workload.block.transactions.iter().enumerate() {
        let slot = U256::from_be_slice(&tx.data[..32]);
        let value = result.slot(&workload, target(tx), slot);
        assert_eq!(value, U256::from(2 + index % 64), "{index}");
        gas.push(result.0.outcomes[index].result.tx_gas_used());
    }
    // Shorter and shorter, in each of the cascades.
    assert!(gas[..64].is_sorted_by(|one, next| one > next), "{gas:?}");
    assert!(gas[64] > gas[63]);
}

#[test]
fn writers_revert_while_the_gate_is_shut() {
    let (workload, result) = run_hard(Kind::PublishThenRevert, 100);
    // Four turns of 16 transactions are within, and half of the writers in each pair.
    assert_eq!(workload.reverts.len(), 15 * 3 + 3);
    assert_eq!(workload.reverts[..2], [1, 2]);
    let contract = target(&workload.block.transactions[0]);
    let written = result.slot(&workload, contract, U256::ONE);
    let turns = 100_usize.div_ceil(16);
    let writes = 100 - turns - workload.reverts.len();
    assert_eq!(written, U256::from(1 + writes));
    let gate = result.slot(&workload, contract, U256::ZERO);
    assert_eq!(gate, U256::from(turns % 2));
}

#[test]
fn the_last_is_as_long_as_one_can_be() {
    let (workload, result) = run_hard(Kind::LongLast, 20);
    let gas = result
        .0
        .outcomes
        .iter()
        .map(|outcome| outcome.result.tx_gas_used());
    let gas: Vec<_> = gas.collect();
    assert!((16_500_000..16_777_216).contains(&gas[19]), "{gas:?}");
    assert!(gas[..19].iter().all(|gas| *gas < 40_000), "{gas:?}");
    for tx in &workload.block.transactions {
        let slot = U256::from_be_slice(&tx.data[..32]);
        assert_eq!(workload.state.storage(target(tx), slot), U256::ONE);
        assert_eq!(result.slot(&workload, target(tx), slot), U256::from(2));
    }
}

#[test]
fn keys_look_alike_and_are_not_the_same() {
    let (workload, result) = run_hard(Kind::CollidingKeys, TRANSACTIONS);
    let mut seen = HashMap::<U256, Address>::default();
    for tx in &workload.block.transactions {
        let slot = U256::from_be_slice(&tx.data[..32]);
        assert_eq!(result.slot(&workload, target(tx), slot), U256::from(2));
        assert!(seen.insert(slot, tx.caller).is_none());
        assert_eq!(tx.caller[8..], [0; 12]);
        assert_eq!(slot.as_limbs()[0], 0);
    }
}

/// Only building accepts a block with an invalid transaction, so it is no kind of the
/// catalogue.
#[test]
fn an_invalid_transaction_first_is_left_out() {
    use parallax_engine::{Engine, EngineConfig, EngineError};
    let workload = parallax_workload::invalid_first(TRANSACTIONS, SEED);
    let (block, state) = (&workload.block, &workload.state);
    let expected = sequential::build(block, state, false).unwrap();
    assert_eq!(expected.outcomes.len(), TRANSACTIONS);
    assert_eq!(expected.skipped.len(), 1);
    assert_eq!(expected.skipped[0].index, 0);
    for workers in [1, 2, 4] {
        let config = EngineConfig {
            workers,
            ..EngineConfig::default()
        };
        let engine = Engine::new(config).unwrap();
        let built = engine.build(block, state).unwrap();
        assert_eq!(built.outcomes, expected.outcomes);
        assert_eq!(built.skipped, expected.skipped);
        let refused = engine.replay(block, state).map(drop);
        assert!(matches!(
            refused,
            Err(EngineError::InvalidTransaction { index: 0, .. })
        ));
    }
}
