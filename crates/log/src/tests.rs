//! The log on a disk that loses what was not synced.

mod faults;
mod model;

use crate::{Kind, LogConfig, Parts, files::sim::Random};
use std::collections::BTreeMap;

impl Random {
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let len = self.below(most);
        let letters = 1 + self.below(255);
        (0..len).map(|_| self.below(letters) as u8).collect()
    }

    fn block(&mut self) -> Block {
        let most = [1, 40, 600, 3000][self.below(4)];
        [(); 5].map(|()| self.bytes(most))
    }
}

/// The parts of a block, in the order of [`Kind::ALL`].
type Block = [Vec<u8>; 5];
type Blocks = BTreeMap<u64, Block>;

fn parts(block: &Block) -> Parts<'_> {
    let [header, body, receipts, write_set, change_set] = block;
    Parts {
        header,
        body,
        receipts,
        write_set,
        change_set,
    }
}

/// Small, so that there are many files.
const CONFIG: LogConfig = LogConfig {
    segment_bytes: 8_000,
    chunk_bytes: 2_000,
    level: 1,
    first: 0,
    at_least: 0,
};

fn seeds() -> u64 {
    let seeds = std::env::var("PARALLAX_SEEDS").map(|seeds| seeds.parse());
    seeds.map_or(150, |seeds| seeds.expect("PARALLAX_SEEDS is a number"))
}
