//! What is exported can be imported, and nothing else.

use super::{
    CONFIG,
    model::{Model, check_proof, check_read, open},
    world::{Chance, World, root_of},
};
use crate::{Block, Exported, MemoryStore, State, StateError, Store, Table, import};
use alloy_primitives::{Address, B256, U256};
use parallax_engine::AccountChange;
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

/// Not one of those that change by chance.
const LARGE: Address = Address::repeat_byte(0xbb);

/// Many accounts, of which one has many words: tries in 256 parts. The worlds after each
/// block.
fn large() -> (State<MemoryStore, SimDisk>, Vec<World>) {
    let mut chance = Chance {
        addresses: 14_000,
        ..Chance::new(7)
    };
    let (mut world, mut worlds) = (World::new(), Vec::new());
    let mut state = open(&MemoryStore::new(), &SimDisk::new(1), CONFIG).unwrap();
    let mut last: Option<Vec<u8>> = None;
    // Many changes at first, then few.
    for (most, words) in [(12_000, 13_000), (8_000, 9_000), (40, 3), (10, 3), (3, 1)] {
        chance.most = most;
        let mut changes = chance.change(&mut world);
        changes
            .accounts
            .push(change_large(&mut chance, &mut world, words));
        state.apply(&changes).unwrap();
        let root = state.root().unwrap();
        assert_eq!(root, root_of(&world));
        let header = super::model::header(last.as_ref(), &root);
        let block = Block {
            header: &header,
            ..Block::default()
        };
        state.commit(&block).unwrap();
        last = Some(header);
        worlds.push(world.clone());
    }
    (state, worlds)
}

fn change_large(chance: &mut Chance, world: &mut World, words: u64) -> AccountChange {
    let before = world.get(&LARGE).map(|entry| entry.info.clone());
    let entry = world.entry(LARGE).or_default();
    entry.info.nonce += 1;
    let storage = (1000..1000 + words).map(|slot| {
        let word = U256::from(chance.random.random_range(1..1000));
        let slot = U256::from(slot);
        let before = entry.storage.insert(slot, word);
        (slot, before.unwrap_or_default(), word)
    });
    let storage = storage.filter(|(_, before, after)| before != after);
    AccountChange {
        address: LARGE,
        before,
        wiped: false,
        storage: storage.collect(),
        after: Some(entry.info.clone()),
    }
}

#[test]
fn a_large_state_is_proved_in_parts() {
    let (state, worlds) = large();
    let world = worlds.last().unwrap();
    let (file, done) = exported(&state);
    let words: usize = world.values().map(|entry| entry.storage.len()).sum();
    assert_eq!(
        (done.accounts, done.words),
        (world.len() as u64, words as u64)
    );
    let (store, _) = imported(&file, None).unwrap();
    let other = open(&store, &SimDisk::new(2), CONFIG).unwrap();
    assert_eq!(other.last_root(), root_of(world));
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

#[test]
fn a_large_state_of_the_past_is_proved() {
    let (mut state, worlds) = large();
    for _ in 0..2 {
        for (block, world) in (0..).zip(&worlds) {
            let mut addresses = world.iter().step_by(world.len() / 12);
            for (address, entry) in addresses.by_ref() {
                let slots = [U256::ZERO, U256::from(1500), U256::from(1002)];
                let proof = state.proof_at(block, address, &slots).unwrap();
                check_proof(&proof, world);
                assert_eq!(proof.account.unwrap().nonce, entry.info.nonce);
            }
            let slots = [U256::from(1000), U256::from(1001), U256::from(20_000)];
            check_proof(&state.proof_at(block, &LARGE, &slots).unwrap(), world);
        }
        // Once more, from the store.
        state.checkpoint().unwrap();
    }
}
