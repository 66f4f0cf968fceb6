//! Disks that are full, fail, or change a bit.

use super::{
    CONFIG,
    model::{Model, open},
    seeds,
};
use crate::{Block, History, MemoryStore, StateConfig, StateError, Store, Table};
use parallax_log::{Fault, SimDisk};
use rand::Rng;
use std::ops::ControlFlow;

#[test]
fn after_a_write_that_failed_nothing_goes_on_until_it_is_opened_anew() {
    for seed in 0..seeds(40) {
        println!("seed {seed}");
        let mut model = Model::new(seed, CONFIG);
        for _ in 0..8 {
            model.block();
        }
        let fault = match seed % 2 {
            0 => Fault::Full,
            _ => Fault::Sync,
        };
        let left = model.chance.random.random_range(0..3);
        model.disk.fail(fault, left);
        let mut world = model.world();
        let (acknowledged, mut applied) = (model.worlds.len(), Vec::new());
        let error = loop {
            let changes = model.chance.change(&mut world);
            model.state.apply(&changes).unwrap();
            applied.push(world.clone());
            match model.state.commit(&Block::default()) {
                Ok(_) => model.worlds.push(applied.pop().unwrap()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StateError::Log(_)), "{error}");
        let again = model.state.commit(&Block::default()).unwrap_err();
        assert!(matches!(again, StateError::Stopped), "{again}");
        let again = model.state.apply(&parallax_engine::StateChanges::default());
        assert!(matches!(again, Err(StateError::Stopped)));
        // With or without the power going as well.
        match seed % 3 {
            0 => model.disk.crash(),
            _ => model.disk.heal(),
        }
        let state = open(&model.store, &model.disk, CONFIG).unwrap();
        let next = state.next() as usize;
        assert!(next >= model.worlds.len() && next >= acknowledged, "{next}");
        let world = match next - model.worlds.len() {
            0 => model.worlds.last().unwrap(),
            1 => &applied[0],
            more => panic!("{more} blocks more than there were"),
        };
        assert_eq!(state.last_root(), super::world::root_of(world));
        state.verify(&mut |_| (), &|_| ()).unwrap();
    }
}

/// All rows there are.
fn rows(store: &MemoryStore) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let (store, mut rows) = (store.handle().unwrap(), Vec::new());
    for table in Table::ALL {
        let mut each = |key: &[u8], value: &[u8]| {
            rows.push((table, key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        };
        store.scan(table, &[], &mut each).unwrap();
    }
    rows
}

#[test]
fn a_bit_that_flips_in_the_store_is_found() {
    let config = StateConfig {
        history: History::Archive,
        ..CONFIG
    };
    let mut model = Model::new(3, config);
    for _ in 0..25 {
        model.block();
    }
    model.state.checkpoint().unwrap();
    let rows = rows(&model.store);
    for table in [Table::Accounts, Table::Slots, Table::Codes, Table::Dead] {
        assert!(rows.iter().any(|(of, ..)| *of == table), "{}", table.name());
    }
    // The log is without damage, and says what has to be there.
    let random = &mut model.chance.random;
    for (table, key, value) in &rows {
        let store = model.store.fork();
        let bit = random.random_range(0..(key.len() + value.len()) * 8);
        let (mut new_key, mut new_value) = (key.clone(), value.clone());
        match bit / 8 < key.len() {
            true => new_key[bit / 8] ^= 1 << (bit % 8),
            false => new_value[bit / 8 - key.len()] ^= 1 << (bit % 8),
        }
        let written = store.write(&mut |rows| {
            rows.remove(*table, key)?;
            rows.put(*table, &new_key, &new_value)
        });
        written.unwrap();
        let found = open(&store, &model.disk, config)
            .and_then(|state| state.verify(&mut |_| (), &|_| ()).map(|_| ()));
        // Without its head a store is one that was never written; the log has everything.
        if *table == Table::Meta && new_key != *key {
            continue;
        }
        let error = found.expect_err(table.name());
        assert!(error.is_damage(), "{}: {error}", table.name());
        let named = error.to_string();
        assert!(
            named.contains(table.name()) || named.contains("root"),
            "{named}"
        );
    }
}

#[test]
fn a_store_of_another_version_is_not_read() {
    let mut model = Model::new(4, CONFIG);
    model.block();
    model.state.checkpoint().unwrap();
    let store = model.store.fork();
    let written = store.write(&mut |rows| {
        crate::store::sealed::put(rows, Table::Meta, b"head", &mut vec![99; 70])
    });
    written.unwrap();
    let error = open(&store, &SimDisk::new(0), CONFIG).unwrap_err();
    assert!(error.to_string().contains("version 99"), "{error}");
}

#[test]
fn changes_that_do_not_fit_are_refused_and_change_nothing() {
    let mut model = Model::new(8, CONFIG);
    for _ in 0..6 {
        model.block();
    }
    let mut world = model.world();
    let root = model.state.last_root();
    let mut changes = model.chance.change(&mut world);
    while changes
        .accounts
        .iter()
        .all(|change| change.before.is_none())
    {
        changes = model.chance.change(&mut world);
        world = model.world();
    }
    let known = changes
        .accounts
        .iter()
        .position(|change| change.before.is_some());
    let known = known.unwrap();
    let mut wrong = changes.clone();
    wrong.accounts[known].before.as_mut().unwrap().nonce += 77;
    let error = model.state.apply(&wrong).unwrap_err();
    assert!(
        error.to_string().contains("was not as it is said"),
        "{error}"
    );
    let mut twice = changes.clone();
    twice.accounts.push(twice.accounts[known].clone());
    let error = model.state.apply(&twice).unwrap_err();
    assert!(error.to_string().contains("is there twice"), "{error}");
    assert_eq!(model.state.root().unwrap(), root);
    model.block();
    model.check();
}
