//! Bots race: the first gains, the others revert and pay for little gas.

use crate::chain::{Chain, SEED, after, argument, generate, run};
use alloy_primitives::{Address, U256};
use parallax_engine::BlockOutput;
use parallax_workload::{Protocol, Size, Workload};
use revm::context::TxEnv;

const TRANSACTIONS: usize = 300;

/// The path of a swap.
fn path(tx: &TxEnv) -> Vec<Address> {
    let len = argument(tx, 5).to::<usize>();
    (6..6 + len)
        .map(|index| Address::from_word(argument(tx, index).into()))
        .collect()
}

#[test]
fn the_first_gains_and_the_others_revert() {
    let size = Size::new(TRANSACTIONS).pools(60);
    let Some(workload) = generate(Protocol::Arbitrage, size, SEED) else {
        return;
    };
    let output = run(&workload);
    let (mut winners, mut losers, mut opened) = (0, 0, 0);
    // The path of the race that is on, once somebody has won it.
    let mut won: Option<Vec<Address>> = None;
    for (outcome, tx) in output.outcomes.iter().zip(&workload.block.transactions) {
        let (path, success) = (path(tx), outcome.result.is_success());
        if path.len() == 2 {
            assert!(success);
            opened += 1;
            won = None;
            continue;
        }
        let [first, .., last] = path[..] else {
            panic!("{path:?}");
        };
        assert_eq!((path.len(), first), (4, last));
        let amount = argument(tx, 0);
        assert!(argument(tx, 1) > amount, "nothing to gain");
        match &won {
            None => {
                assert!(success);
                let paid_out = outcome.result.logs().iter().rev();
                let mut paid_out = paid_out.filter(|log| log.address == first);
                let got = U256::from_be_slice(&paid_out.next().unwrap().data.data);
                assert!(got > amount);
                winners += 1;
                won = Some(path);
            }
            Some(race) => {
                assert_eq!(*race, path);
                assert!(!success);
                assert!(outcome.result.tx_gas_used() < 60_000);
                losers += 1;
            }
        }
    }
    println!("{opened} races, {winners} winners, {losers} losers");
    assert!(winners * 10 > opened * 8);
    assert!(losers > 3 * winners);
    assert_eq!(workload.reverts.len(), losers);
    check_bots(&workload, &output);
}

/// Bots have more of the token that they began with than before.
fn check_bots(workload: &Workload, output: &BlockOutput) {
    let (mut before, mut now) = (
        Chain::new(&workload.state),
        Chain::new(&after(workload, output)),
    );
    let transactions = workload.block.transactions.iter();
    for (index, tx) in transactions.enumerate() {
        let path = path(tx);
        if path.len() == 4 && workload.reverts.binary_search(&index).is_err() {
            let [had, has] = [&mut before, &mut now].map(|chain| chain.balance(path[0], tx.caller));
            assert!(has > had);
        }
    }
}
