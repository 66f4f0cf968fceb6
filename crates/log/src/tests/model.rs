//! Random operations and crashes, compared with a map.

use super::{Block, Blocks, CONFIG, Kind, Random, parts, seeds};
use crate::{Fault, Log, LogConfig, LogError, SimDisk};

/// A log, and what must be in it.
struct Model {
    random: Random,
    disk: SimDisk,
    log: Log<SimDisk>,
    /// What was appended, acknowledged or not.
    blocks: Blocks,
    acknowledged: u64,
    /// For each kind: below may be pruned.
    pruned: [u64; 5],
}

impl Model {
    fn new(seed: u64) -> Self {
        let disk = SimDisk::new(seed);
        Self {
            random: Random(seed),
            log: Log::open(disk.clone(), CONFIG).unwrap(),
            disk,
            blocks: Blocks::new(),
            acknowledged: 0,
            pruned: [0; 5],
        }
    }

    fn append(&mut self) {
        let block = self.random.block();
        let number = self.log.append(&parts(&block)).unwrap();
        assert_eq!(number, self.blocks.len() as u64);
        self.blocks.insert(number, block);
    }

    fn sync(&mut self) {
        self.log.sync().unwrap();
        self.acknowledged = self.log.next();
        assert_eq!(self.log.synced(), self.acknowledged);
    }

    fn prune(&mut self) {
        let kind = self.random.below(5);
        let below = self.random.below(self.blocks.len() + 1) as u64;
        self.log.prune(Kind::ALL[kind], below).unwrap();
        self.pruned[kind] = self.pruned[kind].max(below);
    }

    /// The process is gone, and comes back; the power stays. What it finds then is
    /// acknowledged to whoever asks.
    fn kill(&mut self) {
        self.log = Log::open(SimDisk::new(0), CONFIG).unwrap();
        self.log = Log::open(self.disk.clone(), CONFIG).unwrap();
        assert_eq!(self.log.next(), self.blocks.len() as u64);
        self.acknowledged = self.log.next();
    }

    /// The power goes; now and then again while the log is opened.
    fn crash(&mut self) {
        self.disk.crash();
        let config = LogConfig {
            at_least: self.acknowledged,
            ..CONFIG
        };
        if self.random.below(3) == 0 {
            let left = self.random.below(3) as u64;
            self.disk.fail(Fault::Sync, left);
            if let Ok(log) = Log::open(self.disk.clone(), config) {
                drop(log);
            }
            self.disk.crash();
        }
        self.log = Log::open(self.disk.clone(), config).unwrap();
        let next = self.log.next();
        assert!(next >= self.acknowledged, "{next} of {}", self.acknowledged);
        assert!(next <= self.blocks.len() as u64);
        self.blocks.split_off(&next);
        self.acknowledged = next;
        self.check();
    }

    fn check(&self) {
        for (number, block) in &self.blocks {
            self.check_block(*number, block);
        }
        let next = self.log.next();
        let unknown = self.log.get(next, Kind::Body);
        assert!(matches!(unknown, Err(LogError::Unknown { .. })));
        let verified = self.log.verify(&mut |_| {}).unwrap();
        assert!(verified.blocks <= next);
    }

    fn check_block(&self, number: u64, block: &Block) {
        for (kind, part) in Kind::ALL.into_iter().zip(block) {
            match self.log.get(number, kind) {
                Ok(found) => assert_eq!(&found, part, "{kind} of block {number}"),
                Err(LogError::Pruned { .. }) => {
                    assert!(number < self.pruned[kind as usize], "{kind} of {number}");
                }
                Err(error) => panic!("{kind} of block {number}: {error}"),
            }
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost() {
    for seed in 0..seeds() {
        println!("seed {seed}");
        let mut model = Model::new(seed);
        for _ in 0..120 {
            match model.random.below(13) {
                0..5 => model.append(),
                5..8 => {
                    model.append();
                    model.sync();
                }
                8 => model.sync(),
                9 => {
                    model.log.compact().unwrap();
                    model.check();
                }
                10 => model.prune(),
                11 => model.kill(),
                _ => model.crash(),
            }
        }
        model.check();
        model.crash();
    }
}
