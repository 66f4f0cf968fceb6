//! Lending: deposits, debts, prices and collateral move as transactions ask.

mod aave;
mod venus;

use crate::chain::{Chain, SEED, after, generate, run};
use alloy_primitives::{
    Address, U256,
    map::{HashMap, HashSet},
};
use parallax_engine::BlockOutput;
use parallax_workload::{Lending, Protocol, Workload};
use revm::context::TxEnv;
use std::ops::RangeInclusive;

/// What a transaction asks for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Supply {
        token: Address,
        amount: U256,
    },
    Borrow {
        token: Address,
        amount: U256,
    },
    /// All of it, if the amount is the highest number.
    Repay {
        token: Address,
        amount: U256,
    },
    Withdraw {
        token: Address,
        amount: U256,
    },
    Liquidate {
        borrower: Address,
        collateral: Address,
        debt: Address,
        amount: U256,
    },
    SetPrice {
        token: Address,
        price: U256,
    },
}

/// How to ask a protocol what it knows.
trait Reader {
    /// What rounding makes of an amount.
    const DUST: u64;
    /// What a liquidator gets for what is repaid, in percent.
    const INCENTIVE: u64;

    /// Finds the protocol from what a block calls.
    fn find(chain: &mut Chain, workload: &Workload) -> Self;

    fn asked(&self, chain: &mut Chain, tx: &TxEnv) -> Asked;

    /// What someone has supplied, with interest.
    fn deposit(&self, chain: &mut Chain, token: Address, user: Address) -> U256;

    /// What someone owes, with interest.
    fn debt(&self, chain: &mut Chain, token: Address, user: Address) -> U256;

    /// Whether a user's collateral covers all debts.
    fn is_safe(&self, chain: &mut Chain, user: Address) -> bool;

    fn price(&self, chain: &mut Chain, token: Address) -> U256;

    /// Who holds what is supplied of a token.
    fn vault(&self, token: Address) -> Address;

    /// What a liquidator holds of the collateral: that itself, or a deposit of it.
    fn spoils(&self, chain: &mut Chain, token: Address, liquidator: Address) -> U256;

    /// Gas that each kind of transaction takes where the code is in use.
    fn usual_gas(asked: &Asked) -> RangeInclusive<u64>;
}

/// A block with the states on both sides.
struct Checked<'a, R> {
    workload: &'a Workload,
    output: BlockOutput,
    before: Chain,
    after: Chain,
    reader: R,
    /// What came into each vault.
    inflows: HashMap<Address, U256>,
    outflows: HashMap<Address, U256>,
}

impl<'a, R: Reader> Checked<'a, R> {
    fn new(workload: &'a Workload) -> Self {
        let output = run(workload);
        let mut before = Chain::at(workload, &workload.state);
        let after = Chain::at(workload, &after(workload, &output));
        Self {
            workload,
            output,
            reader: R::find(&mut before, workload),
            before,
            after,
            inflows: HashMap::default(),
            outflows: HashMap::default(),
        }
    }

    /// Everything happens that is asked for, and nothing else; what that is.
    fn check(mut self) -> Vec<Asked> {
        let workload = self.workload;
        let transactions = &workload.block.transactions;
        let users: HashSet<_> = transactions.iter().map(|tx| tx.caller).collect();
        assert_eq!(users.len(), transactions.len());
        let mut all = Vec::new();
        for (index, tx) in transactions.iter().enumerate() {
            let asked = self.reader.asked(&mut self.before, tx);
            let gas = self.output.outcomes[index].result.tx_gas_used();
            assert!(R::usual_gas(&asked).contains(&gas), "{gas} {asked:?}");
            assert!(gas < tx.gas_limit * 9 / 10, "{gas} {asked:?}");
            self.check_one(tx.caller, asked);
            assert!(self.reader.is_safe(&mut self.after, tx.caller));
            all.push(asked);
        }
        self.check_vaults();
        all
    }

    fn check_one(&mut self, user: Address, asked: Asked) {
        match asked {
            Asked::Supply { token, amount } => {
                self.flows_in(token, user, amount);
                let grown = self.grown(token, user, R::deposit);
                self.assert_about(grown, amount);
            }
            Asked::Borrow { token, amount } => {
                self.flows_out(token, user, amount);
                let grown = self.grown(token, user, R::debt);
                self.assert_about(grown, amount);
            }
            Asked::Repay { token, amount } => {
                let owed = self.reader.debt(&mut self.before, token, user);
                let left = self.reader.debt(&mut self.after, token, user);
                assert_eq!(left.is_zero(), amount == U256::MAX);
                let amount = amount.min(owed);
                self.flows_in(token, user, amount);
                self.assert_about(owed - left, amount);
            }
            Asked::Withdraw { token, amount } => {
                self.flows_out(token, user, amount);
                let fallen = self.fallen(token, user, R::deposit);
                self.assert_about(fallen, amount);
            }
            Asked::Liquidate {
                borrower,
                collateral,
                debt,
                amount,
            } => {
                self.flows_in(debt, user, amount);
                let repaid = self.fallen(debt, borrower, R::debt);
                self.assert_about(repaid, amount);
                self.check_seizure(user, borrower, [collateral, debt], amount);
            }
            Asked::SetPrice { token, price } => {
                assert!(self.reader.price(&mut self.before, token) > price);
                assert_eq!(self.reader.price(&mut self.after, token), price);
            }
        }
    }

    /// The borrower loses what was repaid and the incentive, at the new price; most
    /// of it goes to the liquidator.
    fn check_seizure(
        &mut self,
        liquidator: Address,
        borrower: Address,
        [collateral, debt]: [Address; 2],
        amount: U256,
    ) {
        let seized = self.fallen(collateral, borrower, R::deposit);
        let prices = [collateral, debt].map(|token| self.reader.price(&mut self.after, token));
        let expected =
            amount * prices[1] * U256::from(R::INCENTIVE) / (prices[0] * U256::from(100));
        let difference = seized.abs_diff(expected);
        assert!(
            difference < expected / U256::from(1_000_000),
            "{seized} {expected}"
        );
        let got = self.grown(collateral, liquidator, R::spoils);
        assert!(got <= seized + U256::from(R::DUST), "{got} {seized}");
        assert!(got > seized * U256::from(99) / U256::from(100));
        // What leaves the vault is counted where it arrives.
        let held =
            [&mut self.before, &mut self.after].map(|chain| chain.balance(collateral, liquidator));
        *self.outflows.entry(collateral).or_default() += held[1] - held[0];
    }

    /// By how much something has grown.
    fn grown(&mut self, token: Address, user: Address, what: Reading<R>) -> U256 {
        what(&self.reader, &mut self.after, token, user)
            - what(&self.reader, &mut self.before, token, user)
    }

    fn fallen(&mut self, token: Address, user: Address, what: Reading<R>) -> U256 {
        what(&self.reader, &mut self.before, token, user)
            - what(&self.reader, &mut self.after, token, user)
    }

    fn flows_in(&mut self, token: Address, user: Address, amount: U256) {
        let paid = self.before.balance(token, user) - self.after.balance(token, user);
        assert_eq!(paid, amount);
        *self.inflows.entry(token).or_default() += amount;
    }

    fn flows_out(&mut self, token: Address, user: Address, amount: U256) {
        let got = self.after.balance(token, user) - self.before.balance(token, user);
        assert_eq!(got, amount);
        *self.outflows.entry(token).or_default() += amount;
    }

    fn assert_about(&self, found: U256, expected: U256) {
        let difference = found.abs_diff(expected);
        assert!(difference <= U256::from(R::DUST), "{found} {expected}");
    }

    /// Nothing else has come or gone.
    fn check_vaults(&mut self) {
        let tokens: HashSet<_> = self
            .inflows
            .keys()
            .chain(self.outflows.keys())
            .copied()
            .collect();
        for token in tokens {
            let vault = self.reader.vault(token);
            let [inflow, outflow] = [&self.inflows, &self.outflows]
                .map(|all| all.get(&token).copied().unwrap_or_default());
            let expected = self.before.balance(token, vault) + inflow - outflow;
            assert_eq!(self.after.balance(token, vault), expected);
        }
    }
}

/// Something of a user that is counted in a token.
type Reading<R> = fn(&R, &mut Chain, Address, Address) -> U256;

/// Users supply, borrow, repay and withdraw, in all assets.
fn check_everyday<R: Reader>(protocol: Protocol, transactions: usize, seed: u64) {
    let Some(workload) = generate(protocol, transactions, seed) else {
        return;
    };
    let all = Checked::<R>::new(&workload).check();
    let mut counts = [0_usize; 4];
    let mut tokens = HashSet::new();
    for asked in all {
        let (kind, token) = match asked {
            Asked::Supply { token, .. } => (0, token),
            Asked::Borrow { token, .. } => (1, token),
            Asked::Repay { token, .. } => (2, token),
            Asked::Withdraw { token, .. } => (3, token),
            other => panic!("{other:?}"),
        };
        counts[kind] += 1;
        tokens.insert(token);
    }
    assert_eq!(tokens.len(), 4);
    for (count, percent) in counts.into_iter().zip([35, 25, 20, 20]) {
        let expected = transactions * percent / 100;
        assert!(count.abs_diff(expected) < transactions / 10, "{counts:?}");
    }
}

/// A price falls, which makes loans unsafe, and these are liquidated.
fn check_liquidations<R: Reader>(protocol: Protocol, transactions: usize, seed: u64) {
    let Some(workload) = generate(protocol, transactions, seed) else {
        return;
    };
    let all = Checked::<R>::new(&workload).check();
    let Asked::SetPrice { token, .. } = all[0] else {
        panic!("{:?}", all[0]);
    };
    let fall = workload.subset(|index| index == 0);
    let mut before = Chain::at(&workload, &workload.state);
    let mut fallen = Chain::at(&workload, &after(&fall, &run(&fall)));
    let reader = R::find(&mut before, &workload);
    let mut borrowers = HashSet::new();
    for asked in &all[1..] {
        match asked {
            Asked::Liquidate {
                borrower,
                collateral,
                ..
            } => {
                assert_eq!(*collateral, token);
                assert!(borrowers.insert(*borrower));
                assert!(reader.is_safe(&mut before, *borrower));
                assert!(!reader.is_safe(&mut fallen, *borrower));
            }
            Asked::SetPrice { .. } => panic!("a second price"),
            _ => {}
        }
    }
    let expected = transactions * 60 / 100;
    assert!(borrowers.len().abs_diff(expected) < transactions / 10);
}

#[test]
fn aave() {
    for (transactions, seed) in [(300, SEED), (100, 1), (100, 2)] {
        check_everyday::<aave::Reader>(Protocol::Aave(Lending::Everyday), transactions, seed);
    }
}

#[test]
fn aave_liquidations() {
    for (transactions, seed) in [(300, SEED), (100, 1), (100, 2)] {
        let protocol = Protocol::Aave(Lending::Liquidations);
        check_liquidations::<aave::Reader>(protocol, transactions, seed);
    }
}

#[test]
fn venus() {
    for (transactions, seed) in [(300, SEED), (100, 1), (100, 2)] {
        check_everyday::<venus::Reader>(Protocol::Venus(Lending::Everyday), transactions, seed);
    }
}

#[test]
fn venus_liquidations() {
    for (transactions, seed) in [(300, SEED), (100, 1), (100, 2)] {
        let protocol = Protocol::Venus(Lending::Liquidations);
        check_liquidations::<venus::Reader>(protocol, transactions, seed);
    }
}

/// Amounts have margins for blocks of any size.
#[test]
fn large_blocks() {
    for lending in [Lending::Everyday, Lending::Liquidations] {
        for protocol in [Protocol::Aave(lending), Protocol::Venus(lending)] {
            if let Some(workload) = generate(protocol, 2_000, SEED) {
                run(&workload);
            }
        }
    }
}
