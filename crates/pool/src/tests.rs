use crate::{Order, Pool, PoolConfig, PoolError, Transaction};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Address, Signature, U256};
use parallax_chain::SignedTransaction;

/// A transaction whose signature nobody looks at.
fn tx(sender: u8, nonce: u64, tip: u128) -> Transaction {
    let tx = TxEip1559 {
        nonce,
        max_fee_per_gas: 100 + tip,
        max_priority_fee_per_gas: tip,
        ..TxEip1559::default()
    };
    let signature = Signature::new(U256::from(sender), U256::from(1), false);
    let signed = SignedTransaction::from(tx.into_signed(signature));
    Transaction::new(signed, Address::repeat_byte(sender))
}

fn order(pool: &Pool) -> Vec<(u8, u64)> {
    let candidates = pool.candidates(100, usize::MAX);
    let name = candidates.iter().map(|tx| (tx.sender[0], tx.nonce()));
    name.collect()
}

#[test]
fn whoever_pays_most_comes_first_but_nonces_stay_in_order() {
    let pool = Pool::new(PoolConfig::default());
    for (sender, nonce, tip) in [(1, 0, 5), (1, 1, 50), (2, 7, 9), (3, 0, 5), (2, 9, 99)] {
        let next = if sender == 2 { 7 } else { 0 };
        pool.add(tx(sender, nonce, tip), next).unwrap();
    }
    assert_eq!(order(&pool), [(2, 7), (1, 0), (1, 1), (3, 0)]);
    assert_eq!(pool.status(), (4, 1));
    assert_eq!(pool.candidates(100, 2).len(), 2);
    assert_eq!(pool.next_nonce(&Address::repeat_byte(1)), Some(2));

    let pool = Pool::new(PoolConfig {
        order: Order::Arrival,
        ..PoolConfig::default()
    });
    for (sender, nonce, tip) in [(1, 1, 50), (1, 0, 5), (2, 0, 9)] {
        pool.add(tx(sender, nonce, tip), 0).unwrap();
    }
    assert_eq!(order(&pool), [(1, 0), (1, 1), (2, 0)]);
}

#[test]
fn what_pays_less_than_the_base_fee_waits() {
    let pool = Pool::new(PoolConfig::default());
    pool.add(tx(1, 0, 5), 0).unwrap();
    pool.add(tx(1, 1, 50), 0).unwrap();
    assert_eq!(pool.candidates(120, 9).len(), 0);
    assert_eq!(pool.candidates(105, 9).len(), 2);
}

#[test]
fn the_same_nonce_again_must_pay_a_tenth_more() {
    let pool = Pool::new(PoolConfig::default());
    let first = tx(1, 0, 100);
    pool.add(first.clone(), 0).unwrap();
    let known = pool.add(first.clone(), 0).unwrap_err();
    assert_eq!(known, PoolError::AlreadyKnown(first.hash()));
    let error = pool.add(tx(1, 0, 109), 0).unwrap_err();
    assert_eq!(
        error,
        PoolError::Underpriced {
            instead_of: first.hash()
        }
    );
    let replaced = pool.add(tx(1, 0, 130), 0).unwrap();
    assert_eq!(replaced, Some(first.hash()));
    assert!(pool.get(&first.hash()).is_none());
    assert_eq!(pool.len(), 1);
}

#[test]
fn limits_hold() {
    let pool = Pool::new(PoolConfig {
        count: 4,
        per_sender: 2,
        nonce_gap: 5,
        ..PoolConfig::default()
    });
    assert!(matches!(
        pool.add(tx(1, 0, 1), 1),
        Err(PoolError::NonceTooLow { next: 1, nonce: 0 })
    ));
    assert!(matches!(
        pool.add(tx(1, 7, 1), 1),
        Err(PoolError::NonceTooHigh { .. })
    ));
    pool.add(tx(1, 1, 1), 1).unwrap();
    pool.add(tx(1, 2, 1), 1).unwrap();
    assert!(matches!(
        pool.add(tx(1, 3, 1), 1),
        Err(PoolError::SenderFull { most: 2, .. })
    ));
    pool.add(tx(2, 0, 1), 0).unwrap();
    pool.add(tx(3, 0, 1), 0).unwrap();
    assert_eq!(pool.add(tx(4, 0, 1), 0), Err(PoolError::Full));
    pool.advance(&Address::repeat_byte(1), 2);
    assert_eq!(pool.len(), 3);
    pool.add(tx(4, 0, 1), 0).unwrap();
    pool.clear(Some(&Address::repeat_byte(4)));
    assert_eq!(pool.len(), 3);
    let left = tx(1, 2, 1);
    assert!(pool.remove(&left.hash()).is_some());
    assert!(pool.remove(&left.hash()).is_none());
    pool.clear(None);
    assert!(pool.is_empty());
    assert_eq!(pool.content().0.len(), 0);
}
