//! Times the root of a block's receipts, by alloy-trie and by ours, in turns:
//!
//! ```text
//! cargo run --release -p parallax-trie --example ordered
//! ```

use alloy_trie::root::ordered_trie_root_encoded;
use parallax_trie::{OrderedTrie, ordered_root};
use std::{hint::black_box, time::Instant};

const RECEIPTS: usize = 10_000;
/// Most of a receipt is its bloom filter.
const BYTES: usize = 430;
const RUNS: usize = 21;

fn main() {
    let receipts: Vec<Vec<u8>> = (0..RECEIPTS)
        .map(|place| (0..BYTES).map(|i| (place * 31 + i * 7) as u8).collect())
        .collect();
    let mut times = [const { Vec::new() }; 5];
    for _ in 0..RUNS {
        let mut time = |way: usize, work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            times[way].push(start.elapsed().as_secs_f64() * 1e3);
        };
        let mut roots = Vec::new();
        time(0, &mut || roots.push(ordered_trie_root_encoded(&receipts)));
        time(1, &mut || roots.push(ordered_root(&receipts, 1)));
        time(2, &mut || roots.push(ordered_root(&receipts, 2)));
        let mut streamed = OrderedTrie::new();
        time(3, &mut || {
            receipts.iter().for_each(|receipt| streamed.push(receipt));
        });
        time(4, &mut || roots.push(black_box(&streamed).root()));
        assert!(roots.iter().all(|root| *root == roots[0]), "roots differ");
    }
    let names = [
        "alloy-trie",
        "ours, 1 thread",
        "ours, 2 threads",
        "streamed, all receipts",
        "streamed, the root then",
    ];
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    let base = times[0][RUNS / 2];
    println!("{RECEIPTS} receipts of {BYTES} bytes, {RUNS} runs in turns, medians");
    for (name, times) in names.iter().zip(&times) {
        let (least, median, most) = (times[0], times[RUNS / 2], times[RUNS - 1]);
        println!(
            "{name:24} {median:7.2} ms ({least:.2} to {most:.2})  {:5.1}x",
            base / median
        );
    }
}
