//! What is exported can be imported, and nothing else.

use super::{
    CONFIG,
    model::{Model, check_proof, check_read, open},
    world::{Chance, World, root_of},
};
use crate::{Block, Exported, MemoryStore, State, StateError, Store, Table, import};
use alloy_primitives::B256;
use parallax_log::SimDisk;
use rand::Rng;

fn exported(state: &State<MemoryStore, SimDisk>) -> (Vec<u8>, Exported) {
    let mut file = Vec::new();
    let done = state.export(&mut file, &mut |_| ()).unwrap();
    assert_eq!(done.bytes, file.len() as u64);
    (file, done)
}

fn imported(file: &[u8], root: Option<B256>) -> Result<(MemoryStore, Exported), StateError> {
    let store = MemoryStore::new();
    let done = import(&store.handle()?, file, root, 2, &mut |_| ())?;
    Ok((store, done))
}

#[test]
fn a_state_goes_on_elsewhere() {
    for seed in 0..12 {
        println!("seed {seed}");
        let mut model = Model::new(seed, CONFIG);
        for _ in 0..=30 {
            model.step();
        }
        model.block();
        let (file, done) = exported(&model.state);
        assert_eq!(done.accounts, model.world().len() as u64);
        let root = model.state.last_root();
        let (store, again) = imported(&file, Some(root)).unwrap();
        assert_eq!(again, Exported { bytes: 0, ..done });
        let disk = SimDisk::new(seed);
        let mut other = open(&store, &disk, CONFIG).unwrap();
        assert_eq!(
            (other.last_root(), other.next()),
            (root, model.state.next())
        );
        let last = other.next() - 1;
        let header = other.part(last, parallax_log::Kind::Header).unwrap();
        assert_eq!(header, *model.headers.last().unwrap());
        let mut world = model.world();
        for round in 0..20 {
            let changes = model.chance.change(&mut world);
            other.apply(&changes).unwrap();
            let header = super::model::header(None, &root_of(&world));
            other
                .commit(&Block {
                    header: &header,
                    ..Block::default()
                })
                .unwrap();
            assert_eq!(other.last_root(), root_of(&world));
            let (address, slot) = (model.chance.address(), model.chance.slot());
            check_read(other.flat(), &world, &address, &slot);
            check_proof(&other.proof(&address, &[slot]).unwrap(), &world);
            if round % 5 == 0 {
                drop(other);
                other = open(&store, &disk, CONFIG).unwrap();
            }
            if round == 12 {
                other.checkpoint().unwrap();
            }
        }
        other.verify(&mut |_| (), &|_| ()).unwrap();
        assert!(matches!(other.at(0), Err(StateError::Pruned { .. })) || last == 0);
    }
}

/// Many accounts, of which one has many words: tries in 256 parts.
fn large() -> (State<MemoryStore, SimDisk>, World) {
    let mut chance = Chance {
        addresses: 14_000,
        most: 12_000,
        ..Chance::new(7)
    };
    let mut world = World::new();
    let mut state = open(&MemoryStore::new(), &SimDisk::new(1), CONFIG).unwrap();
    let mut header = Vec::new();
    for _ in 0..3 {
        let mut changes = chance.change(&mut world);
        let whose = changes
            .accounts
            .iter_mut()
            .rfind(|change| change.after.is_some())
            .unwrap();
        let storage = &mut world.get_mut(&whose.address).unwrap().storage;
        for slot in 1000..14_000 {
            let (slot, word) = (
                slot.try_into().unwrap(),
                chance.random.random_range(1..1000),
            );
            let before = storage.insert(slot, word.try_into().unwrap());
            let before = before.filter(|_| !whose.wiped).unwrap_or_default();
            whose.storage.push((slot, before, word.try_into().unwrap()));
        }
        state.apply(&changes).unwrap();
        let root = state.root().unwrap();
        assert_eq!(root, root_of(&world));
        header = super::model::header(Some(&header).filter(|h| !h.is_empty()), &root);
        state
            .commit(&Block {
                header: &header,
                ..Block::default()
            })
            .unwrap();
    }
    (state, world)
}

#[test]
fn a_large_state_is_proved_in_parts() {
    let (state, world) = large();
    let (file, done) = exported(&state);
    let words: usize = world.values().map(|entry| entry.storage.len()).sum();
    assert_eq!(
        (done.accounts, done.words),
        (world.len() as u64, words as u64)
    );
    let (store, _) = imported(&file, None).unwrap();
    let other = open(&store, &SimDisk::new(2), CONFIG).unwrap();
    assert_eq!(other.last_root(), root_of(&world));
    let verified = other.verify(&mut |_| (), &|_| ()).unwrap();
    assert_eq!(verified.accounts, done.accounts);
}

#[test]
fn damage_is_found() {
    let mut model = Model::new(5, CONFIG);
    for _ in 0..12 {
        model.block();
    }
    let (file, _) = exported(&model.state);
    let random = &mut model.chance.random;
    for _ in 0..400 {
        let mut damaged = file.clone();
        match random.random_range(0..4) {
            0 => damaged.truncate(random.random_range(0..file.len())),
            1 => {
                let at = random.random_range(0..file.len());
                damaged.splice(at..at, [random.random()]);
            }
            _ => damaged[random.random_range(0..file.len())] ^= 1 << random.random_range(0..8),
        }
        // What zstd does not look at may be anything.
        if let Ok((store, _)) = imported(&damaged, None) {
            let state = open(&store, &SimDisk::new(2), CONFIG).unwrap();
            assert_eq!(state.last_root(), model.state.last_root());
        }
    }
    let error = imported(&file, Some(B256::ZERO)).unwrap_err();
    assert!(error.to_string().contains("its root is"), "{error}");
    let error = imported(b"something else", None).unwrap_err();
    assert!(error.to_string().contains("does not begin"), "{error}");
}

#[test]
fn only_an_empty_store_takes_one() {
    let mut model = Model::new(6, CONFIG);
    model.block();
    model.state.checkpoint().unwrap();
    let (file, _) = exported(&model.state);
    let (store, _) = imported(&file, None).unwrap();
    let store = store.handle().unwrap();
    assert!(store.rows(Table::Meta).unwrap() > 0);
    let error = import(&store, &file[..], None, 1, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
}
