//! The log on a disk that loses what was not synced.

mod faults;
mod model;

use crate::{Kind, LogConfig, Parts};
use std::collections::BTreeMap;

/// Numbers from a seed.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

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
