//! The orders of a market, as the contract has them.

use crate::rng::Rng;
use alloy_primitives::Address;
use std::{cmp::Reverse, collections::BTreeMap};

/// The most orders that one call takes.
const MAX_FILLS: usize = 16;

/// What an order does with the base token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Buy,
    Sell,
}

impl Side {
    pub(super) fn any(rng: &mut Rng) -> Self {
        if rng.chance(50) {
            Self::Buy
        } else {
            Self::Sell
        }
    }
}

/// An order that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Set when it is placed.
    pub(super) id: u64,
    pub(super) maker: Address,
    pub(super) lots: u64,
}

impl Order {
    pub(super) fn new(maker: Address, lots: u64) -> Self {
        Self { id: 0, maker, lots }
    }
}

/// All orders of a market. A side is in the order in which it is taken: by ticks
/// from the best price, then by number.
#[derive(Debug, Default)]
pub(super) struct Book {
    last_id: u64,
    buyers: BTreeMap<(Reverse<u16>, u64), Order>,
    sellers: BTreeMap<(u16, u64), Order>,
}

impl Book {
    pub(super) fn len(&self, side: Side) -> usize {
        match side {
            Side::Buy => self.buyers.len(),
            Side::Sell => self.sellers.len(),
        }
    }

    /// Adds an order, behind all others at its tick.
    pub(super) fn place(&mut self, side: Side, tick: u16, mut order: Order) {
        self.last_id += 1;
        order.id = self.last_id;
        match side {
            Side::Buy => self.buyers.insert((Reverse(tick), order.id), order),
            Side::Sell => self.sellers.insert((tick, order.id), order),
        };
    }

    /// Removes the order that would be taken after so many others; there must be one.
    pub(super) fn cancel(&mut self, side: Side, index: usize) -> Order {
        match side {
            Side::Buy => remove(&mut self.buyers, index),
            Side::Sell => remove(&mut self.sellers, index),
        }
    }

    /// Fills the best orders, as far as one call does.
    pub(super) fn take(&mut self, side: Side, lots: u64) {
        match side {
            Side::Buy => fill(&mut self.buyers, lots),
            Side::Sell => fill(&mut self.sellers, lots),
        }
    }
}

fn remove<K: Ord + Copy>(orders: &mut BTreeMap<K, Order>, index: usize) -> Order {
    let (key, order) = orders.iter().nth(index).expect("the index is below len");
    let (key, order) = (*key, *order);
    orders.remove(&key);
    order
}

fn fill<K: Ord>(orders: &mut BTreeMap<K, Order>, mut lots: u64) {
    for _ in 0..MAX_FILLS {
        let Some(mut best) = orders.first_entry() else {
            return;
        };
        let order = best.get_mut();
        let part = order.lots.min(lots);
        order.lots -= part;
        lots -= part;
        if order.lots > 0 {
            return;
        }
        best.remove();
        if lots == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers and lots of what is left, in the order in which it would be taken.
    fn rest(book: &mut Book, side: Side) -> Vec<(u64, u64)> {
        let orders = (0..book.len(side)).map(|_| book.cancel(side, 0));
        orders.map(|order| (order.id, order.lots)).collect()
    }

    fn book(side: Side, ticks: &[u16]) -> Book {
        let mut book = Book::default();
        for tick in ticks {
            book.place(side, *tick, Order::new(Address::ZERO, 10));
        }
        book
    }

    #[test]
    fn price_counts_first_then_age() {
        let ticks = [7, 5, 9, 5];
        let ids = |mut book, side| rest(&mut book, side).iter().map(|(id, _)| *id).collect();
        let sellers: Vec<_> = ids(book(Side::Sell, &ticks), Side::Sell);
        assert_eq!(sellers, [2, 4, 1, 3]);
        let buyers: Vec<_> = ids(book(Side::Buy, &ticks), Side::Buy);
        assert_eq!(buyers, [3, 1, 2, 4]);
    }

    #[test]
    fn orders_are_filled_in_part_and_in_whole() {
        let mut two = book(Side::Sell, &[5, 6, 7]);
        two.take(Side::Sell, 14);
        assert_eq!(rest(&mut two, Side::Sell), [(2, 6), (3, 10)]);
        let mut exactly = book(Side::Buy, &[5, 6, 7]);
        exactly.take(Side::Buy, 20);
        assert_eq!(rest(&mut exactly, Side::Buy), [(1, 10)]);
        let mut all = book(Side::Buy, &[5]);
        all.take(Side::Buy, 20);
        assert!(rest(&mut all, Side::Buy).is_empty());
    }

    #[test]
    fn a_call_takes_so_many_orders() {
        let mut book = book(Side::Sell, &[5; MAX_FILLS + 3]);
        book.take(Side::Sell, u64::MAX);
        assert_eq!(book.len(Side::Sell), 3);
    }
}
