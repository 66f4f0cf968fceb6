//! The store on disk does what the one in memory does.

use super::{
    CONFIG, Folder, seeds,
    world::{Chance, World, root_of},
};
use crate::{Block, Mdbx, MemoryStore, State, StateError, Store, Table};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::ops::ControlFlow;

type Row = (Vec<u8>, Vec<u8>);

fn rows_from<S: Store>(store: &S, table: Table, from: &[u8], most: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    store
        .scan(table, from, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            match rows.len() < most {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })
        .unwrap();
    rows
}

fn value<S: Store>(store: &S, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    let mut found = None;
    store
        .get(table, key, &mut |value| found = Some(value.to_vec()))
        .unwrap();
    found
}

/// Reads the same by chance from both.
fn compare(random: &mut SmallRng, mdbx: &Mdbx, memory: &MemoryStore) {
    for table in Table::ALL {
        assert_eq!(mdbx.rows(table).unwrap(), memory.rows(table).unwrap());
        let key = key(random);
        let most = random.random_range(1..9);
        assert_eq!(value(mdbx, table, &key), value(memory, table, &key));
        assert_eq!(
            rows_from(mdbx, table, &key, most),
            rows_from(memory, table, &key, most)
        );
    }
}

fn key(random: &mut SmallRng) -> Vec<u8> {
    let len = random.random_range(1..4);
    (0..len).map(|_| random.random_range(0..3)).collect()
}

#[test]
fn rows_are_those_of_the_store_in_memory() {
    for seed in 0..seeds(10) {
        println!("seed {seed}");
        let folder = Folder::new();
        let mut random = SmallRng::seed_from_u64(seed);
        let (mut mdbx, mut memory) = (Mdbx::open(folder.path()).unwrap(), MemoryStore::new());
        for _ in 0..20 {
            let changes: Vec<_> = (0..random.random_range(0..30))
                .map(|_| {
                    let table = Table::ALL[random.random_range(0..Table::ALL.len())];
                    let value = vec![7; random.random_range(0..5000)];
                    (
                        table,
                        key(&mut random),
                        random.random_bool(0.6).then_some(value),
                    )
                })
                .collect();
            let fails = random.random_bool(0.2);
            let mut write = |rows: &mut dyn crate::Rows| {
                for (table, key, value) in &changes {
                    match value {
                        Some(value) => rows.put(*table, key, value)?,
                        None => rows.remove(*table, key)?,
                    }
                }
                match fails {
                    true => Err(StateError::Stopped),
                    false => Ok(()),
                }
            };
            assert_eq!(mdbx.write(&mut write).is_err(), fails);
            assert_eq!(memory.write(&mut write).is_err(), fails);
            // Nobody sees it before.
            compare(&mut random, &mdbx, &memory);
            if random.random_bool(0.7) {
                mdbx.refresh().unwrap();
                memory.refresh().unwrap();
                compare(&mut random, &mdbx, &memory);
            }
            compare(
                &mut random,
                &mdbx.handle().unwrap(),
                &memory.handle().unwrap(),
            );
        }
        drop(mdbx);
        compare(
            &mut random,
            &Mdbx::open(folder.path()).unwrap(),
            &memory.handle().unwrap(),
        );
    }
}

#[test]
fn a_state_on_disk_is_there_when_it_is_opened_again() {
    let folder = Folder::new();
    let (mut chance, mut world) = (Chance::new(3), World::new());
    for round in 0..6 {
        let mut state = State::open(folder.path(), CONFIG, &|_| ()).unwrap();
        assert_eq!(state.next(), round * 10);
        assert_eq!(state.last_root(), root_of(&world));
        for _ in 0..10 {
            let changes = chance.change(&mut world);
            state.apply(&changes).unwrap();
            state.commit(&Block::default()).unwrap();
            assert_eq!(state.last_root(), root_of(&world));
        }
        if round % 2 == 0 {
            state.checkpoint().unwrap();
        }
        state.verify(&mut |_| (), &|_| ()).unwrap();
    }
}

#[test]
fn a_folder_is_for_one_process_at_a_time() {
    let folder = Folder::new();
    let state = State::open(folder.path(), CONFIG, &|_| ()).unwrap();
    let error = State::open(folder.path(), CONFIG, &|_| ()).unwrap_err();
    assert!(
        error.to_string().contains("is in use by another process"),
        "{error}"
    );
    drop(state);
    State::open(folder.path(), CONFIG, &|_| ()).unwrap();
}
