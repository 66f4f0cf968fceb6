//! Batches against one input after the other, on one thread, in turns.
//!
//! ```sh
//! cargo run --release -p parallax-crypto --example speed
//! ```
//!
//! The baseline is `alloy_primitives::keccak256` with the features of the workspace
//! (assembly). Times include everything: ordering, padding, writing the digests.

use std::hint::black_box;
use std::time::Instant;

use alloy_primitives::{B256, keccak256};
use parallax_crypto::{Backend, Hasher};
use rand::{Rng, RngCore, SeedableRng, rngs::SmallRng};

/// Inputs of a run: they and their digests stay in the second-level cache.
const INPUTS: usize = 2048;

/// Runs of each way. The first is not counted.
const RUNS: usize = 21;

/// A way to hash the inputs of a case.
type Way<'a> = (String, Box<dyn Fn(&mut [B256]) + 'a>);

fn main() {
    println!(
        "ns per input: median (least to most) of {} runs in turns",
        RUNS - 1
    );
    fixed::<20>();
    fixed::<32>();
    fixed::<64>();
    for len in [64, 532] {
        batch(
            &format!("{len} bytes, any length"),
            &inputs(|_| len),
            INPUTS,
        );
    }
    let nodes = inputs(node_length);
    batch("trie nodes, 33 to 532 bytes", &nodes, INPUTS);
    for size in [2, 4, 8, 16, 64] {
        batch(&format!("trie nodes, {size} at a time"), &nodes, size);
    }
    let any = inputs(|random| random.random_range(0..=2000));
    batch("any from 0 to 2000 bytes", &any, INPUTS);
}

/// Lengths like those of dirty nodes in a trie: a leaf for each change, branches that
/// are full in the upper levels and have a few children below.
fn node_length(random: &mut SmallRng) -> usize {
    match random.random_range(0..10) {
        0..4 => random.random_range(33..=120),
        4..6 => 532,
        _ => 20 + 32 * random.random_range(2..=15),
    }
}

fn inputs(mut length: impl FnMut(&mut SmallRng) -> usize) -> Vec<Vec<u8>> {
    let mut random = SmallRng::seed_from_u64(1);
    let lengths: Vec<_> = (0..INPUTS).map(|_| length(&mut random)).collect();
    let random_input = |len| {
        let mut bytes = vec![0; len];
        random.fill_bytes(&mut bytes);
        bytes
    };
    lengths.into_iter().map(random_input).collect()
}

fn hashers() -> impl Iterator<Item = Hasher> {
    [Backend::Avx2, Backend::Avx512]
        .into_iter()
        .filter_map(Hasher::with)
}

fn fixed<const N: usize>() {
    let inputs: Vec<[u8; N]> = inputs(|_| N)
        .iter()
        .filter_map(|input| input.first_chunk().copied())
        .collect();
    let mut ways = vec![one_by_one(&inputs)];
    for hasher in hashers() {
        let inputs = &inputs;
        ways.push((
            format!("{:?}", hasher.backend()),
            Box::new(move |out| hasher.fixed(black_box(inputs), out)),
        ));
    }
    compare(&format!("{N} bytes, constant length"), &ways);
}

/// Hashes `size` inputs with each call.
fn batch(name: &str, inputs: &[Vec<u8>], size: usize) {
    let mut ways = vec![one_by_one(inputs)];
    for hasher in hashers() {
        let hash = move |out: &mut [B256]| {
            for (inputs, out) in black_box(inputs).chunks(size).zip(out.chunks_mut(size)) {
                hasher.batch(inputs, out);
            }
        };
        ways.push((format!("{:?}", hasher.backend()), Box::new(hash)));
    }
    compare(name, &ways);
}

fn one_by_one<T: AsRef<[u8]>>(inputs: &[T]) -> Way<'_> {
    let hash = move |out: &mut [B256]| {
        for (out, input) in out.iter_mut().zip(black_box(inputs)) {
            *out = keccak256(input);
        }
    };
    ("one by one".to_owned(), Box::new(hash))
}

/// Runs all ways in turns, checks that they agree, and prints their times.
fn compare(name: &str, ways: &[Way<'_>]) {
    let mut expected = vec![B256::ZERO; INPUTS];
    ways[0].1(&mut expected);
    let mut times = vec![Vec::new(); ways.len()];
    for run in 0..RUNS {
        for ((_, hash), times) in ways.iter().zip(&mut times) {
            let mut digests = vec![B256::ZERO; INPUTS];
            let start = Instant::now();
            hash(&mut digests);
            let nanos = start.elapsed().as_nanos() as f64 / INPUTS as f64;
            assert_eq!(digests, expected);
            if run > 0 {
                times.push(nanos);
            }
        }
    }
    println!("\n{name}");
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    let baseline = times[0][times[0].len() / 2];
    for ((way, _), times) in ways.iter().zip(&times) {
        let median = times[times.len() / 2];
        let (least, most) = (times[0], times[times.len() - 1]);
        println!(
            "  {way:<11} {median:7.1} ({least:.1} to {most:.1})  {:5.2}x",
            baseline / median
        );
    }
}
