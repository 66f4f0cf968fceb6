//! Making the next block.

use super::{Node, Producer};
use crate::{
    NodeError,
    block::{SealedBlock, Transaction, hash_of},
    execute::{self, Roots},
    measure::{self, Spent},
    view::read,
};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_eips::{
    eip4895::{Withdrawal, Withdrawals},
    eip7685::Requests,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use parallax_chain::{Fork, SignedTransaction, header};
use parallax_engine::{BlockOutput, InvalidReason, Skipped};
use parallax_trie::EMPTY_ROOT;
use revm::context::result::InvalidTransaction;
use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

/// What whoever makes a block may choose.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// Its time; `None`: now.
    pub timestamp: Option<u64>,
    /// Who gets the fees; `None`: [`crate::NodeConfig::beneficiary`].
    pub beneficiary: Option<Address>,
    /// What contracts see as random; `None`: a hash of the parent.
    pub prev_randao: Option<B256>,
    /// The root of the beacon chain's parent block.
    pub parent_beacon_block_root: Option<B256>,
    /// Withdrawals of the beacon chain.
    pub withdrawals: Vec<Withdrawal>,
    /// What the header says beside everything else.
    pub extra_data: Option<Bytes>,
}

/// A block that was made and is not part of the chain.
#[derive(Debug)]
pub struct Built {
    /// The block.
    pub block: SealedBlock,
    /// Its requests ([EIP-7685](https://eips.ethereum.org/EIPS/eip-7685)).
    pub requests: Requests,
    /// What its beneficiary has earned, in wei.
    pub value: U256,
}

impl Node {
    /// Makes a block of what waits and appends it to the chain, durably.
    ///
    /// # Errors
    /// If it cannot be executed or written.
    pub fn mine(&self) -> Result<Arc<SealedBlock>, NodeError> {
        let mut producer = self.producer();
        self.mine_as(&mut producer, &Attributes::default())
    }

    /// As [`Node::mine`], unless a block has taken up the transaction meanwhile or it is
    /// not there to be taken up.
    ///
    /// # Errors
    /// As [`Node::mine`].
    pub fn mine_for(&self, transaction: &B256) -> Result<(), NodeError> {
        let mut producer = self.producer();
        if self.pool.get(transaction).is_some() {
            self.mine_as(&mut producer, &Attributes::default())?;
        }
        Ok(())
    }

    pub(super) fn mine_as(
        &self,
        producer: &mut Producer,
        attributes: &Attributes,
    ) -> Result<Arc<SealedBlock>, NodeError> {
        let begun = Instant::now();
        let (built, mut spent) = self.make(producer, attributes, None)?;
        let (header, _) = hash_of(&built.block.header);
        let made = Instant::now();
        let block = self.append(producer, built.block, &header)?;
        spent.append = made.elapsed();
        spent.all = begun.elapsed();
        measure::made(&block, &spent);
        producer.clock.made(block.header.timestamp);
        producer.next_base_fee = None;
        producer.next_prev_randao = None;
        Ok(block)
    }

    /// Makes a block on top of the last one without appending it: of these transactions, or
    /// of what waits.
    ///
    /// # Errors
    /// If it cannot be executed, or if one of the transactions is not valid.
    pub fn build(
        &self,
        attributes: &Attributes,
        transactions: Option<Vec<SignedTransaction>>,
    ) -> Result<Built, NodeError> {
        let mut producer = self.producer();
        let (built, _) = self.make(&mut producer, attributes, transactions)?;
        self.take_back(&mut producer)?;
        Ok(built)
    }

    /// The header of the next block before it is executed.
    #[must_use]
    pub fn next_header(&self) -> (Header, Fork) {
        let producer = self.producer();
        self.draft(&producer, &Attributes::default(), &self.head())
    }

    fn draft(
        &self,
        producer: &Producer,
        attributes: &Attributes,
        parent: &SealedBlock,
    ) -> (Header, Fork) {
        let timestamp = attributes
            .timestamp
            .unwrap_or_else(|| producer.clock.peek(parent.header.timestamp));
        let fork = self.fork_after(parent, timestamp);
        let schedule = self.schedule();
        let since = |first: Fork| fork >= first;
        let prev_randao = attributes.prev_randao.or(producer.next_prev_randao);
        let base_fee = header::next_base_fee(fork, &parent.header, parent.fork);
        let header = Header {
            parent_hash: parent.hash,
            number: parent.number() + 1,
            timestamp,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: attributes.beneficiary.unwrap_or(producer.beneficiary),
            gas_limit: self.next_gas_limit(producer, parent, fork),
            extra_data: match &attributes.extra_data {
                Some(extra_data) => extra_data.clone(),
                None => self.config.extra_data.clone(),
            },
            mix_hash: match since(Fork::Paris) {
                true => prev_randao.unwrap_or_else(|| keccak256(parent.hash)),
                false => B256::ZERO,
            },
            base_fee_per_gas: base_fee.map(|fee| producer.next_base_fee.unwrap_or(fee)),
            withdrawals_root: since(Fork::Shanghai).then(|| {
                match attributes.withdrawals.is_empty() {
                    true => EMPTY_ROOT,
                    false => {
                        alloy_consensus::proofs::calculate_withdrawals_root(&attributes.withdrawals)
                    }
                }
            }),
            parent_beacon_block_root: since(Fork::Cancun)
                .then(|| attributes.parent_beacon_block_root.unwrap_or_default()),
            blob_gas_used: since(Fork::Cancun).then_some(0),
            excess_blob_gas: schedule
                .blobs(fork)
                .map(|blobs| header::next_excess_blob_gas(&blobs, &parent.header)),
            ..Header::default()
        };
        let difficulty = match since(Fork::Paris) {
            true => U256::ZERO,
            false => header::difficulty(fork, &header, &parent.header),
        };
        (
            Header {
                difficulty,
                ..header
            },
            fork,
        )
    }

    /// Towards what is wanted, as far as the protocol allows.
    fn next_gas_limit(&self, producer: &Producer, parent: &SealedBlock, fork: Fork) -> u64 {
        let is_doubled = fork >= Fork::London && parent.fork < Fork::London;
        let before = parent.header.gas_limit;
        let before = before.saturating_mul(if is_doubled { 2 } else { 1 });
        let Some(wanted) = producer.gas_limit else {
            return before;
        };
        if self.config.exact_gas_limit {
            return wanted;
        }
        let step = (before / 1024).saturating_sub(1);
        wanted.clamp(before.saturating_sub(step), before.saturating_add(step))
    }

    /// Makes a block: its changes are in the state then, and it is not in the chain.
    fn make(
        &self,
        producer: &mut Producer,
        attributes: &Attributes,
        transactions: Option<Vec<SignedTransaction>>,
    ) -> Result<(Built, Spent), NodeError> {
        let mut watch = Watch::start();
        let mut spent = Spent::default();
        let parent = self.head();
        if attributes
            .timestamp
            .is_some_and(|at| at <= parent.header.timestamp)
        {
            return Err(NodeError::Attributes(
                "its timestamp is not after the parent's",
            ));
        }
        let (draft, fork) = self.draft(producer, attributes, &parent);
        let number = draft.number;
        let is_given = transactions.is_some();
        let candidates = match transactions {
            Some(signed) => given(signed, number)?,
            None => self.candidates(&draft),
        };
        spent.candidates = watch.lap();
        let withdrawals = draft
            .withdrawals_root
            .map(|_| Withdrawals::new(attributes.withdrawals.clone()));
        let schedule = self.schedule();
        let input = execute::input(
            &schedule,
            fork,
            &draft,
            &candidates,
            &[],
            withdrawals.as_ref(),
        );
        let output = {
            let state = read(&self.state);
            match is_given {
                true => self.engine.replay(&input, state.flat()),
                false => self.engine.build(&input, state.flat()),
            }
        };
        let mut output = output.map_err(|source| NodeError::Execution {
            number,
            source: Box::new(source),
        })?;
        spent.execute = watch.lap();
        self.drop_invalid(&candidates, &output.skipped);
        let changes = mem::take(&mut output.changes);
        let mut state = self.state_mut();
        spent.wait = watch.lap();
        state.apply(&changes)?;
        spent.apply = watch.lap();
        let root = state.root()?;
        drop(state);
        spent.root = watch.lap();
        let transactions = included(candidates, &output);
        let built = self.seal(
            draft,
            fork,
            &parent,
            root,
            transactions,
            withdrawals,
            output,
        );
        spent.seal = watch.lap();
        Ok((built, spent))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is another part of the block"
    )]
    fn seal(
        &self,
        draft: Header,
        fork: Fork,
        parent: &SealedBlock,
        state_root: B256,
        transactions: Vec<Transaction>,
        withdrawals: Option<Withdrawals>,
        output: BlockOutput,
    ) -> Built {
        let receipts = execute::receipts(output.outcomes, None);
        let roots = Roots::new(&transactions, &receipts, self.threads());
        let blob_gas = transactions.iter().filter_map(|tx| {
            use alloy_consensus::Transaction as _;
            tx.signed.blob_gas_used()
        });
        let header = Header {
            state_root,
            transactions_root: roots.transactions,
            receipts_root: roots.receipts,
            logs_bloom: roots.bloom,
            gas_used: output.gas_used,
            blob_gas_used: draft.blob_gas_used.map(|_| blob_gas.sum()),
            requests_hash: (fork >= Fork::Prague).then(|| output.requests.requests_hash()),
            ..draft
        };
        let (_, hash) = hash_of(&header);
        let block = SealedBlock {
            total_difficulty: parent.total_difficulty.saturating_add(header.difficulty),
            header,
            hash,
            fork,
            transactions,
            ommers: Vec::new(),
            withdrawals,
            receipts,
        };
        Built {
            value: earned(&block),
            block,
            requests: output.requests,
        }
    }

    fn candidates(&self, draft: &Header) -> Vec<Transaction> {
        let base_fee = draft.base_fee_per_gas.unwrap_or_default();
        let candidates = self
            .pool
            .candidates(base_fee, self.config.block_transactions);
        let candidates = candidates.iter().map(|tx| Transaction {
            signed: tx.signed.clone(),
            sender: tx.sender,
        });
        candidates.collect()
    }

    /// Drops from the pool what no block will ever take.
    fn drop_invalid(&self, candidates: &[Transaction], skipped: &[Skipped]) {
        for Skipped { index, reason } in skipped {
            let may_be_valid_later = match reason {
                InvalidReason::Transaction(reason) => matches!(
                    reason,
                    InvalidTransaction::NonceTooHigh { .. }
                        | InvalidTransaction::GasPriceLessThanBasefee
                        | InvalidTransaction::BlobGasPriceGreaterThanMax { .. }
                        | InvalidTransaction::CallerGasLimitMoreThanBlock
                ),
                _ => true,
            };
            if may_be_valid_later {
                continue;
            }
            if let Some(tx) = candidates.get(*index) {
                let hash = tx.signed.tx_hash();
                tracing::debug!(%hash, %reason, "a transaction is dropped");
                self.pool.remove(hash);
            }
        }
    }
}

/// Measures one thing after the other.
struct Watch(Instant);

impl Watch {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now - self.0;
        self.0 = now;
        lap
    }
}

fn given(signed: Vec<SignedTransaction>, number: u64) -> Result<Vec<Transaction>, NodeError> {
    let all = signed.into_iter().enumerate().map(|(index, signed)| {
        let sender = parallax_chain::recover_sender(&signed);
        let sender = sender.map_err(|_| NodeError::Sender { number, index })?;
        Ok(Transaction { signed, sender })
    });
    all.collect()
}

/// The candidates that have become part of the block.
fn included(candidates: Vec<Transaction>, output: &BlockOutput) -> Vec<Transaction> {
    if output.skipped.is_empty() {
        return candidates;
    }
    let mut included = output
        .outcomes
        .iter()
        .map(|outcome| outcome.index)
        .peekable();
    let candidates = candidates.into_iter().enumerate();
    candidates
        .filter_map(|(index, tx)| included.next_if_eq(&index).map(|_| tx))
        .collect()
}

/// The tips of all transactions.
fn earned(block: &SealedBlock) -> U256 {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let transactions = block.transactions.iter().enumerate();
    let tips = transactions.map(|(index, tx)| {
        use alloy_consensus::Transaction as _;
        let tip = tx
            .signed
            .effective_tip_per_gas(base_fee)
            .unwrap_or_default();
        U256::from(tip) * U256::from(block.gas_used(index))
    });
    tips.sum()
}
