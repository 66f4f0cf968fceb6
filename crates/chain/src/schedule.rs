//! When which fork begins.

use crate::Fork;
use alloy_eips::{eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS, eip7840::BlobParams};
use alloy_primitives::{Address, U256};
use std::collections::BTreeMap;

/// What makes a fork active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The number of a block.
    Number(u64),
    /// The timestamp of a block.
    Timestamp(u64),
    /// The total difficulty of the block before.
    Difficulty(U256),
}

/// The forks of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    chain_id: u64,
    /// In the order of the forks.
    forks: Vec<(Fork, Activation)>,
    blobs: BTreeMap<Fork, BlobParams>,
    deposit_contract: Address,
    netsplit: Option<u64>,
}

impl Schedule {
    /// A chain of Frontier, with mainnet's blobs and deposit contract.
    #[must_use]
    pub const fn new(chain_id: u64) -> Self {
        Self {
            chain_id,
            forks: Vec::new(),
            blobs: BTreeMap::new(),
            deposit_contract: MAINNET_DEPOSIT_CONTRACT_ADDRESS,
            netsplit: None,
        }
    }

    /// Lets a fork begin, which comes after those that there are.
    #[must_use]
    pub fn with(mut self, fork: Fork, at: Activation) -> Self {
        self.forks.push((fork, at));
        self
    }

    /// Sets the blobs of a fork.
    #[must_use]
    pub fn with_blobs(mut self, fork: Fork, blobs: BlobParams) -> Self {
        self.blobs.insert(fork, blobs);
        self
    }

    /// Sets the contract whose logs are deposits.
    #[must_use]
    pub const fn with_deposit_contract(mut self, contract: Address) -> Self {
        self.deposit_contract = contract;
        self
    }

    /// Sets the block from which on clients that do not know of the merge are others.
    #[must_use]
    pub const fn with_netsplit(mut self, block: Option<u64>) -> Self {
        self.netsplit = block;
        self
    }

    /// That block: no fork, but named by the id of forks
    /// ([EIP-2124](https://eips.ethereum.org/EIPS/eip-2124)).
    #[must_use]
    pub const fn netsplit(&self) -> Option<u64> {
        self.netsplit
    }

    /// Another chain of the same forks.
    #[must_use]
    pub const fn with_chain_id(mut self, chain_id: u64) -> Self {
        self.chain_id = chain_id;
        self
    }

    /// The id that transactions are signed for
    /// ([EIP-155](https://eips.ethereum.org/EIPS/eip-155)).
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The forks with what begins them, in order.
    #[must_use]
    pub fn forks(&self) -> &[(Fork, Activation)] {
        &self.forks
    }

    /// The rules of the block with this number and timestamp whose parent has this total
    /// difficulty.
    #[must_use]
    pub fn fork(&self, number: u64, timestamp: u64, parent_difficulty: U256) -> Fork {
        let has_begun = |activation: &Activation| match *activation {
            Activation::Number(at) => number >= at,
            Activation::Timestamp(at) => timestamp >= at,
            Activation::Difficulty(at) => parent_difficulty >= at,
        };
        self.forks
            .iter()
            .rfind(|(_, activation)| has_begun(activation))
            .map_or(Fork::Frontier, |(fork, _)| *fork)
    }

    /// The blobs of a fork; `None` before there were any
    /// ([EIP-7840](https://eips.ethereum.org/EIPS/eip-7840)).
    #[must_use]
    pub fn blobs(&self, fork: Fork) -> Option<BlobParams> {
        let usual = fork.blobs()?;
        // Forks that a genesis says nothing about keep what was before them.
        let said = self.blobs.range(..=fork).next_back();
        Some(said.map_or(usual, |(_, blobs)| *blobs))
    }

    /// The contract whose logs are deposits
    /// ([EIP-6110](https://eips.ethereum.org/EIPS/eip-6110)).
    #[must_use]
    pub const fn deposit_contract(&self) -> Address {
        self.deposit_contract
    }

    /// The block that moves the funds of the DAO, if there is one.
    #[must_use]
    pub fn dao_block(&self) -> Option<u64> {
        self.forks.iter().find_map(|(fork, at)| match (fork, at) {
            (Fork::Dao, Activation::Number(at)) => Some(*at),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fork_that_has_begun_rules() {
        let schedule = Schedule::new(1)
            .with(Fork::Homestead, Activation::Number(3))
            .with(Fork::London, Activation::Number(3))
            .with(Fork::Paris, Activation::Difficulty(U256::from(100)))
            .with(Fork::Cancun, Activation::Timestamp(50));
        let fork =
            |number, time, difficulty: u64| schedule.fork(number, time, U256::from(difficulty));
        assert_eq!(fork(2, 0, 0), Fork::Frontier);
        assert_eq!(fork(3, 0, 99), Fork::London);
        assert_eq!(fork(4, 0, 100), Fork::Paris);
        assert_eq!(fork(5, 50, 100), Fork::Cancun);
    }

    #[test]
    fn blobs_are_those_of_the_genesis_from_there_on() {
        let few = BlobParams::cancun();
        let schedule = Schedule::new(1).with_blobs(Fork::Osaka, few);
        assert_eq!(schedule.blobs(Fork::London), None);
        assert_eq!(schedule.blobs(Fork::Prague), Some(BlobParams::prague()));
        assert_eq!(schedule.blobs(Fork::Osaka), Some(few));
        assert_eq!(schedule.blobs(Fork::Bpo1), Some(few));
    }
}
