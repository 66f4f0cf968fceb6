//! In which order transactions come into a block.

use crate::{Order, Transaction};
use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

/// The next transaction of a sender. The greatest comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    tip: u128,
    arrival: Reverse<u64>,
    sender: usize,
    position: usize,
}

/// Merges what each sender has in order into one order: whoever pays most comes first, or
/// whoever was first.
pub(crate) fn arrange(
    senders: &[Vec<Arc<Transaction>>],
    order: Order,
    base_fee: u64,
    most: usize,
) -> Vec<Arc<Transaction>> {
    let head = |sender: usize, position: usize| {
        let tx = senders[sender].get(position)?;
        Some(Head {
            tip: match order {
                Order::Fees => tx.tip(base_fee).unwrap_or_default(),
                Order::Arrival => 0,
            },
            arrival: Reverse(tx.arrival),
            sender,
            position,
        })
    };
    let firsts = (0..senders.len()).filter_map(|sender| head(sender, 0));
    let mut heads: BinaryHeap<Head> = firsts.collect();
    let mut arranged = Vec::new();
    while arranged.len() < most
        && let Some(Head {
            sender, position, ..
        }) = heads.pop()
    {
        arranged.push(Arc::clone(&senders[sender][position]));
        heads.extend(head(sender, position + 1));
    }
    arranged
}
