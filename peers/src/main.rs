//! Times roots of the same changes by all tries, in turns.

use alloy_primitives::{B256, keccak256};
use clap::Parser;
use parallax_peers::{Change, Eth, Ethrex, Parallax, Peer};
use std::{thread::available_parallelism, time::Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Times how long tries take from changed leaves to the root.
#[derive(Debug, Parser)]
struct Args {
    /// Leaves before
    #[arg(long, default_value_t = 1_000_000)]
    leaves: usize,
    /// Leaves that change each time; nine in ten are there already
    #[arg(long, default_value_t = 50_000)]
    updates: usize,
    /// Times that each trie is measured
    #[arg(long, default_value_t = 11)]
    runs: usize,
    /// Threads for ours; 0: one per core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Leave the peers out
    #[arg(long)]
    alone: bool,
}

/// As long as most accounts in RLP.
const VALUE: usize = 78;

fn leaf(number: u64, version: u64) -> Change {
    let mut value = vec![0xa5; VALUE];
    value[..8].copy_from_slice(&version.to_be_bytes());
    (keccak256(number.to_be_bytes()), Some(value))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let args = Args::parse();
    let threads = match args.threads {
        0 => available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let mut ours = [Parallax::new(1), Parallax::new(threads)];
    let mut peers: Vec<Box<dyn Peer>> = Vec::new();
    if !args.alone {
        peers = vec![Box::<Eth>::default(), Box::<Ethrex>::default()];
    }
    let first: Vec<Change> = (0..args.leaves as u64).map(|n| leaf(n, 0)).collect();
    let roots: Vec<B256> = ours
        .iter_mut()
        .map(|trie| trie.update(&first))
        .chain(peers.iter_mut().map(|trie| trie.update(&first)))
        .collect();
    assert!(roots.iter().all(|root| *root == roots[0]), "roots differ");
    let mut times = vec![Vec::new(); ours.len() + peers.len()];
    let mut next = args.leaves as u64;
    for run in 0..args.runs as u64 {
        let changes: Vec<Change> = (0..args.updates as u64)
            .map(|i| {
                if i % 10 == 9 {
                    next += 1;
                    return leaf(next, run);
                }
                let mixed = (run * args.updates as u64 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                leaf((mixed >> 20) % args.leaves as u64, run + 1)
            })
            .collect();
        // One key once: the last counts, as in a block.
        let changes: Vec<Change> = changes
            .into_iter()
            .collect::<std::collections::HashMap<_, _>>()
            .into_iter()
            .collect();
        let mut roots = Vec::new();
        for (trie, times) in ours.iter_mut().zip(&mut times) {
            let known = trie.prepare(&changes);
            let start = Instant::now();
            roots.push(trie.root(&changes, &known));
            times.push(start.elapsed().as_secs_f64());
        }
        for (trie, times) in peers.iter_mut().zip(&mut times[2..]) {
            let start = Instant::now();
            roots.push(trie.update(&changes));
            times.push(start.elapsed().as_secs_f64());
        }
        assert!(roots.iter().all(|root| *root == roots[0]), "roots differ");
    }
    let names = ours.iter().map(Peer::name);
    let names: Vec<_> = names.chain(peers.iter().map(|peer| peer.name())).collect();
    let bytes = ours[1].capacity_bytes() as f64 / next as f64;
    println!(
        "{} leaves, {} updates, {} runs, {threads} threads; ours holds {bytes:.0} bytes a leaf",
        args.leaves, args.updates, args.runs
    );
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    for ((name, times), median) in names.iter().zip(&times).zip(&medians) {
        let (least, most) = (times[0] * 1e3, times[times.len() - 1] * 1e3);
        println!(
            "{name:28} {:9.1} ms ({least:.1} to {most:.1}), {:10.0} updates/s, {:5.1}x ours",
            median * 1e3,
            args.updates as f64 / median,
            median / medians[1]
        );
    }
}
