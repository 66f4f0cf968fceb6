//! Beginning a chain, and going on with it.

use super::{Node, Producer};
use crate::{
    NodeConfig, NodeError,
    block::{SealedBlock, hash_of},
    chain::Chain,
    clock::Clock,
    events, measure,
};
use alloy_consensus::Header;
use alloy_primitives::U256;
use alloy_rlp::Decodable;
use parallax_chain::{Genesis, Schedule};
use parallax_engine::{Engine, EngineConfig};
use parallax_log::Kind;
use parallax_pool::Pool;
use parallax_state::{Block, State, StateError, Step};
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, RwLock, atomic::AtomicBool},
};
use tokio::sync::broadcast;

/// Blocks that a node has in memory from the start.
const WARM: u64 = 64;

impl Node {
    /// Opens the chain in a folder, or begins it with `genesis`. `step` is told how it goes
    /// on.
    ///
    /// # Errors
    /// If another process has it open, if it began otherwise, or if something is damaged or
    /// missing.
    pub fn open(
        folder: &Path,
        genesis: Genesis,
        config: NodeConfig,
        step: &(dyn Fn(Step) + Sync),
    ) -> Result<Self, NodeError> {
        let mut state = State::open(folder, config.state, step)?;
        let genesis = match state.next() {
            0 => begin(&mut state, genesis)?,
            _ => compare(&state, genesis)?,
        };
        let next = state.next();
        let schedule = &genesis.schedule;
        let recent = (next.saturating_sub(WARM)..next).map(|number| {
            let block = load(&state, schedule, number)?;
            Ok(Arc::new(block.ok_or(NodeError::Stored { number })?))
        });
        let chain = Chain::new(recent.collect::<Result<Vec<_>, NodeError>>()?);
        let engine = Engine::new(EngineConfig {
            workers: config.state.threads.max(1),
            ..EngineConfig::default()
        });
        measure::describe();
        let starting = |source: io::Error| StateError::Io {
            doing: "starting the threads of the engine",
            source,
        };
        Ok(Self {
            producer: Mutex::new(Producer {
                clock: Clock::default(),
                beneficiary: config.beneficiary,
                gas_limit: config.gas_limit,
                next_base_fee: None,
                next_prev_randao: None,
                snapshots: Vec::new(),
                edits: Vec::new(),
            }),
            pool: Pool::new(config.pool),
            schedule: RwLock::new(Arc::new(schedule.clone())),
            engine: engine.map_err(starting)?,
            events: broadcast::channel(events::BACKLOG).0,
            chain: RwLock::new(chain),
            state: Arc::new(RwLock::new(state)),
            is_edited: AtomicBool::new(false),
            config,
            genesis,
        })
    }
}

/// Writes the first block.
fn begin(state: &mut State, mut genesis: Genesis) -> Result<Genesis, NodeError> {
    state.apply(&genesis.changes)?;
    genesis.header.state_root = state.root()?;
    let (header, hash) = hash_of(&genesis.header);
    let schedule = &genesis.schedule;
    let first = &genesis.header;
    let block = SealedBlock {
        fork: schedule.fork(first.number, first.timestamp, first.difficulty),
        header: first.clone(),
        hash,
        total_difficulty: first.difficulty,
        transactions: Vec::new(),
        ommers: Vec::new(),
        withdrawals: first.withdrawals_root.map(|_| Default::default()),
        receipts: Vec::new(),
    };
    state.commit(&Block {
        header: &header,
        body: &block.encode_body(),
        receipts: &block.encode_receipts(),
        ..Block::default()
    })?;
    tracing::info!(%hash, accounts = genesis.changes.accounts.len(), "a chain begins");
    Ok(genesis)
}

/// Whether the chain began with this genesis; its header with the root that it had.
fn compare(state: &State, mut genesis: Genesis) -> Result<Genesis, NodeError> {
    let there = state.part(0, Kind::Header)?;
    let first = Header::decode(&mut &there[..])?;
    genesis.header.state_root = first.state_root;
    let given = hash_of(&genesis.header).1;
    let there = alloy_primitives::keccak256(&there);
    if given != there {
        return Err(NodeError::OtherGenesis { there, given });
    }
    Ok(genesis)
}

/// A block from the log; `None` if it was not written by this program.
pub(super) fn load(
    state: &State,
    schedule: &Schedule,
    number: u64,
) -> Result<Option<SealedBlock>, StateError> {
    let fork = |header: &Header, parent: U256| {
        let total = match number {
            0 => header.difficulty,
            _ => parent,
        };
        schedule.fork(header.number, header.timestamp, total)
    };
    Ok(SealedBlock::decode(
        &state.part(number, Kind::Header)?,
        &state.part(number, Kind::Body)?,
        &state.part(number, Kind::Receipts)?,
        fork,
    ))
}
