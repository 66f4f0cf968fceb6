//! Parametric cover: policies are sold and paid, premiums are earned.

use crate::chain::{Chain, SEED, after, argument, generate, run};
use alloy_primitives::{Address, U256, keccak256};
use parallax_workload::{Call, Cover, Protocol, Workload};
use revm::context::TxEnv;
use std::collections::BTreeMap;

/// A block on the pool, executed.
struct Executed {
    workload: Workload,
    pool: Address,
    asset: Address,
    before: Chain,
    after: Chain,
}

/// What changed for somebody.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    paid: U256,
    got: U256,
    covered_before: U256,
    covered_after: U256,
}

impl Executed {
    fn new(cover: Cover, transactions: usize) -> Self {
        let workload = generate(Protocol::Insurance(cover), transactions, SEED).unwrap();
        let output = run(&workload);
        let mut before = Chain::new(&workload.state);
        let pool = *workload.block.transactions[0].kind.to().unwrap();
        Self {
            pool,
            asset: before.address(pool, "asset()"),
            before,
            after: Chain::new(&after(&workload, &output)),
            workload,
        }
    }

    /// By selector, in the order of the block.
    fn transactions(&self, signature: &str) -> Vec<TxEnv> {
        let selector = &keccak256(signature)[..4];
        let all = self.workload.block.transactions.iter();
        all.filter(|tx| tx.data.starts_with(selector))
            .cloned()
            .collect()
    }

    /// Customers act once, so the whole block moves as much as the transaction.
    fn change(&mut self, tx: &TxEnv) -> Change {
        let cover = Call::new("coverOf(uint256,address)")
            .word(argument(tx, 0))
            .address(tx.caller)
            .data();
        let [before, after] = [&mut self.before, &mut self.after];
        let balances = [&mut *before, &mut *after].map(|at| at.balance(self.asset, tx.caller));
        let [covered_before, covered_after] =
            [before, after].map(|at| at.words(self.pool, cover.clone())[0]);
        Change {
            paid: balances[0].saturating_sub(balances[1]),
            got: balances[1].saturating_sub(balances[0]),
            covered_before,
            covered_after,
        }
    }

    /// A number that a getter returns, before and after.
    fn both(&mut self, getter: &str) -> [U256; 2] {
        let data = Call::new(getter).data();
        [&mut self.before, &mut self.after].map(|at| at.words(self.pool, data.clone())[0])
    }

    /// Fields of a risk, in the order of the contract, before and after.
    fn risk(&mut self, id: U256) -> [Vec<U256>; 2] {
        let data = Call::new("risks(uint256)").word(id).data();
        [&mut self.before, &mut self.after].map(|at| at.words(self.pool, data.clone()))
    }

    fn pool_balances(&mut self) -> [U256; 2] {
        [&mut self.before, &mut self.after].map(|at| at.balance(self.asset, self.pool))
    }
}

/// Indices of the fields of a risk.
const RATE: usize = 3;
const STAGE: usize = 4;
const CAPACITY: usize = 5;
const SOLD: usize = 6;
const EARNED: usize = 7;
const TRIGGERED: U256 = U256::from_limbs([2, 0, 0, 0]);

fn premium(cover: U256, rate: U256) -> U256 {
    cover * rate / U256::from(10_000)
}

#[test]
fn an_ordinary_day() {
    const TRANSACTIONS: usize = 300;
    let mut executed = Executed::new(Cover::Everyday, TRANSACTIONS);
    let kinds = [
        "buy(uint256,uint128)",
        "accrue(uint256)",
        "claim(uint256,address)",
    ];
    let [sales, accruals, claims] = kinds.map(|signature| executed.transactions(signature));
    assert_eq!(sales.len() + accruals.len() + claims.len(), TRANSACTIONS);
    assert!((160..230).contains(&sales.len()), "{}", sales.len());
    assert!((15..50).contains(&accruals.len()), "{}", accruals.len());
    assert!((45..105).contains(&claims.len()), "{}", claims.len());

    let (mut premiums, mut payouts) = (U256::ZERO, U256::ZERO);
    let mut sold = BTreeMap::<U256, U256>::new();
    for tx in &sales {
        let (id, cover) = (argument(tx, 0), argument(tx, 1));
        let paid = premium(cover, executed.risk(id)[0][RATE]);
        let expected = Change {
            paid,
            got: U256::ZERO,
            covered_before: U256::ZERO,
            covered_after: cover,
        };
        assert_eq!(executed.change(tx), expected);
        premiums += paid;
        *sold.entry(id).or_default() += cover;
    }
    for (id, sold) in &sold {
        let [before, after] = executed.risk(*id);
        assert_eq!(after[SOLD] - before[SOLD], *sold);
    }
    for tx in &claims {
        let change = executed.change(tx);
        assert!(change.covered_before > U256::ZERO);
        assert_eq!(change.covered_after, U256::ZERO);
        assert_eq!(change.got, change.covered_before);
        payouts += change.got;
    }
    let mut earned = U256::ZERO;
    for tx in &accruals {
        let [before, after] = executed.risk(argument(tx, 0));
        assert!(after[EARNED] > before[EARNED]);
        earned += after[EARNED] - before[EARNED];
    }
    let [capital, grown] = executed.both("capital()");
    assert_eq!(grown - capital, earned);
    let [held, holds] = executed.pool_balances();
    assert_eq!(holds + payouts, held + premiums);
}

#[test]
fn an_event_and_all_payouts() {
    const TRANSACTIONS: usize = 120;
    let mut executed = Executed::new(Cover::Payout, TRANSACTIONS);
    let reports = executed.transactions("report(uint256,uint128)");
    assert_eq!(reports, executed.workload.block.transactions[..1]);
    let claims = executed.transactions("claim(uint256,address)");
    assert_eq!(claims, executed.workload.block.transactions[1..]);
    assert_eq!(claims.len(), TRANSACTIONS - 1);

    let [before, after] = executed.risk(argument(&reports[0], 0));
    assert!(before[STAGE] < TRIGGERED);
    assert_eq!(after[STAGE], TRIGGERED);
    let mut payouts = U256::ZERO;
    for tx in &claims {
        let change = executed.change(tx);
        assert!(change.covered_before > U256::ZERO);
        assert_eq!(change.covered_after, U256::ZERO);
        assert_eq!(change.got, change.covered_before);
        payouts += change.got;
    }
    assert_eq!(payouts, before[SOLD]);
    let [held, holds] = executed.pool_balances();
    assert_eq!(held - holds, payouts);
    // The payouts are taken from the capital, the premiums belong to it.
    let rest = premium(before[SOLD], before[RATE]) - before[EARNED];
    let [capital, left] = executed.both("capital()");
    assert_eq!(left, capital + rest - payouts);
    let [locked, free] = executed.both("locked()");
    assert_eq!(locked - free, before[CAPACITY]);
    assert_eq!(holds, left);
}
