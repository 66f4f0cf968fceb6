//! Random schedules on threads that pause at random: a quick look with every
//! test run. `shuttle_tests` looks closer.

use super::model::{self, Block};

#[test]
fn made_up_blocks_end_as_they_do_in_order() {
    let seeds = std::env::var("PARALLAX_SEEDS").ok();
    let seeds = seeds.map_or(2_000, |n| n.parse().expect("PARALLAX_SEEDS is a number"));
    for seed in 0..seeds {
        let block = Block::random(seed);
        let workers = 2 + (seed % 3) as usize;
        let window = 1 + (seed % 7) as usize;
        let got = model::execute(&block, workers, window, Some(seed), None);
        assert_eq!(got, block.execute(), "seed {seed}: {block:#?}");
    }
}
