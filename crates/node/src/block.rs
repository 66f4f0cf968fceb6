//! Blocks that are part of the chain.

mod codec;

pub(crate) use codec::hash_of;

use crate::execute::Roots;
use alloy_consensus::{Block as ConsensusBlock, BlockBody, Eip658Value, Header, Receipt};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, Log, U256};
use parallax_chain::{Fork, SignedTransaction};

/// A transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// As it was signed, without blobs.
    pub signed: SignedTransaction,
    /// Whose it is.
    pub sender: Address,
}

/// A block with all that is known of it. It does not change any more.
#[derive(Clone, Debug)]
pub struct SealedBlock {
    /// Its header.
    pub header: Header,
    /// The hash of the header.
    pub hash: B256,
    /// The rules that it was executed by.
    pub fork: Fork,
    /// Its difficulty and that of all before it.
    pub total_difficulty: U256,
    /// Its transactions.
    pub transactions: Vec<Transaction>,
    /// Headers beside the chain that it rewards.
    pub ommers: Vec<Header>,
    /// Withdrawals, from Shanghai on.
    pub withdrawals: Option<Withdrawals>,
    /// What became of the transactions.
    pub receipts: Vec<Receipt<Log>>,
}

impl SealedBlock {
    /// A block of a header in which only what follows from transactions and receipts is
    /// open: their roots and the bloom filter.
    #[must_use]
    pub fn assemble(
        mut header: Header,
        fork: Fork,
        transactions: Vec<Transaction>,
        receipts: Vec<Receipt<Log>>,
        withdrawals: Option<Withdrawals>,
    ) -> Self {
        let roots = Roots::new(&transactions, &receipts, 1);
        header.transactions_root = roots.transactions;
        header.receipts_root = roots.receipts;
        header.logs_bloom = roots.bloom;
        Self {
            hash: hash_of(&header).1,
            total_difficulty: header.difficulty,
            header,
            fork,
            transactions,
            ommers: Vec::new(),
            withdrawals,
            receipts,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// As it is encoded on the network.
    #[must_use]
    pub fn to_consensus(&self) -> ConsensusBlock<SignedTransaction> {
        let transactions = self.transactions.iter();
        ConsensusBlock {
            header: self.header.clone(),
            body: BlockBody {
                transactions: transactions.map(|tx| tx.signed.clone()).collect(),
                ommers: self.ommers.clone(),
                withdrawals: self.withdrawals.clone(),
            },
        }
    }

    /// Gas that a transaction used.
    #[must_use]
    pub fn gas_used(&self, index: usize) -> u64 {
        let up_to = |index: usize| {
            let receipt = self.receipts.get(index);
            receipt.map_or(0, |receipt| receipt.cumulative_gas_used)
        };
        let before = index.checked_sub(1).map_or(0, up_to);
        up_to(index).saturating_sub(before)
    }

    /// Logs of the transactions before one: the index of its first.
    #[must_use]
    pub fn first_log(&self, index: usize) -> u64 {
        let before = self.receipts.iter().take(index);
        before.map(|receipt| receipt.logs.len() as u64).sum()
    }

    /// Whether a transaction did not fail; before Byzantium nobody knows.
    #[must_use]
    pub fn succeeded(&self, index: usize) -> Option<bool> {
        match self.receipts.get(index)?.status {
            Eip658Value::Eip658(status) => Some(status),
            Eip658Value::PostState(_) => None,
        }
    }

    /// Bytes of memory that it takes, roughly.
    #[must_use]
    pub(crate) fn memory_bytes(&self) -> usize {
        let inputs = self.transactions.iter().map(|tx| {
            use alloy_consensus::Transaction as _;
            size_of::<Transaction>() + tx.signed.input().len()
        });
        let logs = self.receipts.iter().flat_map(|receipt| &receipt.logs);
        let logs = logs.map(|log| size_of::<Log>() + 32 * log.topics().len() + log.data.data.len());
        size_of::<Self>()
            + inputs.sum::<usize>()
            + logs.sum::<usize>()
            + self.receipts.len() * size_of::<Receipt<Log>>()
    }
}
