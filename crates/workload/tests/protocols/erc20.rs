//! ERC-20 transfers move tokens, and the tokens are what they say.

use crate::chain::{Chain, SEED, address_argument, after, argument, generate, run};
use alloy_primitives::{Address, U256, keccak256, map::HashMap};
use parallax_workload::{Call, MemoryState, Protocol, Size, Transfers, Workload};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 60;

const ROWS: [Transfers; 6] = [
    Transfers::Usdt,
    Transfers::Usdc,
    Transfers::OpenZeppelin,
    Transfers::Airdrop,
    Transfers::Treasury,
    Transfers::Fee,
];

fn target(tx: &TxEnv) -> Address {
    *tx.kind.to().unwrap()
}

/// What the holders among these have.
fn balances(chain: &mut Chain, token: Address, holders: &[Address]) -> Vec<U256> {
    let balances = holders.iter().map(|holder| chain.balance(token, *holder));
    balances.collect()
}

/// The fee of the token that takes one: 0.19 %.
fn fee(row: Transfers, amount: U256) -> U256 {
    match row {
        Transfers::Fee => amount * U256::from(19) / U256::from(10_000),
        _ => U256::ZERO,
    }
}

#[test]
fn transfers_move_tokens() {
    for row in ROWS {
        let Some(workload) = generate(Protocol::Erc20(row), TRANSACTIONS, SEED) else {
            continue;
        };
        let output = run(&workload);
        let mut before = Chain::new(&workload.state);
        let mut after = Chain::new(&after(&workload, &output));
        let token = target(&workload.block.transactions[0]);
        let (mut moved, mut fees) = (HashMap::<Address, i128>::default(), U256::ZERO);
        for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
            assert_eq!(target(tx), token);
            let (to, amount) = (address_argument(tx, 0), argument(tx, 1));
            let fee = fee(row, amount);
            assert_eq!(fee.is_zero(), row != Transfers::Fee);
            fees += fee;
            *moved.entry(tx.caller).or_default() -= amount.to::<i128>();
            *moved.entry(to).or_default() += (amount - fee).to::<i128>();
            let transfer = keccak256("Transfer(address,address,uint256)");
            // That of the fee, where there is one, comes before it.
            let log = outcome.result.logs().last().unwrap();
            let topics = [transfer, tx.caller.into_word(), to.into_word()];
            assert_eq!((log.address, log.topics()), (token, &topics[..]));
            assert_eq!(U256::from_be_slice(&log.data.data), amount - fee);
        }
        for (holder, change) in &moved {
            let [before, after] =
                [&mut before, &mut after].map(|chain| chain.balance(token, *holder));
            assert_eq!(after.to::<i128>() - before.to::<i128>(), *change);
        }
        if row == Transfers::Fee {
            let owner = before.address(token, "owner()");
            let [before, after] =
                [&mut before, &mut after].map(|chain| chain.balance(token, owner));
            assert_eq!(after - before, fees);
        }
        let (senders, recipients) = sides(&workload);
        let expected = match row {
            Transfers::Airdrop => (1, TRANSACTIONS),
            Transfers::Treasury => (TRANSACTIONS, 1),
            _ => (TRANSACTIONS, TRANSACTIONS),
        };
        assert_eq!((senders, recipients), expected);
        assert_eq!(moved.len(), senders + recipients);
    }
}

/// Different senders and different recipients.
fn sides(workload: &Workload) -> (usize, usize) {
    let count = |addresses: Vec<Address>| {
        let mut addresses = addresses;
        addresses.sort_unstable();
        addresses.dedup();
        addresses.len()
    };
    let transactions = &workload.block.transactions;
    let senders = transactions.iter().map(|tx| tx.caller).collect();
    let recipients = transactions.iter().map(|tx| address_argument(tx, 0));
    (count(senders), count(recipients.collect()))
}

/// A text that a view returns.
fn text(chain: &mut Chain, token: Address, signature: &str) -> String {
    let words = chain.words(token, Call::new(signature).data());
    let len = words[1].to::<usize>();
    let bytes = words[2].to_be_bytes::<32>();
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

fn number(chain: &mut Chain, token: Address, signature: &str) -> U256 {
    chain.words(token, Call::new(signature).data())[0]
}

/// All who hold anything are residents, so supply and balances can be added up.
fn assert_views(row: Transfers, names: [&str; 2], decimals: u32) -> Option<(Chain, Address)> {
    let workload = generate(Protocol::Erc20(row), 5, SEED)?;
    let token = target(&workload.block.transactions[0]);
    let mut chain = Chain::new(&workload.state);
    assert_eq!(
        ["name()", "symbol()"].map(|view| text(&mut chain, token, view)),
        names
    );
    assert_eq!(
        number(&mut chain, token, "decimals()"),
        U256::from(decimals)
    );
    let holders: Vec<_> = holders(&workload.state);
    let balances = balances(&mut chain, token, &holders);
    let held = U256::from(1_000) * U256::from(10).pow(U256::from(decimals));
    assert_eq!(
        balances.iter().filter(|balance| **balance == held).count(),
        10
    );
    let sum: U256 = balances.into_iter().sum();
    assert_eq!(number(&mut chain, token, "totalSupply()"), sum);
    Some((chain, token))
}

fn holders(state: &MemoryState) -> Vec<Address> {
    state.accounts().map(|(address, ..)| address).collect()
}

#[test]
fn usdt_is_what_its_views_say() {
    for row in [Transfers::Usdt, Transfers::Fee] {
        let Some((mut chain, token)) = assert_views(row, ["Tether USD", "USDT"], 6) else {
            return;
        };
        let fee = ["basisPointsRate()", "maximumFee()"].map(|view| number(&mut chain, token, view));
        let expected = if row == Transfers::Fee {
            [19, 49_000_000]
        } else {
            [0, 0]
        };
        assert_eq!(fee, expected.map(U256::from));
        let views = ["paused()", "deprecated()"].map(|view| number(&mut chain, token, view));
        assert_eq!(views, [U256::ZERO; 2]);
        assert_ne!(chain.address(token, "owner()"), Address::ZERO);
    }
}

#[test]
fn usdc_is_what_its_views_say() {
    let Some((mut chain, token)) = assert_views(Transfers::Usdc, ["USD Coin", "USDC"], 6) else {
        return;
    };
    assert_eq!(text(&mut chain, token, "currency()"), "USD");
    assert_eq!(text(&mut chain, token, "version()"), "2");
    assert_eq!(number(&mut chain, token, "paused()"), U256::ZERO);
    let owner = chain.address(token, "owner()");
    for view in ["pauser()", "blacklister()", "masterMinter()"] {
        assert_eq!(chain.address(token, view), owner);
    }
    let listed = Call::new("isBlacklisted(address)").address(owner).data();
    assert_eq!(chain.words(token, listed), [U256::ZERO]);
}

/// What a million holders would make of it, with fewer.
#[test]
fn there_are_as_many_holders_as_asked_for() {
    let size = Size::new(20).accounts(300);
    for row in [Transfers::Usdc, Transfers::OpenZeppelin] {
        let Some(workload) = generate(Protocol::Erc20(row), size, SEED) else {
            continue;
        };
        run(&workload);
        let token = target(&workload.block.transactions[0]);
        let mut chain = Chain::new(&workload.state);
        let holders = holders(&workload.state);
        let balances = balances(&mut chain, token, &holders);
        let holding = balances.iter().filter(|balance| !balance.is_zero());
        assert!((300..=302).contains(&holding.count()));
        assert!(workload.name.contains("accounts=300"), "{}", workload.name);
    }
}
