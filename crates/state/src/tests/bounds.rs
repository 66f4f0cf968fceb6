//! Memory stays where it is.

use super::{
    CONFIG,
    model::open,
    world::{Chance, World, root_of},
};
use crate::{Block, History, MemoryStore, StateConfig};
use parallax_log::SimDisk;

#[test]
fn ten_thousand_blocks_take_no_more_memory_than_the_first_ones() {
    let config = StateConfig {
        history: History::Blocks(16),
        layer_bytes: 60_000,
        ..CONFIG
    };
    let disk = SimDisk::new(1);
    let mut state = open(&MemoryStore::new(), &disk, config).unwrap();
    let (mut chance, mut world) = (Chance::new(1), World::new());
    let mut after_first = 0;
    for block in 0..10_000 {
        state.apply(&chance.change(&mut world)).unwrap();
        state.commit(&Block::default()).unwrap();
        // Layers may be twice as large while a checkpoint is written.
        let bytes = state.memory_bytes();
        assert!(bytes < 400_000, "{bytes} bytes after block {block}");
        if block == 500 {
            state.checkpoint().unwrap();
            after_first = state
                .stats()
                .unwrap()
                .rows
                .iter()
                .map(|(_, rows)| rows)
                .sum();
        }
        if block % 1000 == 999 {
            assert_eq!(state.last_root(), root_of(&world));
            state.compact().unwrap();
        }
    }
    state.prune().unwrap();
    let rows: u64 = state
        .stats()
        .unwrap()
        .rows
        .iter()
        .map(|(_, rows)| rows)
        .sum();
    assert!(
        rows < 2 * after_first,
        "{rows} rows, {after_first} after the first blocks"
    );
}

#[test]
fn storage_tries_that_are_let_go_are_made_anew() {
    let config = StateConfig {
        trie_bytes: 0,
        ..CONFIG
    };
    let mut state = open(&MemoryStore::new(), &SimDisk::new(1), config).unwrap();
    let mut chance = Chance {
        slots: 500,
        ..Chance::new(9)
    };
    let mut world = World::new();
    for _ in 0..150 {
        state.apply(&chance.change(&mut world)).unwrap();
        assert_eq!(state.root().unwrap(), root_of(&world));
        state.commit(&Block::default()).unwrap();
        assert_eq!(state.stats().unwrap().storage_tries, 0);
    }
    assert!(world.values().any(|entry| entry.storage.len() > 30));
}
