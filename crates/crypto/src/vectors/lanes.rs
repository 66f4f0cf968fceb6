//! The lanes of a vector, each with an input of its own.
//!
//! ```text
//!            step 1   step 2   step 3   step 4
//! lane 0     [a 1/3]  [a 2/3]  [a 3/3]  [e 1/1]   e takes the lane that a leaves
//! lane 1     [b 1/2]  [b 2/2]  [d 1/2]  [d 2/2]
//! lane 2     [c 1/2]  [c 2/2]  [f 1/1]   idle
//! ```
//!
//! A lane that becomes idle takes the next input. Where inputs have equally many blocks,
//! [`Lanes::hash_group`] does without this bookkeeping. Full blocks are read where they
//! are; only the last of an input, which needs padding, is copied.

use alloy_primitives::B256;

use super::order::{Job, Order};
use super::sponge::{Block, Permutation, RATE, State};

/// What `kept` says of a lane whose state goes on, and of one that begins.
const KEPT: u64 = u64::MAX;
const FRESH: u64 = 0;

/// `W` sponges, at most one for each input that is being hashed.
pub(crate) struct Lanes<'a, const W: usize> {
    state: State<W>,
    /// Whether the state of a lane goes on: [`KEPT`] or [`FRESH`].
    kept: [u64; W],
    /// What is still to be absorbed, and where the digest goes. `None` is idle.
    jobs: [Option<Job<'a>>; W],
    busy: usize,
    /// Last blocks, with padding.
    padded: [Block; W],
}

impl<'a, const W: usize> Lanes<'a, W> {
    pub(crate) fn new() -> Self {
        Self {
            state: State::new(),
            kept: [FRESH; W],
            jobs: [None; W],
            busy: 0,
            padded: [[0; RATE]; W],
        }
    }

    /// Hashes all inputs but for at most `leave`, which stay in the lanes.
    pub(crate) fn hash<const ROOM: usize>(
        &mut self,
        permutation: impl Permutation<W>,
        order: &Order<'a, ROOM>,
        out: &mut [B256],
        leave: usize,
    ) {
        for (blocks, group) in order.whole() {
            self.hash_group(permutation, blocks, group, out);
        }
        self.run(permutation, order.left::<W>(), out, leave);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.busy == 0
    }

    /// Hashes inputs of `blocks` blocks each, while no lane is busy.
    fn hash_group(
        &mut self,
        permutation: impl Permutation<W>,
        blocks: usize,
        group: &[Job<'a>; W],
        out: &mut [B256],
    ) {
        let mut kept = FRESH;
        for block in 0..blocks - 1 {
            let full = group.each_ref().map(|job| full_block(job.input, block));
            permutation.absorb(&mut self.state, &[kept; W], &full);
            kept = KEPT;
        }
        let rests = group
            .each_ref()
            .map(|job| &job.input[(blocks - 1) * RATE..]);
        permutation.pad(&rests, &mut self.padded);
        permutation.absorb(&mut self.state, &[kept; W], &self.padded.each_ref());
        for (lane, job) in group.iter().enumerate() {
            out[job.place] = self.state.digest(lane);
        }
    }

    /// Hashes until `queue` is empty and at most `leave` lanes are busy.
    pub(crate) fn run(
        &mut self,
        permutation: impl Permutation<W>,
        mut queue: impl Iterator<Item = Job<'a>>,
        out: &mut [B256],
        leave: usize,
    ) {
        self.refill(&mut queue);
        while self.busy > leave {
            if self.step(permutation, out) {
                self.refill(&mut queue);
            }
        }
    }

    /// Moves inputs that are on their way into fewer lanes, as many as are busy.
    pub(crate) fn narrow<const FEWER: usize>(&self) -> Lanes<'a, FEWER> {
        let mut narrow = Lanes::new();
        let busy = (0..W).filter(|&lane| self.jobs[lane].is_some());
        for (to, from) in busy.enumerate() {
            narrow.jobs[to] = self.jobs[from];
            narrow.kept[to] = self.kept[from];
            for (to_word, from_word) in narrow.state.0.iter_mut().zip(&self.state.0) {
                to_word[to] = from_word[from];
            }
            narrow.busy += 1;
        }
        narrow
    }

    /// An input of which nothing has been absorbed.
    pub(crate) fn unbegun(&self) -> Option<Job<'a>> {
        let mut lanes = self.jobs.iter().zip(self.kept);
        lanes.find_map(|(job, kept)| job.filter(|_| kept == FRESH))
    }

    /// Gives idle lanes the next inputs.
    fn refill(&mut self, queue: &mut impl Iterator<Item = Job<'a>>) {
        for lane in 0..W {
            if self.jobs[lane].is_some() {
                continue;
            }
            let Some(next) = queue.next() else {
                break;
            };
            self.jobs[lane] = Some(next);
            self.kept[lane] = FRESH;
            self.busy += 1;
        }
    }

    /// Absorbs one block of each input. Says whether one was the last.
    fn step(&mut self, permutation: impl Permutation<W>, out: &mut [B256]) -> bool {
        let mut ended = [None; W];
        let mut rests: [&[u8]; W] = [&[]; W];
        let mut full = [None; W];
        for lane in 0..W {
            let Some(job) = &mut self.jobs[lane] else {
                continue;
            };
            if let Some((block, rest)) = job.input.split_first_chunk() {
                full[lane] = Some(block);
                job.input = rest;
            } else {
                rests[lane] = job.input;
                ended[lane] = self.jobs[lane].take();
            }
        }
        if ended.iter().any(Option::is_some) {
            permutation.pad(&rests, &mut self.padded);
        }
        let blocks = std::array::from_fn(|lane| full[lane].unwrap_or(&self.padded[lane]));
        permutation.absorb(&mut self.state, &self.kept, &blocks);
        self.finish(&ended, out)
    }

    /// Writes the digests of those that have ended.
    fn finish(&mut self, ended: &[Option<Job<'a>>; W], out: &mut [B256]) -> bool {
        let before = self.busy;
        self.kept = [KEPT; W];
        for (lane, ended) in ended.iter().enumerate() {
            if let Some(job) = ended {
                out[job.place] = self.state.digest(lane);
                self.busy -= 1;
            }
        }
        self.busy < before
    }
}

fn full_block(input: &[u8], index: usize) -> &Block {
    input[index * RATE..]
        .first_chunk()
        .expect("only the last block is not full")
}
