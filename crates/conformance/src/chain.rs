//! A chain that imports blocks: the part of a node that the blockchain tests
//! are about, around the executor under test.

mod error;

pub use error::BlockError;

use crate::{Executor, World, network::Network};
use alloy_consensus::{Block as ConsensusBlock, Header};
use alloy_primitives::{B256, U256, map::HashMap};
use alloy_rlp::Decodable;
use parallax_chain::{
    Fork, Schedule, SignedTransaction, block_env, body, cfg, header,
    ommers::{self, Ancestor},
    receipts, recover,
};
use parallax_engine::{Block, BlockOutput, Ommer, ProtocolChanges};
use std::fmt::Display;

/// All accepted blocks with the states after them, and which one is the head.
#[derive(Debug)]
pub struct Chain {
    schedule: Schedule,
    nodes: HashMap<B256, Node>,
    head: B256,
}

#[derive(Debug)]
struct Node {
    header: Header,
    fork: Fork,
    world: World,
    total_difficulty: U256,
    /// Hashes of the included ommers.
    ommers: Vec<B256>,
}

impl Chain {
    /// A chain of the genesis block alone.
    ///
    /// # Errors
    ///
    /// If the header is not the genesis header of this state.
    pub fn new(
        network: &Network,
        chain_id: u64,
        genesis: Header,
        mut world: World,
    ) -> Result<Self, BlockError> {
        expect("state root", &genesis.state_root, &world.state_root())?;
        let hash = genesis.hash_slow();
        world.push_block_hash(hash);
        let schedule = network.schedule(chain_id);
        let node = Node {
            fork: schedule.fork(genesis.number, genesis.timestamp, U256::ZERO),
            total_difficulty: genesis.difficulty,
            header: genesis,
            world,
            ommers: Vec::new(),
        };
        Ok(Self {
            schedule,
            nodes: HashMap::from_iter([(hash, node)]),
            head: hash,
        })
    }

    /// The hash of the head: the block of the greatest total difficulty (the
    /// first one in case of a tie), or under proof of stake the latest import.
    #[must_use]
    pub fn head(&self) -> B256 {
        self.head
    }

    /// Decodes, validates, executes and appends a block.
    ///
    /// # Errors
    ///
    /// The first reason not to accept the block; the chain is then unchanged.
    pub fn import<E: Executor>(&mut self, rlp: &[u8], executor: &mut E) -> Result<(), BlockError> {
        let block = decode(rlp).map_err(BlockError::Encoding)?;
        let header = &block.header;
        let parent = self
            .nodes
            .get(&header.parent_hash)
            .ok_or(BlockError::UnknownParent)?;
        let fork = self.fork(header, parent);
        header::validate(&self.schedule, fork, header, &parent.header, parent.fork)?;
        body::validate_blobs(&self.schedule, fork, &block)?;
        let ancestors = self.ancestors(header.parent_hash);
        ommers::validate(&self.schedule, header, &block.body.ommers, &ancestors)?;
        let input = self.input(fork, &block)?;
        let output = executor.execute(&input, &parent.world)?;
        body::validate(fork, &block, rlp.len())?;
        let mut world = parent.world.clone();
        world.apply(&output.changes);
        let roots = if fork < Fork::Byzantium {
            Some(roots_between(&input, &parent.world, executor)?)
        } else {
            None
        };
        check_output(header, &output, &world, roots.as_deref())?;
        self.append(fork, block, world);
        Ok(())
    }

    fn fork(&self, header: &Header, parent: &Node) -> Fork {
        self.schedule
            .fork(header.number, header.timestamp, parent.total_difficulty)
    }

    /// The nearest ancestors of a child of `parent`, nearest first.
    fn ancestors(&self, parent: B256) -> Vec<Ancestor> {
        let first = self.nodes.get_key_value(&parent);
        let before =
            |(_, node): &(&B256, &Node)| self.nodes.get_key_value(&node.header.parent_hash);
        std::iter::successors(first, before)
            .take(ommers::ANCESTORS)
            .map(|(hash, node)| Ancestor {
                hash: *hash,
                header: node.header.clone(),
                fork: node.fork,
                total_difficulty: node.total_difficulty,
                ommers: node.ommers.clone(),
            })
            .collect()
    }

    fn append(&mut self, fork: Fork, block: ConsensusBlock<SignedTransaction>, mut world: World) {
        let difficulty_of = |hash| {
            self.nodes
                .get(hash)
                .map_or(U256::ZERO, |node| node.total_difficulty)
        };
        let header = block.header;
        let total_difficulty = difficulty_of(&header.parent_hash).saturating_add(header.difficulty);
        let is_head = fork >= Fork::Paris || total_difficulty > difficulty_of(&self.head);
        let hash = header.hash_slow();
        world.push_block_hash(hash);
        let node = Node {
            header,
            fork,
            world,
            total_difficulty,
            ommers: block.body.ommers.iter().map(Header::hash_slow).collect(),
        };
        self.nodes.insert(hash, node);
        if is_head {
            self.head = hash;
        }
    }

    /// The block as the executor takes it.
    fn input(
        &self,
        fork: Fork,
        block: &ConsensusBlock<SignedTransaction>,
    ) -> Result<Block, BlockError> {
        let header = &block.header;
        let body = &block.body;
        let transactions = body
            .transactions
            .iter()
            .enumerate()
            .map(|(index, tx)| recover(tx, fork.spec()).map_err(|_| BlockError::Sender(index)))
            .collect::<Result<_, _>>()?;
        let ommer = |ommer: &Header| Ommer {
            beneficiary: ommer.beneficiary,
            number: ommer.number,
        };
        let is_prague = fork >= Fork::Prague;
        Ok(Block {
            cfg: cfg(&self.schedule, fork),
            env: block_env(&self.schedule, fork, header),
            transactions,
            protocol: ProtocolChanges {
                parent_hash: Some(header.parent_hash),
                parent_beacon_block_root: header.parent_beacon_block_root,
                withdrawals: body.withdrawals.clone().unwrap_or_default().into_inner(),
                ommers: body.ommers.iter().map(ommer).collect(),
                block_reward: fork.block_reward(),
                dao_fork: self.schedule.dao_block() == Some(header.number),
                deposit_contract: is_prague.then(|| self.schedule.deposit_contract()),
                collect_requests: is_prague,
            },
            max_blob_gas: (self.schedule.blobs(fork)).map(|blobs| blobs.max_blob_gas_per_block()),
        })
    }
}

/// Decodes a block that fills `rlp`.
pub(crate) fn decode(
    mut rlp: &[u8],
) -> Result<ConsensusBlock<SignedTransaction>, alloy_rlp::Error> {
    let block = ConsensusBlock::decode(&mut rlp)?;
    if rlp.is_empty() {
        Ok(block)
    } else {
        Err(alloy_rlp::Error::UnexpectedLength)
    }
}

/// The state roots after each transaction, which receipts held before
/// Byzantium: those of the blocks that end with each of them.
fn roots_between<E: Executor>(
    block: &Block,
    parent: &World,
    executor: &mut E,
) -> Result<Vec<B256>, BlockError> {
    let mut prefix = block.clone();
    prefix.protocol.block_reward = None;
    let mut roots = Vec::with_capacity(block.transactions.len());
    for end in 1..=block.transactions.len() {
        prefix.transactions = block.transactions[..end].to_vec();
        let output = executor.execute(&prefix, parent)?;
        let mut world = parent.clone();
        world.apply(&output.changes);
        roots.push(world.state_root());
    }
    Ok(roots)
}

fn check_output(
    header: &Header,
    output: &BlockOutput,
    world: &World,
    roots: Option<&[B256]>,
) -> Result<(), BlockError> {
    expect("gas used", &header.gas_used, &output.gas_used)?;
    let receipts = receipts::receipts(&output.outcomes, roots);
    expect(
        "logs bloom",
        &header.logs_bloom,
        &receipts::bloom(&receipts),
    )?;
    expect(
        "receipts root",
        &header.receipts_root,
        &receipts::root(&receipts),
    )?;
    if let Some(hash) = header.requests_hash {
        expect("requests hash", &hash, &output.requests.requests_hash())?;
    }
    expect("state root", &header.state_root, &world.state_root())
}

fn expect<T: PartialEq + Display>(
    what: &'static str,
    expected: &T,
    got: &T,
) -> Result<(), BlockError> {
    if expected == got {
        return Ok(());
    }
    Err(BlockError::Result {
        what,
        expected: expected.to_string(),
        got: got.to_string(),
    })
}
