//! Roots of many changed leaves, in memory.

use super::{
    at,
    figure::{Figure, Target},
};
use crate::{cli::StateBenchArguments, harness::statistics::Times};
use alloy_primitives::{B256, keccak256};
use eyre::{Result, ensure};
use indicatif::ProgressBar;
use parallax_trie::{SortedLeaves, Trie, Update};
use std::{collections::BTreeMap, time::Instant};

/// As long as most accounts in RLP.
const VALUE: usize = 78;

/// Leaves, their trie, and how many were ever made.
struct Bench {
    leaves: SortedLeaves,
    trie: Trie,
    made: u64,
    version: u64,
}

fn leaf(number: u64, version: u64) -> (B256, Vec<u8>) {
    let mut value = vec![0xa5; VALUE];
    value[..8].copy_from_slice(&version.to_be_bytes());
    (keccak256(number.to_be_bytes()), value)
}

impl Bench {
    fn new(leaves: usize, threads: usize) -> Result<Self> {
        let made = leaves as u64;
        let leaves: SortedLeaves = (0..made).map(|number| leaf(number, 0)).collect();
        Ok(Self {
            trie: Trie::build(&leaves, threads)?,
            leaves,
            made,
            version: 0,
        })
    }

    /// Changes leaves by chance, of which nine in ten were there; how long the root took.
    fn update(&mut self, updates: usize, threads: usize) -> Result<std::time::Duration> {
        self.version += 1;
        let mut changes = BTreeMap::new();
        let before = self.made;
        for i in 0..updates as u64 {
            let number = if i % 10 == 9 {
                self.made += 1;
                self.made
            } else {
                let mixed = self.version * updates as u64 + i;
                (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % before
            };
            let (key, value) = leaf(number, self.version);
            changes.insert(key, value);
        }
        let known: Vec<bool> = changes
            .keys()
            .map(|key| self.leaves.contains_key(key))
            .collect();
        for (key, value) in &changes {
            self.leaves.insert(*key, value.clone());
        }
        let updates: Vec<_> = changes
            .iter()
            .zip(known)
            .map(|((key, value), existed)| Update {
                key: *key,
                value: Some(value),
                existed,
            })
            .collect();
        let begun = Instant::now();
        self.trie.update(&updates, &self.leaves, threads)?;
        Ok(begun.elapsed())
    }

    fn times(&mut self, updates: usize, arguments: &StateBenchArguments) -> Result<Times> {
        self.update(updates, arguments.threads())?;
        let times = (0..arguments.runs()).map(|_| self.update(updates, arguments.threads()));
        times.collect()
    }
}

/// The same with less memory than the trie wants.
fn bounded(
    bench: &mut Bench,
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let most = bench.trie.capacity_bytes() / 2;
    let updates = arguments.size(1_000);
    at(
        bar,
        format!("root of {updates} updates within {} MiB", most >> 20),
    );
    bench.trie.limit(most);
    let times = bench.times(updates, arguments)?;
    let what = format!(
        "{updates} updates where half of the trie is not in memory: parts made anew of leaves"
    );
    figures.push(Figure::time("root-bounded", &times, what));
    figures.push(Figure {
        row: "bounded-memory",
        value: bench.trie.capacity_bytes() as f64 / (1 << 20) as f64,
        unit: "MiB",
        spread: 0.0,
        runs: 1,
        target: Some(Target::AtMost(most as f64 / (1 << 20) as f64)),
        what: "held after these updates, and the bound".to_owned(),
    });
    Ok(())
}

pub(super) fn measure(
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let (small, large) = (arguments.size(1_000_000), arguments.size(10_000_000));
    let (few, many) = (arguments.size(50_000), arguments.size(500_000));
    at(bar, format!("root of {few} updates over {small} leaves"));
    let mut bench = Bench::new(small, arguments.threads())?;
    let times = bench.times(few, arguments)?;
    let what = format!("{few} sorted updates over {small} leaves, to the root");
    figures.push(Figure::time("root", &times, what).target(Target::AtMost(80.0)));
    let rebuilt = Trie::build(&bench.leaves, arguments.threads())?;
    ensure!(rebuilt.root() == bench.trie.root(), "a wrong root");
    drop(bench);

    at(bar, format!("root of {many} updates over {large} leaves"));
    let begun = Instant::now();
    let mut bench = Bench::new(large, arguments.threads())?;
    at(bar, format!("{large} leaves after {:?}", begun.elapsed()));
    let times = bench.times(many, arguments)?;
    let what = format!("{many} sorted updates over {large} leaves, to the root");
    figures.push(Figure::time("root-large", &times, what).target(Target::AtMost(1100.0)));
    at(bar, format!("root of {few} updates over {large} leaves"));
    let times = bench.times(few, arguments)?;
    let what = format!("updates in batches of {few} over {large} leaves");
    figures.push(Figure::rate("updates", &times, few, what).target(Target::AtLeast(400_000.0)));
    let bytes = bench.trie.capacity_bytes() as f64 / bench.leaves.len() as f64;
    figures.push(Figure {
        row: "trie-memory",
        value: bytes,
        unit: "B",
        spread: 0.0,
        runs: 1,
        target: None,
        what: "per leaf, all that the trie holds, after these updates".to_owned(),
    });
    bounded(&mut bench, arguments, bar, figures)
}
