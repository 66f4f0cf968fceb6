//! Taking over a block that somebody else has made.

use super::{Node, Producer};
use crate::{
    NodeError,
    block::{SealedBlock, Transaction, hash_of},
    events::Event,
    execute::{self, Roots, expect},
    measure,
    view::read,
};
use alloy_consensus::{Block as ConsensusBlock, Header};
use alloy_primitives::B256;
use alloy_rlp::Decodable;
use parallax_chain::{
    Fork, RuleError, SignedTransaction, body, header,
    ommers::{self, Ancestor},
    recover_sender,
};
use parallax_engine::{Block, BlockOutput, EngineError, StateChanges};
use parallax_state::{Block as Parts, State, StateError};
use std::sync::{Arc, RwLockWriteGuard, atomic::Ordering};

impl Node {
    /// Validates a block in RLP as the network encodes it, executes it and appends it to
    /// the chain, durably.
    ///
    /// # Errors
    /// The first reason not to accept it; nothing has changed then.
    pub fn import(&self, rlp: &[u8]) -> Result<Arc<SealedBlock>, NodeError> {
        let mut rest = rlp;
        let block = ConsensusBlock::<SignedTransaction>::decode(&mut rest)?;
        if !rest.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength.into());
        }
        let mut producer = self.producer();
        let parent = self.head();
        let number = block.header.number;
        if block.header.parent_hash != parent.hash {
            return Err(NodeError::NotNext {
                number,
                parent: block.header.parent_hash,
                head_number: parent.number(),
                head: parent.hash,
            });
        }
        let fork = self.fork_after(&parent, block.header.timestamp);
        let schedule = self.schedule();
        let broken = |rule: RuleError| NodeError::Rule { number, rule };
        header::validate(&schedule, fork, &block.header, &parent.header, parent.fork)
            .map_err(broken)?;
        body::validate_blobs(&schedule, fork, &block).map_err(broken)?;
        if !block.body.ommers.is_empty() {
            let ancestors = self.ancestors(&parent)?;
            ommers::validate(&schedule, &block.header, &block.body.ommers, &ancestors)
                .map_err(broken)?;
        }
        body::validate(fork, &block, rlp.len()).map_err(broken)?;
        let transactions = senders(block.body.transactions, fork, number)?;
        let input = execute::input(
            &schedule,
            fork,
            &block.header,
            &transactions,
            &block.body.ommers,
            block.body.withdrawals.as_ref(),
        );
        let (output, roots) = self.execute(fork, &input, number)?;
        let receipts = execute::receipts(output.outcomes, roots.as_deref());
        let found = Roots::new(&transactions, &receipts, self.threads());
        let said = &block.header;
        let root = self.state_mut().root();
        let checked = root.map_err(NodeError::from).and_then(|root| {
            expect(number, "gas used", &said.gas_used, &output.gas_used)?;
            expect(
                number,
                "receipts root",
                &said.receipts_root,
                &found.receipts,
            )?;
            expect(number, "logs bloom", &said.logs_bloom, &found.bloom)?;
            if let Some(hash) = &said.requests_hash {
                expect(
                    number,
                    "requests hash",
                    hash,
                    &output.requests.requests_hash(),
                )?;
            }
            expect(number, "state root", &said.state_root, &root)
        });
        if let Err(error) = checked {
            self.take_back(&mut producer)?;
            return Err(error);
        }
        let (encoded, hash) = hash_of(&block.header);
        let sealed = SealedBlock {
            total_difficulty: parent
                .total_difficulty
                .saturating_add(block.header.difficulty),
            header: block.header,
            hash,
            fork,
            transactions,
            ommers: block.body.ommers,
            withdrawals: block.body.withdrawals,
            receipts,
        };
        self.append(&mut producer, sealed, &encoded)
    }

    /// Executes a block on the state as it is and makes its changes to it. If that fails
    /// nothing has changed.
    fn execute(
        &self,
        fork: Fork,
        input: &Block,
        number: u64,
    ) -> Result<(BlockOutput, Option<Vec<B256>>), NodeError> {
        let failed = |source: EngineError<StateError>| NodeError::Execution {
            number,
            source: Box::new(source),
        };
        if fork < Fork::Byzantium {
            return self.execute_one_by_one(input).map_err(|error| match error {
                OneByOne::Engine(source) => failed(source),
                OneByOne::State(error) => error.into(),
            });
        }
        let output = self.engine.replay(input, read(&self.state).flat());
        let mut output = output.map_err(failed)?;
        let changes = std::mem::take(&mut output.changes);
        self.state_mut().apply(&changes)?;
        Ok((output, None))
    }

    /// As receipts before Byzantium want it: with the root after each transaction.
    fn execute_one_by_one(
        &self,
        input: &Block,
    ) -> Result<(BlockOutput, Option<Vec<B256>>), OneByOne> {
        // What is wrong with the block is found before anything is changed.
        let whole = self.engine.replay(input, read(&self.state).flat());
        let mut whole = whole.map_err(OneByOne::Engine)?;
        let mut roots = Vec::with_capacity(input.transactions.len());
        let mut one = input.clone();
        let reward = one.protocol.block_reward.take();
        for tx in &input.transactions {
            one.transactions = vec![tx.clone()];
            roots.push(self.execute_part(&one)?);
            one.protocol.dao_fork = false;
        }
        one.protocol.block_reward = reward;
        one.transactions.clear();
        self.execute_part(&one)?;
        whole.changes = StateChanges::default();
        Ok((whole, Some(roots)))
    }

    fn execute_part(&self, part: &Block) -> Result<B256, OneByOne> {
        let output = self.engine.replay(part, read(&self.state).flat());
        let output = output.map_err(OneByOne::Engine)?;
        let mut state = self.state_mut();
        state.apply(&output.changes).map_err(OneByOne::State)?;
        state.root().map_err(OneByOne::State)
    }

    /// The nearest ancestors of a child of `parent`, nearest first.
    fn ancestors(&self, parent: &Arc<SealedBlock>) -> Result<Vec<Ancestor>, NodeError> {
        let mut ancestors = Vec::new();
        let mut next = Some(Arc::clone(parent));
        while let Some(block) = next.filter(|_| ancestors.len() < ommers::ANCESTORS) {
            ancestors.push(Ancestor {
                hash: block.hash,
                header: block.header.clone(),
                fork: block.fork,
                total_difficulty: block.total_difficulty,
                ommers: block.ommers.iter().map(Header::hash_slow).collect(),
            });
            next = match block.number().checked_sub(1) {
                Some(number) => self.block(number)?,
                None => None,
            };
        }
        Ok(ancestors)
    }

    /// Writes a block whose changes are in the state already; then it is the last one.
    pub(super) fn append(
        &self,
        producer: &mut Producer,
        block: SealedBlock,
        header: &[u8],
    ) -> Result<Arc<SealedBlock>, NodeError> {
        let hashes = block.transactions.iter();
        let hashes: Vec<_> = hashes.map(|tx| *tx.signed.tx_hash()).collect();
        let logs = block.receipts.iter().flat_map(|receipt| &receipt.logs);
        let logs: Vec<_> = logs.collect();
        let (body, receipts) = (block.encode_body(), block.encode_receipts());
        let mut state: RwLockWriteGuard<'_, State> = self.state_mut();
        state.commit(&Parts {
            header,
            body: &body,
            receipts: &receipts,
            logs: &logs,
            transactions: &hashes,
        })?;
        let block = Arc::new(block);
        // While nobody reads the state, so that it and the head always fit.
        self.chain_mut().push(Arc::clone(&block));
        drop(state);
        producer.edits.clear();
        self.is_edited.store(false, Ordering::Relaxed);
        let mut next = alloy_primitives::map::AddressHashMap::default();
        for tx in &block.transactions {
            use alloy_consensus::Transaction as _;
            next.insert(tx.sender, tx.signed.nonce() + 1);
        }
        for (sender, nonce) in next {
            self.pool.advance(&sender, nonce);
        }
        measure::added(&block, self.pool.len());
        self.tell(Event::Block(Arc::clone(&block)));
        Ok(block)
    }

    /// Takes back what a block has changed that is not to be. What a developer had changed
    /// before stays.
    pub(super) fn take_back(&self, producer: &mut Producer) -> Result<(), StateError> {
        let mut state = self.state_mut();
        state.discard()?;
        producer.edits.iter().try_for_each(|edit| state.apply(edit))
    }
}

/// What fails when transactions are executed one by one.
enum OneByOne {
    Engine(EngineError<StateError>),
    State(StateError),
}

fn senders(
    signed: Vec<SignedTransaction>,
    fork: Fork,
    number: u64,
) -> Result<Vec<Transaction>, NodeError> {
    let all = signed.into_iter().enumerate().map(|(index, signed)| {
        let sender = match fork >= Fork::Homestead {
            true => recover_sender(&signed),
            false => parallax_chain::recover_sender_frontier(&signed),
        };
        let sender = sender.map_err(|_| NodeError::Sender { number, index })?;
        Ok(Transaction { signed, sender })
    });
    all.collect()
}
