//! What only a developer may do: change the state, move time, go back.

use super::Node;
use crate::{
    NodeError,
    block::SealedBlock,
    events::Event,
    view::{Moment, read},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use parallax_engine::{AccountChange, StateChanges};
use parallax_state::StateError;
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

/// A moment to which a developer can go back.
#[derive(Debug)]
pub(super) struct Snapshot {
    id: u64,
    block: u64,
    clock: crate::clock::Clock,
    edits: Vec<StateChanges>,
}

/// An account with everything that it has.
#[derive(Clone, Debug)]
pub struct Dumped {
    /// Whose.
    pub address: Address,
    /// Wei.
    pub balance: U256,
    /// Transactions sent, or contracts made.
    pub nonce: u64,
    /// Empty if it has none.
    pub code: Bytes,
    /// Words that are not zero, by slot.
    pub storage: Vec<(U256, U256)>,
}

/// What a developer changes in an account.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Its balance from now on.
    pub balance: Option<U256>,
    /// Its nonce from now on.
    pub nonce: Option<u64>,
    /// Its code from now on.
    pub code: Option<Bytes>,
    /// Words of its storage from now on.
    pub storage: Vec<(U256, U256)>,
}

impl Node {
    /// Changes an account at once, outside of any transaction. It is part of the next
    /// block.
    ///
    /// # Errors
    /// If the state cannot be read or changed.
    pub fn edit(&self, address: Address, edit: &Edit) -> Result<(), NodeError> {
        let mut producer = self.producer();
        let view = self.state_at(Moment::Pending);
        let before = view.account(&address)?.map(|account| account.info());
        let mut after = before.clone().unwrap_or_default();
        after.balance = edit.balance.unwrap_or(after.balance);
        after.nonce = edit.nonce.unwrap_or(after.nonce);
        let mut contracts = Vec::new();
        if let Some(code) = &edit.code {
            after.code_hash = KECCAK_EMPTY;
            if !code.is_empty() {
                let code = Bytecode::new_raw_checked(code.clone())
                    .unwrap_or_else(|_| Bytecode::new_legacy(code.clone()));
                after.code_hash = code.hash_slow();
                contracts.push((after.code_hash, code));
            }
        }
        let storage = edit
            .storage
            .iter()
            .map(|(slot, word)| Ok((*slot, view.word(&address, slot)?, *word)));
        let storage: Vec<_> = storage.collect::<Result<_, StateError>>()?;
        let is_gone = after == AccountInfo::default() && storage.is_empty() && before.is_none();
        if is_gone {
            return Ok(());
        }
        let changes = StateChanges {
            accounts: vec![AccountChange {
                address,
                before,
                after: Some(after),
                wiped: false,
                storage: storage
                    .into_iter()
                    .filter(|(_, old, new)| old != new)
                    .collect(),
            }],
            contracts,
        };
        self.state_mut().apply(&changes)?;
        producer.edits.push(changes);
        self.is_edited.store(true, Ordering::Relaxed);
        if edit.nonce.is_some() {
            self.pool.advance(&address, edit.nonce.unwrap_or_default());
        }
        Ok(())
    }

    /// Every account with its code and its storage, as they are now: all that some block,
    /// or an edit since the last one, has ever changed.
    ///
    /// # Errors
    /// If the state cannot be read, or if change-sets of old blocks were dropped.
    pub fn dump(&self) -> Result<Vec<Dumped>, NodeError> {
        let producer = self.producer();
        let state = read(&self.state);
        let mut touched = BTreeMap::<Address, BTreeSet<U256>>::new();
        for block in 0..state.next() {
            for before in state.before(block)? {
                let slots = before.slots.iter().map(|(slot, _)| *slot);
                touched.entry(before.address).or_default().extend(slots);
            }
        }
        for change in producer.edits.iter().flat_map(|edit| &edit.accounts) {
            let slots = change.storage.iter().map(|(slot, ..)| *slot);
            touched.entry(change.address).or_default().extend(slots);
        }
        let flat = state.flat();
        let mut dumped = Vec::with_capacity(touched.len());
        for (address, slots) in touched {
            let Some(account) = flat.account(&address)? else {
                continue;
            };
            let words = slots
                .into_iter()
                .map(|slot| Ok((slot, flat.word(&address, &slot)?)));
            let mut storage = words.collect::<Result<Vec<_>, StateError>>()?;
            storage.retain(|(_, word)| !word.is_zero());
            let code = flat.code(&account.code_hash)?;
            dumped.push(Dumped {
                address,
                balance: account.balance,
                nonce: account.nonce,
                code: code.map_or_else(Bytes::new, |code| code.original_bytes()),
                storage,
            });
        }
        Ok(dumped)
    }

    /// Remembers how everything is now; by which number it can be had again.
    pub fn snapshot(&self) -> u64 {
        let mut producer = self.producer();
        let id = producer.snapshots.last().map_or(0, |last| last.id + 1);
        let snapshot = Snapshot {
            id,
            block: self.head().number(),
            clock: producer.clock,
            edits: producer.edits.clone(),
        };
        producer.snapshots.push(snapshot);
        id
    }

    /// Goes back to how it was; whether there is such a snapshot. Those after it are gone.
    ///
    /// # Errors
    /// If that state cannot be had any more.
    pub fn revert(&self, id: u64) -> Result<bool, NodeError> {
        let mut producer = self.producer();
        let Some(place) = producer.snapshots.iter().position(|of| of.id == id) else {
            return Ok(false);
        };
        let snapshot = producer.snapshots.swap_remove(place);
        producer.snapshots.truncate(place);
        self.rewind_to(snapshot.block)?;
        let mut state = self.state_mut();
        for edit in &snapshot.edits {
            state.apply(edit)?;
        }
        drop(state);
        self.is_edited
            .store(!snapshot.edits.is_empty(), Ordering::Relaxed);
        producer.edits = snapshot.edits;
        producer.clock = snapshot.clock;
        Ok(true)
    }

    /// Goes back to how it was after a block.
    ///
    /// # Errors
    /// If there is no such block, or its state cannot be had any more.
    pub fn rewind(&self, block: u64) -> Result<Arc<SealedBlock>, NodeError> {
        let mut producer = self.producer();
        let head = self.rewind_to(block)?;
        producer.edits.clear();
        self.is_edited.store(false, Ordering::Relaxed);
        producer
            .snapshots
            .retain(|snapshot| snapshot.block <= block);
        Ok(head)
    }

    fn rewind_to(&self, number: u64) -> Result<Arc<SealedBlock>, NodeError> {
        let next = read(&self.state).next();
        let unknown = StateError::Unknown {
            block: number,
            next,
        };
        let head = self.block(number)?.ok_or(unknown)?;
        let mut state = self.state_mut();
        state.discard()?;
        state.rewind(number)?;
        self.chain_mut().rewind(&head);
        drop(state);
        self.pool.clear(None);
        self.tell(Event::Rewound(Arc::clone(&head)));
        Ok(head)
    }

    /// The time that the next block would get.
    #[must_use]
    pub fn next_timestamp(&self) -> u64 {
        let producer = self.producer();
        producer.clock.peek(self.head().header.timestamp)
    }

    /// Moves the clock on; how far it is ahead of the system's.
    pub fn advance_time(&self, seconds: i64) -> i64 {
        self.producer().clock.advance(seconds)
    }

    /// Sets the clock.
    pub fn set_time(&self, time: u64) {
        self.producer().clock.set(time);
    }

    /// Sets the timestamp of the next block.
    ///
    /// # Errors
    /// If it is not after that of the last one.
    pub fn set_next_timestamp(&self, timestamp: u64) -> Result<(), NodeError> {
        let mut producer = self.producer();
        if timestamp <= self.head().header.timestamp {
            return Err(NodeError::Attributes(
                "its timestamp is not after that of the last block",
            ));
        }
        producer.clock.set_next(Some(timestamp));
        Ok(())
    }

    /// Lets blocks be so many seconds apart, whatever the clock says.
    pub fn set_timestamp_interval(&self, seconds: Option<u64>) {
        self.producer().clock.set_interval(seconds);
    }

    /// Who gets the fees from now on.
    pub fn set_beneficiary(&self, beneficiary: Address) {
        self.producer().beneficiary = beneficiary;
    }

    /// Who gets the fees.
    #[must_use]
    pub fn beneficiary(&self) -> Address {
        self.producer().beneficiary
    }

    /// The gas limit of blocks from now on.
    pub fn set_gas_limit(&self, gas_limit: u64) {
        self.producer().gas_limit = Some(gas_limit);
    }

    /// The base fee of the next block.
    pub fn set_next_base_fee(&self, base_fee: u64) {
        self.producer().next_base_fee = Some(base_fee);
    }

    /// What the next block shows as random.
    pub fn set_next_prev_randao(&self, prev_randao: B256) {
        self.producer().next_prev_randao = Some(prev_randao);
    }

    /// The id that transactions must be signed for from now on.
    pub fn set_chain_id(&self, chain_id: u64) {
        let schedule = self.schedule().as_ref().clone().with_chain_id(chain_id);
        let mut place = self
            .schedule
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *place = Arc::new(schedule);
    }
}
