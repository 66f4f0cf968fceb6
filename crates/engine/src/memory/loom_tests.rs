//! The version list and the interner in every execution that the memory model
//! allows, with at most three preemptions. How to run: `scheduler/loom_tests.rs`.

use super::{
    interner::{Chained, Table},
    version::{Index, Location, Value},
};
use crate::sync::{atomic::AtomicPtr, thread};
use alloy_primitives::U256;
use loom::sync::Arc;
use std::ptr;

fn model(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// All limbs are the same, so that a torn value would show.
fn whole(limb: u64) -> &'static Value {
    leak(Value::Word(U256::from_limbs([limb; 4])))
}

fn limb(value: &Value) -> u64 {
    let Value::Word(word) = value else {
        panic!("{value:?}");
    };
    let limbs = word.as_limbs();
    assert!(limbs.iter().all(|limb| *limb == limbs[0]), "torn: {word:?}");
    limbs[0]
}

/// What a reader above everything sees, newest first.
fn versions(location: &Location) -> Vec<(Index, u64)> {
    let seen: Vec<_> = location
        .below(100)
        .map(|(index, value)| (index, limb(value)))
        .collect();
    assert!(
        seen.is_sorted_by(|a, b| a.0 > b.0),
        "out of order: {seen:?}"
    );
    seen
}

#[test]
fn two_writers_keep_the_list_sorted_while_a_reader_looks() {
    model(|| {
        let location = Arc::new(Location::default());
        let writers: Vec<_> = [5, 3]
            .into_iter()
            .map(|index: Index| {
                let location = Arc::clone(&location);
                thread::spawn(move || {
                    let value = whole(u64::from(index));
                    assert!(location.publish(index, value, Box::leak(Box::default())));
                })
            })
            .collect();
        for (index, limb) in versions(&location) {
            assert_eq!(u64::from(index), limb);
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(versions(&location), [(5, 5), (3, 3)]);
    });
}

#[test]
fn writers_insert_around_a_version_that_is_replaced() {
    model(|| {
        let location = Arc::new(Location::default());
        let nodes = Box::leak(Box::default());
        location.publish(4, whole(1), nodes);
        let below = Arc::clone(&location);
        let writer = thread::spawn(move || {
            below.publish(2, whole(9), Box::leak(Box::default()));
            below.latest(4).map(|(_, value)| limb(value))
        });
        let two = whole(2);
        assert!(location.publish(4, two, nodes));
        assert!(location.withdraw(4, two));
        assert!(location.publish(4, whole(3), nodes));
        assert_eq!(writer.join().unwrap(), Some(9));
        assert_eq!(versions(&location), [(4, 3), (2, 9)]);
    });
}

#[test]
fn a_reader_sees_each_replacement_whole_and_in_order() {
    model(|| {
        let location = Arc::new(Location::default());
        let other = Arc::clone(&location);
        let writer = thread::spawn(move || {
            let nodes = Box::leak(Box::default());
            for limb in 1..=3 {
                assert!(other.publish(4, whole(limb), nodes));
            }
        });
        let mut last = 0;
        for _ in 0..3 {
            let seen = versions(&location).first().map_or(0, |(_, limb)| *limb);
            assert!(seen >= last, "{seen} after {last}");
            last = seen;
        }
        writer.join().unwrap();
        assert_eq!(versions(&location), [(4, 3)]);
    });
}

#[derive(Debug)]
struct Cell {
    key: u64,
    chain: AtomicPtr<Cell>,
}

impl Chained for Cell {
    fn chain(&self) -> &AtomicPtr<Self> {
        &self.chain
    }
}

/// Every key has the same bucket.
fn intern(table: &'static Table<Cell>, key: u64) -> &'static Cell {
    let make = || {
        leak(Cell {
            key,
            chain: AtomicPtr::default(),
        })
    };
    table.intern(0, |cell| cell.key == key, make)
}

fn table() -> &'static Table<Cell> {
    let mut table = Table::default();
    table.reset(0);
    leak(table)
}

#[test]
fn two_threads_agree_on_the_cell_of_a_key() {
    model(|| {
        let table = table();
        let thread = thread::spawn(|| ptr::from_ref(intern(table, 7)).addr());
        let here = ptr::from_ref(intern(table, 7)).addr();
        assert_eq!(here, thread.join().unwrap());
        assert_eq!(here, ptr::from_ref(intern(table, 7)).addr());
    });
}

#[test]
fn keys_of_one_bucket_do_not_lose_each_other() {
    model(|| {
        let table = table();
        let order = |keys: [u64; 2]| keys.map(|key| ptr::from_ref(intern(table, key)).addr());
        let thread = thread::spawn(move || order([1, 2]));
        let [two, one] = order([2, 1]);
        assert_eq!([one, two], thread.join().unwrap());
        assert_ne!(one, two);
    });
}
