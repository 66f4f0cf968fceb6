//! On a day people do what they are said to do, as often as they are said to.

use crate::{
    chain::{Chain, SEED, after, argument, generate, run},
    shape::Shape,
};
use alloy_primitives::{Address, B256, Log, U256, keccak256, map::HashMap};
use parallax_engine::{BlockOutput, Engine, EngineConfig};
use parallax_workload::{Call, Day, Protocol, Size, Workload};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 1_000;

/// What a transaction is, by what it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Pay,
    Transfer,
    Approve,
    Swap,
    Multicall,
    Collectible,
    SmartAccount,
    Lend,
    Create,
}

fn what(tx: &TxEnv) -> What {
    if tx.kind.is_create() {
        return What::Create;
    }
    let known = [
        ("supply(address,uint256,address,uint16)", What::Lend),
        ("borrow(address,uint256,uint256,uint16,address)", What::Lend),
        ("repay(address,uint256,uint256,address)", What::Lend),
        ("withdraw(address,uint256,address)", What::Lend),
        ("transfer(address,uint256)", What::Transfer),
        ("approve(address,uint256)", What::Approve),
        (
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
            What::Swap,
        ),
        ("multicall((address,uint256,bytes)[])", What::Multicall),
        ("transferFrom(address,address,uint256)", What::Collectible),
        (
            "handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address)",
            What::SmartAccount,
        ),
    ];
    if tx.data.is_empty() {
        return What::Pay;
    }
    let found = known
        .into_iter()
        .find(|(signature, _)| keccak256(signature)[..4] == tx.data[..4]);
    found.expect("a call that is known").1
}

fn events<'a>(logs: &'a [Log], signature: &'a str) -> impl Iterator<Item = &'a Log> {
    let topic = keccak256(signature);
    logs.iter().filter(move |log| log.topics()[0] == topic)
}

/// The block does what its calls ask for; how often each was done, and how often
/// without success.
fn check(workload: &Workload) -> HashMap<What, (usize, usize)> {
    let output = run(workload);
    let mut counts = HashMap::<What, (usize, usize)>::default();
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        let what = what(tx);
        let (all, reverted) = counts.entry(what).or_default();
        *all += 1;
        if !outcome.result.is_success() {
            *reverted += 1;
            assert_eq!(what, What::Swap);
            // Refused before anything moves.
            assert!(outcome.result.tx_gas_used() < 60_000);
            continue;
        }
        check_logs(what, tx, outcome.result.logs());
    }
    check_balances(workload, &output);
    counts
}

fn check_logs(what: What, tx: &TxEnv, logs: &[Log]) {
    let transfers: Vec<_> = events(logs, "Transfer(address,address,uint256)").collect();
    match what {
        What::Pay => assert!(logs.is_empty()),
        What::Transfer => {
            let [transfer] = transfers[..] else {
                panic!("{logs:?}");
            };
            assert_eq!(transfer.topics()[1], tx.caller.into_word());
            assert_eq!(transfer.topics()[2], B256::from(argument(tx, 0)));
            assert_eq!(U256::from_be_slice(&transfer.data.data), argument(tx, 1));
        }
        What::Approve => {
            let approvals = events(logs, "Approval(address,address,uint256)");
            assert_eq!(approvals.count(), 1);
        }
        What::Swap => {
            // One for each hop of the path.
            let hops = argument(tx, 5).to::<usize>() - 1;
            let swaps = events(
                logs,
                "Swap(address,uint256,uint256,uint256,uint256,address)",
            );
            assert_eq!(swaps.count(), hops);
            let last = transfers.last().unwrap();
            assert_eq!(last.topics()[2], tx.caller.into_word());
            assert!(U256::from_be_slice(&last.data.data) >= argument(tx, 1));
        }
        What::Multicall => {
            let calls = argument(tx, 1).to::<usize>();
            assert_eq!(transfers.len(), calls);
            let payer = tx.caller.into_word();
            assert!(transfers.iter().all(|log| log.topics()[1] == payer));
        }
        What::Collectible => {
            let [transfer] = transfers[..] else {
                panic!("{logs:?}");
            };
            let topics = [0, 1, 2].map(|index| B256::from(argument(tx, index)));
            assert_eq!(transfer.topics()[1..], topics);
        }
        What::SmartAccount => {
            let signature =
                "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)";
            let operations: Vec<_> = events(logs, signature).collect();
            let [operation] = operations[..] else {
                panic!("{logs:?}");
            };
            // Nonce, success, cost, gas.
            let success = U256::from_be_slice(&operation.data.data[32..64]);
            assert_eq!(success, U256::ONE);
            let [transfer] = transfers[..] else {
                panic!("{logs:?}");
            };
            assert_eq!(transfer.topics()[1], operation.topics()[2]);
        }
        What::Lend => {
            let done = [
                "Supply(address,address,address,uint256,uint16)",
                "Borrow(address,address,address,uint256,uint8,uint256,uint16)",
                "Repay(address,address,address,uint256,bool)",
                "Withdraw(address,address,address,uint256)",
            ];
            let done = done.iter().map(|event| events(logs, event).count());
            assert_eq!(done.sum::<usize>(), 1);
        }
        What::Create => assert_eq!(transfers.len(), 1),
    }
}

/// Contracts agree with the events, and ether has gone where it was sent.
fn check_balances(workload: &Workload, output: &BlockOutput) {
    let mut changes = HashMap::<(Address, Address), (U256, U256)>::default();
    let mut owners = HashMap::<(Address, U256), B256>::default();
    // Deposits grow from block to block; tests of lending know how.
    let outcomes = output.outcomes.iter().zip(&workload.block.transactions);
    let others = outcomes.filter(|(_, tx)| what(tx) != What::Lend);
    for log in others.flat_map(|(outcome, _)| outcome.result.logs()) {
        if log.topics()[0] != keccak256("Transfer(address,address,uint256)") {
            continue;
        }
        let topics = log.topics();
        if let Some(id) = topics.get(3) {
            owners.insert((log.address, (*id).into()), topics[2]);
            continue;
        }
        let amount = U256::from_be_slice(&log.data.data);
        let [from, to] = [1, 2].map(|index| Address::from_word(topics[index]));
        changes.entry((log.address, from)).or_default().0 += amount;
        changes.entry((log.address, to)).or_default().1 += amount;
    }
    let (mut before, mut now) = (
        Chain::new(&workload.state),
        Chain::new(&after(workload, output)),
    );
    let existing = |address| workload.state.account(address).is_some();
    let held = changes
        .into_iter()
        .filter(|((token, holder), _)| existing(*token) && !holder.is_zero());
    for ((token, holder), (out, into)) in held {
        let [had, has] = [&mut before, &mut now].map(|chain| chain.balance(token, holder));
        assert_eq!(had + into, has + out, "{token} {holder}");
    }
    for ((collection, id), owner) in owners {
        let owner_of = Call::new("ownerOf(uint256)").word(id).data();
        assert_eq!(B256::from(now.words(collection, owner_of)[0]), owner);
    }
    check_ether(workload, output);
}

/// Who has sent nothing has what was sent.
fn check_ether(workload: &Workload, output: &BlockOutput) {
    let transactions = &workload.block.transactions;
    let mut paid = HashMap::<Address, U256>::default();
    for tx in transactions.iter().filter(|tx| what(tx) == What::Pay) {
        *paid.entry(*tx.kind.to().unwrap()).or_default() += tx.value;
    }
    let mut checked = 0;
    for (address, value) in paid {
        if transactions.iter().any(|tx| tx.caller == address) {
            continue;
        }
        let mut accounts = output.changes.accounts.iter();
        let account = accounts.find(|account| account.address == address).unwrap();
        let before = workload.state.account(address).map(|info| info.balance);
        let now = account.after.as_ref().unwrap().balance;
        assert_eq!(now, before.unwrap_or_default() + value);
        checked += 1;
    }
    assert!(checked > 0);
}

/// How many of all, in thousandths.
fn share(thousandths: usize) -> std::ops::RangeInclusive<usize> {
    let exact = TRANSACTIONS * thousandths / 1_000;
    // Parts of a share are rounded one by one.
    exact.saturating_sub(3)..=exact + 3
}

fn size() -> Size {
    Size::new(TRANSACTIONS).accounts(20_000).pools(100)
}

#[test]
fn defi_day() {
    let Some(workload) = generate(Protocol::Day(Day::Defi), size(), SEED) else {
        return;
    };
    let counts = check(&workload);
    for (what, of_table) in [
        (What::Swap, 400),
        (What::Transfer, 300),
        (What::Pay, 150),
        (What::Lend, 100),
        (What::Create, 30),
        (What::Approve, 20),
    ] {
        let (all, reverted) = counts[&what];
        assert!(share(of_table).contains(&all), "{what:?} {all}");
        assert_eq!(reverted, 0);
    }
    assert_eq!(counts.len(), 6);
}

#[test]
fn mainnet_like() {
    let Some(workload) = generate(Protocol::Day(Day::Mainnet), size(), SEED) else {
        return;
    };
    let counts = check(&workload);
    for (what, of_table) in [
        (What::Pay, 300),
        (What::Transfer, 420),
        (What::Approve, 40),
        (What::Swap, 170),
        (What::Multicall, 30),
        (What::Lend, 15),
        (What::Collectible, 15),
        (What::SmartAccount, 10),
    ] {
        let all = counts[&what].0;
        assert!(share(of_table).contains(&all), "{what:?} {all}");
    }
    assert_eq!(counts.len(), 8);
    let reverted = counts[&What::Swap].1;
    assert!(share(30).contains(&reverted), "{reverted}");
    assert_eq!(workload.reverts.len(), reverted);
}

/// The shape that was measured on mainnet: 55 to 65 % of the transactions of a block
/// depend on none before, the longest chain has at most 16 % of them, the hottest
/// slot is touched by 8 %. Of blocks as large as mainnet's: the more transactions, the
/// more of them meet in the same places.
#[test]
fn mainnet_like_has_the_shape_of_mainnet() {
    const TRANSACTIONS: usize = 700;
    let mut shapes = Vec::new();
    for seed in 1..=3 {
        let Some(workload) = generate(Protocol::Day(Day::Mainnet), TRANSACTIONS, seed) else {
            return;
        };
        let shape = Shape::of(&workload);
        println!("{shape:?}");
        shapes.push(shape);
        assert!((0.53..=0.67).contains(&shape.independent), "{shape:?}");
        assert!(shape.longest_chain <= 0.16, "{shape:?}");

        // The engine counts balances as well, where somebody looks at them.
        let config = EngineConfig {
            workers: 2,
            dependencies: true,
            ..EngineConfig::default()
        };
        let engine = Engine::new(config).unwrap();
        let output = engine.replay(&workload.block, &workload.state).unwrap();
        let chain = output.stats.longest_chain as f64 / TRANSACTIONS as f64;
        assert!(chain <= 0.16, "{chain} {shape:?}");
    }
    let mean = |of: fn(&Shape) -> f64| shapes.iter().map(of).sum::<f64>() / shapes.len() as f64;
    let (independent, hottest) = (mean(|shape| shape.independent), mean(|shape| shape.hottest));
    assert!((0.55..=0.65).contains(&independent), "{independent}");
    assert!((0.06..=0.10).contains(&hottest), "{hottest}");
}
