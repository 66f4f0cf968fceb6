//! Seeing which transactions come into blocks, and when.

use super::{
    Request,
    rpc::Rpc,
    send::{Sent, due},
};
use alloy_primitives::{B256, map::B256HashMap};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often the node is asked for its last block.
const EVERY: Duration = Duration::from_millis(5);

/// How long transactions may wait after the last one was sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// A block, and when it was seen.
#[derive(Debug)]
struct Seen {
    at: Instant,
    hashes: Vec<B256>,
    gas: u64,
}

/// A thread that looks at blocks.
#[derive(Debug)]
pub(super) struct Watch {
    thread: JoinHandle<eyre::Result<Vec<Seen>>>,
    is_over: Arc<AtomicBool>,
}

/// What it has seen.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// For each transaction, whether it is in a block.
    pub(super) mined: Vec<bool>,
    /// How long each of those waited, counted from when it was due.
    pub(super) waited: Vec<Duration>,
    pub(super) blocks: usize,
    pub(super) gas: u64,
    /// From when the first was due to when the last was seen.
    pub(super) took: Duration,
}

/// Begins to look.
pub(super) fn start(url: &str, requests: &[Request]) -> eyre::Result<Watch> {
    let mut rpc = Rpc::connect(url)?;
    let mut next = rpc.block_number()? + 1;
    let is_over = Arc::new(AtomicBool::new(false));
    let (stop, wanted) = (Arc::clone(&is_over), requests.len());
    let thread = thread::spawn(move || {
        let (mut seen, mut count) = (Vec::new(), 0);
        let mut end: Option<Instant> = None;
        loop {
            let last = rpc.block_number()?;
            let at = Instant::now();
            while next <= last {
                let (hashes, gas) = rpc.block(next)?;
                count += hashes.len();
                seen.push(Seen { at, hashes, gas });
                next += 1;
                end = end.map(|_| Instant::now() + PATIENCE);
            }
            if stop.load(Ordering::Relaxed) {
                let end = *end.get_or_insert_with(|| Instant::now() + PATIENCE);
                if count >= wanted || Instant::now() > end {
                    return Ok(seen);
                }
            }
            thread::sleep(EVERY);
        }
    });
    Ok(Watch { thread, is_over })
}

impl Watch {
    /// Waits until everything is in a block, or nothing more seems to come.
    pub(super) fn finish(
        self,
        started: Instant,
        requests: &[Request],
        sent: &Sent,
        rate: u64,
    ) -> eyre::Result<Watched> {
        // Those that were refused will not come.
        let is_all = sent.refused.is_empty();
        if !is_all {
            thread::sleep(Duration::from_secs(1));
        }
        self.is_over.store(true, Ordering::Relaxed);
        let seen = match self.thread.join() {
            Ok(seen) => seen?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let places = requests.iter().enumerate();
        let places: B256HashMap<usize> = places
            .map(|(index, request)| (request.hash, index))
            .collect();
        let mut watched = Watched {
            mined: vec![false; requests.len()],
            ..Watched::default()
        };
        for block in &seen {
            let own = block
                .hashes
                .iter()
                .filter_map(|hash| places.get(hash).copied());
            let mut has_own = false;
            for index in own {
                has_own = true;
                watched.mined[index] = true;
                let due = due(started, index, rate);
                watched.waited.push(block.at.saturating_duration_since(due));
            }
            if has_own {
                watched.blocks += 1;
                watched.gas += block.gas;
                watched.took = block.at.saturating_duration_since(started);
            }
        }
        Ok(watched)
    }
}
