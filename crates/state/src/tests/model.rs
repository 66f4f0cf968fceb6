//! Random blocks, checkpoints, restarts and crashes, compared with a map.

use super::{
    CONFIG, seeds,
    world::{Chance, World, root_of},
};
use crate::{Block, History, LogKey, MemoryStore, State, StateConfig, StateError, Store};
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use parallax_log::{Fault, LogError, SimDisk};
use rand::Rng;
use revm::DatabaseRef;

/// A state, and what must be in it.
pub(super) struct Model {
    pub(super) chance: Chance,
    pub(super) disk: SimDisk,
    /// What survives the process.
    pub(super) store: MemoryStore,
    /// What had survived if the last checkpoint had not come to its end.
    before_checkpoint: MemoryStore,
    pub(super) state: State<MemoryStore, SimDisk>,
    /// After each block.
    pub(super) worlds: Vec<World>,
    pub(super) headers: Vec<Vec<u8>>,
    logs: Vec<Vec<Log>>,
    config: StateConfig,
}

pub(super) fn open(
    store: &MemoryStore,
    disk: &SimDisk,
    config: StateConfig,
) -> Result<State<MemoryStore, SimDisk>, StateError> {
    State::with(store.handle()?, disk.clone(), config, &|_| ())
}

impl Model {
    pub(super) fn new(seed: u64, config: StateConfig) -> Self {
        let (disk, store) = (SimDisk::new(seed), MemoryStore::new());
        Self {
            chance: Chance::new(seed),
            state: open(&store, &disk, config).unwrap(),
            before_checkpoint: store.fork(),
            disk,
            store,
            worlds: Vec::new(),
            headers: Vec::new(),
            logs: Vec::new(),
            config,
        }
    }

    pub(super) fn world(&self) -> World {
        self.worlds.last().cloned().unwrap_or_default()
    }

    pub(super) fn block(&mut self) {
        let mut world = self.world();
        for _ in 0..self.chance.random.random_range(1..3) {
            if self.chance.random.random_bool(0.1) {
                self.discard(&mut world);
            }
            let changes = self.chance.change(&mut world);
            self.state.apply(&changes).unwrap();
            self.check_before_pieces();
            if self.chance.random.random_bool(0.5) {
                assert_eq!(self.state.root().unwrap(), root_of(&world));
            }
        }
        assert_eq!(self.state.root().unwrap(), root_of(&world));
        let number = self.worlds.len() as u64;
        let header = header(self.headers.last(), &root_of(&world));
        let logs = self.logs();
        let shown: Vec<&Log> = logs.iter().collect();
        let block = Block {
            header: &header,
            logs: &shown,
            ..Block::default()
        };
        assert_eq!(self.state.commit(&block).unwrap(), number);
        assert_eq!(self.state.last_root(), root_of(&world));
        self.worlds.push(world);
        self.headers.push(header);
        self.logs.push(logs);
    }

    /// Some changes, which are taken back with those before.
    fn discard(&mut self, world: &mut World) {
        for _ in 0..self.chance.random.random_range(0..3) {
            let changes = self.chance.change(world);
            self.state.apply(&changes).unwrap();
        }
        self.state.discard().unwrap();
        *world = self.world();
        assert_eq!(self.state.root().unwrap(), root_of(world));
    }

    /// The state after the last block, while the next one has begun.
    fn check_before_pieces(&mut self) {
        let (address, slot) = (self.chance.address(), self.chance.slot());
        if let Some(last) = self.state.next().checked_sub(1) {
            let at = self.state.at(last).unwrap();
            check_read(&at, &self.world(), &address, &slot);
        }
    }

    /// As if the last blocks had never been, for a while.
    fn pretend(&mut self) {
        let Some(last) = self.state.next().checked_sub(1) else {
            return;
        };
        let block = last.saturating_sub(self.chance.random.random_range(0..5));
        match self.state.pretend(block) {
            Ok(()) => {}
            // Compressed or not, what was pruned is gone.
            Err(StateError::Pruned { .. } | StateError::Log(LogError::Pruned { .. })) => return,
            Err(error) => panic!("{error}"),
        }
        let mut world = self.worlds[block as usize].clone();
        assert_eq!(self.state.root().unwrap(), root_of(&world));
        let changes = self.chance.change(&mut world);
        self.state.apply(&changes).unwrap();
        assert_eq!(self.state.root().unwrap(), root_of(&world));
        if block < last {
            assert!(self.state.commit(&Block::default()).is_err());
        }
        self.state.discard().unwrap();
        self.check();
    }

    /// The last blocks have never been.
    fn rewind(&mut self) {
        let Some(last) = self.state.next().checked_sub(1) else {
            return;
        };
        let back = self.chance.random.random_range(0..5);
        let block = last.saturating_sub(back);
        match self.state.rewind(block) {
            Ok(()) => {
                let kept = block as usize + 1;
                self.worlds.truncate(kept);
                self.headers.truncate(kept);
                self.logs.truncate(kept);
                self.before_checkpoint = self.store.fork();
                self.check();
            }
            Err(StateError::Pruned { .. } | StateError::Log(LogError::Compressed { .. })) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn logs(&mut self) -> Vec<Log> {
        let logs = (0..self.chance.random.random_range(0..3)).map(|_| {
            let topics = 0..self.chance.random.random_range(0..4);
            let topics = topics.map(|_| B256::from(self.chance.slot())).collect();
            Log::new_unchecked(self.chance.address(), topics, Bytes::new())
        });
        logs.collect()
    }

    /// Blocks that have logs of an address, or with a topic.
    fn check_logs(&mut self) {
        let (from, next) = (self.state.history_from(), self.state.next());
        if next == 0 {
            return;
        }
        let address = self.chance.address();
        let topic = B256::from(self.chance.slot());
        let position = self.chance.random.random_range(0..3);
        let first = self.chance.random.random_range(from..=next);
        let blocks = first.max(from + 1)..=next - 1;
        let has = |log: &Log| {
            log.address == address || log.topics().get(usize::from(position)) == Some(&topic)
        };
        let expected = blocks
            .clone()
            .filter(|block| self.logs[*block as usize].iter().any(has));
        let keys = [LogKey::Address(address), LogKey::Topic(position, topic)];
        let found = self.state.flat().blocks_with(&keys, &blocks).unwrap();
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    fn checkpoint(&mut self) {
        self.before_checkpoint = self.store.fork();
        self.state.checkpoint().unwrap();
        assert_eq!(self.state.checkpointed(), self.state.next());
    }

    fn close(&mut self) {
        let nowhere = open(&MemoryStore::new(), &SimDisk::new(0), self.config).unwrap();
        drop(std::mem::replace(&mut self.state, nowhere));
    }

    fn restart(&mut self) {
        self.close();
        self.state = open(&self.store, &self.disk, self.config).unwrap();
        assert_eq!(self.state.next(), self.worlds.len() as u64);
    }

    /// The power goes. What was acknowledged is there, and nothing else.
    fn crash(&mut self) {
        self.close();
        self.disk.crash();
        let blocks = crate::checkpoint::Head::read(&self.before_checkpoint).unwrap();
        // The checkpoint had not come to its end; unless the log has already dropped what
        // is before it.
        if self.chance.random.random_bool(0.5) && blocks.next > 0 {
            self.store = self.before_checkpoint.fork();
        }
        if self.chance.random.random_bool(0.3) {
            let left = self.chance.random.random_range(0..3);
            self.disk.fail(Fault::Sync, left);
            drop(open(&self.store, &self.disk, self.config));
            self.disk.crash();
        }
        self.state = open(&self.store, &self.disk, self.config).unwrap();
        assert_eq!(self.state.next(), self.worlds.len() as u64);
    }

    pub(super) fn check(&mut self) {
        let world = self.world();
        assert_eq!(self.state.last_root(), root_of(&world));
        for _ in 0..10 {
            let (address, slot) = (self.chance.address(), self.chance.slot());
            check_read(self.state.flat(), &world, &address, &slot);
            let slots = [slot, self.chance.slot()];
            let proof = self.state.proof(&address, &slots).unwrap();
            check_proof(&proof, &world);
        }
        self.check_past();
        self.check_logs();
    }

    fn check_past(&mut self) {
        let (from, next) = (self.state.history_from(), self.state.next());
        if next == 0 {
            return;
        }
        for _ in 0..3 {
            let block = self.chance.random.random_range(0..next);
            let (address, slot) = (self.chance.address(), self.chance.slot());
            if block < from {
                let error = self.state.at(block).unwrap_err();
                assert!(matches!(error, StateError::Pruned { .. }), "{error}");
                continue;
            }
            let world = &self.worlds[block as usize];
            let at = self.state.at(block).unwrap();
            check_read(&at, world, &address, &slot);
            let hash = at.block_hash_ref(block).unwrap();
            assert_eq!(hash, keccak256(&self.headers[block as usize]));
            let proof = self.state.proof_at(block, &address, &[slot]).unwrap();
            check_proof(&proof, world);
        }
    }

    pub(super) fn step(&mut self) {
        match self.chance.random.random_range(0..24) {
            0..=11 => self.block(),
            12 => self.checkpoint(),
            13 => self.restart(),
            14 => self.crash(),
            15 => {
                self.state.compact().unwrap();
                self.before_checkpoint = self.store.fork();
            }
            16 => {
                let verified = self.state.verify(&mut |_| (), &|_| ()).unwrap();
                assert_eq!(verified.accounts, self.world().len() as u64);
            }
            17 | 18 => self.rewind(),
            19 | 20 => self.pretend(),
            _ => self.check(),
        }
    }
}

/// The beginning of a header, which is all that the state looks at.
pub(super) fn header(before: Option<&Vec<u8>>, root: &B256) -> Vec<u8> {
    let parent = before.map(keccak256).unwrap_or_default();
    let mut header = Vec::new();
    let items: [&dyn Encodable; 4] = [&parent, &B256::ZERO, &Address::ZERO, root];
    alloy_rlp::encode_list::<_, dyn Encodable>(&items, &mut header);
    header
}

pub(super) fn check_read<D: DatabaseRef<Error = StateError>>(
    state: &D,
    world: &World,
    address: &Address,
    slot: &U256,
) {
    let entry = world.get(address);
    let info = state.basic_ref(*address).unwrap();
    assert_eq!(info, entry.map(|entry| entry.info.clone()), "{address}");
    let word = state.storage_ref(*address, *slot).unwrap();
    let expected = entry.and_then(|entry| entry.storage.get(slot));
    assert_eq!(word, expected.copied().unwrap_or_default());
    if let Some(info) = info {
        let code = state.code_by_hash_ref(info.code_hash).unwrap();
        assert_eq!(code.hash_slow(), info.code_hash);
    }
}

/// Verifies a proof as a light client does, by alloy-trie.
pub(super) fn check_proof(proof: &crate::Proof, world: &World) {
    let entry = world.get(&proof.address);
    let storage_root = proof.account.map(|account| account.storage_root);
    let leaf = entry.map(|entry| {
        alloy_rlp::encode(TrieAccount {
            nonce: entry.info.nonce,
            balance: entry.info.balance,
            storage_root: storage_root.unwrap(),
            code_hash: entry.info.code_hash,
        })
    });
    check_nodes(
        &root_of(world),
        &keccak256(proof.address),
        leaf,
        &proof.nodes,
    );
    for word in &proof.words {
        let expected = entry
            .and_then(|entry| entry.storage.get(&word.slot))
            .copied();
        assert_eq!(word.word, expected.unwrap_or_default());
        if let Some(root) = storage_root {
            let key = keccak256(word.slot.to_be_bytes::<32>());
            check_nodes(&root, &key, expected.map(alloy_rlp::encode), &word.nodes);
        }
    }
}

fn check_nodes(root: &B256, key: &B256, leaf: Option<Vec<u8>>, nodes: &[Vec<u8>]) {
    let nodes: Vec<_> = nodes.iter().map(|node| node.clone().into()).collect();
    verify_proof(*root, Nibbles::unpack(key), leaf, &nodes).unwrap();
}

#[test]
fn any_sequence_of_blocks_restarts_and_crashes() {
    for seed in 0..seeds(60) {
        println!("seed {seed}");
        let history = match seed % 3 {
            0 => History::Archive,
            1 => History::Blocks(0),
            _ => CONFIG.history,
        };
        let config = StateConfig {
            history,
            threads: 1 + seed as usize % 2,
            ..CONFIG
        };
        let mut model = Model::new(seed, config);
        for _ in 0..60 {
            model.step();
        }
        model.restart();
        model.check();
    }
}
