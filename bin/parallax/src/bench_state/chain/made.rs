//! A made-up chain: holders of a token, contracts with words, and their blocks.

use alloy_primitives::{Address, B256, Bytes, Log, U256, b256, keccak256};
use eyre::Result;
use parallax_engine::{AccountChange, StateChanges};
use parallax_state::{Block, State};
use parallax_workload::mapping_slot;
use revm::state::{AccountInfo, Bytecode};

/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Bytes of a signed transfer, and of its receipt without bloom.
const BODY: usize = 176;
const RECEIPT: usize = 200;

/// Accounts in a block of the genesis.
const PIECE: usize = 100_000;

/// Everything there is, as it is now.
pub(super) struct Made {
    holders: Vec<Holder>,
    /// For each contract its words, of which none is zero.
    words: Vec<Vec<u64>>,
    fees: u64,
    /// Of choosing who is next.
    next: usize,
}

#[derive(Clone, Copy)]
struct Holder {
    address: Address,
    slot: U256,
    nonce: u64,
    tokens: u64,
}

fn address(kind: &[u8], number: usize) -> Address {
    Address::from_word(keccak256([kind, &number.to_be_bytes()].concat()))
}

fn token() -> Address {
    address(b"token", 0)
}

fn beneficiary() -> Address {
    address(b"beneficiary", 0)
}

/// Some code, the same for all.
fn code() -> Bytecode {
    Bytecode::new_raw(Bytes::from_static(&[0x60; 900]))
}

fn contract() -> AccountInfo {
    AccountInfo {
        nonce: 1,
        code_hash: code().hash_slow(),
        ..AccountInfo::default()
    }
}

impl Holder {
    fn info(&self) -> AccountInfo {
        AccountInfo {
            nonce: self.nonce,
            balance: U256::from(10_u128.pow(18) - u128::from(self.nonce) * 21_000),
            ..AccountInfo::default()
        }
    }
}

fn changed(
    address: Address,
    before: Option<AccountInfo>,
    after: AccountInfo,
    storage: Vec<(U256, U256, U256)>,
) -> AccountChange {
    AccountChange {
        address,
        before,
        after: Some(after),
        wiped: false,
        storage,
    }
}

impl Made {
    pub(super) fn new(holders: usize, contracts: usize, words: usize) -> Self {
        let holder = |number| {
            let address = address(b"holder", number);
            Holder {
                address,
                slot: mapping_slot(address.into_word().into(), U256::ZERO),
                nonce: 0,
                tokens: 1_000_000,
            }
        };
        Self {
            holders: (0..holders).map(holder).collect(),
            words: vec![vec![1; words]; contracts],
            fees: 0,
            next: 0,
        }
    }

    pub(super) fn contracts(&self) -> usize {
        self.words.len()
    }

    pub(super) fn holder(&self, index: usize) -> (Address, U256) {
        let holder = &self.holders[index % self.holders.len()];
        (holder.address, holder.slot)
    }

    pub(super) fn token() -> Address {
        token()
    }

    /// Changes that make everything, block by block.
    pub(super) fn genesis(&self) -> Vec<StateChanges> {
        let mut blocks: Vec<_> = self
            .holders
            .chunks(PIECE)
            .enumerate()
            .map(|(index, holders)| {
                let words = holders
                    .iter()
                    .map(|h| (h.slot, U256::ZERO, U256::from(h.tokens)));
                let before = (index > 0).then(contract);
                let token = changed(token(), before, contract(), words.collect());
                let holders = holders
                    .iter()
                    .map(|h| changed(h.address, None, h.info(), vec![]));
                StateChanges {
                    accounts: holders.chain([token]).collect(),
                    contracts: vec![(contract().code_hash, code())],
                }
            })
            .collect();
        let contracts = self.words.iter().enumerate().map(|(number, words)| {
            let words = (0..words.len()).map(|slot| (U256::from(slot), U256::ZERO, U256::ONE));
            changed(
                address(b"contract", number),
                None,
                contract(),
                words.collect(),
            )
        });
        let fees = changed(
            beneficiary(),
            None,
            AccountInfo::from_balance(U256::ONE),
            vec![],
        );
        blocks.push(StateChanges {
            accounts: contracts.chain([fees]).collect(),
            contracts: Vec::new(),
        });
        blocks
    }

    /// The next holder, far from the one before.
    fn choose(&mut self) -> usize {
        self.next += 1;
        (self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24) % self.holders.len()
    }

    /// Applies and commits a block of transfers, each of another pair of holders.
    pub(super) fn commit_transfers(&mut self, state: &mut State, count: usize) -> Result<()> {
        let mut is_used = vec![false; self.holders.len()];
        let mut fresh = |made: &mut Self| loop {
            let index = made.choose();
            if !std::mem::replace(&mut is_used[index], true) {
                return index;
            }
        };
        let (mut accounts, mut words) = (Vec::with_capacity(count + 2), Vec::new());
        let mut logs = Vec::with_capacity(count);
        for _ in 0..count {
            let (from, to) = (fresh(self), fresh(self));
            let before = self.holders[from];
            let receiver = self.holders[to];
            let sender = &mut self.holders[from];
            (sender.nonce, sender.tokens) = (before.nonce + 1, before.tokens - 1);
            accounts.push(changed(
                sender.address,
                Some(before.info()),
                sender.info(),
                Vec::new(),
            ));
            let word = |holder: &Holder, tokens: u64| {
                (holder.slot, U256::from(holder.tokens), U256::from(tokens))
            };
            words.push(word(&before, before.tokens - 1));
            words.push(word(&receiver, receiver.tokens + 1));
            self.holders[to].tokens += 1;
            let topics = [
                TRANSFER,
                before.address.into_word(),
                receiver.address.into_word(),
            ];
            logs.push(Log::new_unchecked(
                token(),
                topics.to_vec(),
                vec![1; 32].into(),
            ));
        }
        let fees = |fees: u64| AccountInfo::from_balance(U256::from(fees + 1));
        let before = self.fees;
        self.fees += count as u64;
        accounts.push(changed(
            beneficiary(),
            Some(fees(before)),
            fees(self.fees),
            vec![],
        ));
        accounts.push(changed(token(), Some(contract()), contract(), words));
        let changes = StateChanges {
            accounts,
            contracts: Vec::new(),
        };
        // As execution leaves it: whatever changes was read before.
        let accesses = changes.accounts.iter().map(|change| {
            let slots = change.storage.iter().map(|(slot, ..)| *slot);
            (change.address, slots.collect())
        });
        let accesses: Vec<(Address, Vec<U256>)> = accesses.collect();
        state.flat().prefetch(&accesses, state.config().threads)?;
        let (body, receipts) = (vec![0x5a; count * BODY], vec![0xa5; count * RECEIPT]);
        let hash =
            |index: usize| keccak256((state.next() * count as u64 + index as u64).to_be_bytes());
        let transactions: Vec<_> = (0..count).map(hash).collect();
        let shown: Vec<&Log> = logs.iter().collect();
        state.apply(&changes)?;
        state.commit(&Block {
            header: &[0x11; 600],
            body: &body,
            receipts: &receipts,
            logs: &shown,
            transactions: &transactions,
        })?;
        Ok(())
    }

    /// Changes so many words of the token.
    pub(super) fn commit_hot(&mut self, state: &mut State, count: usize) -> Result<()> {
        let mut is_used = vec![false; self.holders.len()];
        let mut words = Vec::with_capacity(count);
        while words.len() < count {
            let index = self.choose();
            if std::mem::replace(&mut is_used[index], true) {
                continue;
            }
            let holder = &mut self.holders[index];
            let before = U256::from(holder.tokens);
            holder.tokens += 1;
            words.push((holder.slot, before, U256::from(holder.tokens)));
        }
        commit(
            state,
            vec![changed(token(), Some(contract()), contract(), words)],
        )
    }

    /// Changes so many words of all contracts, the same number of each.
    pub(super) fn commit_spread(&mut self, state: &mut State, count: usize) -> Result<()> {
        let each = count / self.words.len();
        self.next += each;
        let first = self.next;
        let accounts = self.words.iter_mut().enumerate().map(|(number, words)| {
            let len = words.len();
            let changes = (first..first + each).map(|index| {
                let word = &mut words[index % len];
                *word += 1;
                (
                    U256::from(index % len),
                    U256::from(*word - 1),
                    U256::from(*word),
                )
            });
            let changes = changes.collect();
            changed(
                address(b"contract", number),
                Some(contract()),
                contract(),
                changes,
            )
        });
        let accounts = accounts.collect();
        commit(state, accounts)
    }
}

fn commit(state: &mut State, accounts: Vec<AccountChange>) -> Result<()> {
    state.apply(&StateChanges {
        accounts,
        contracts: Vec::new(),
    })?;
    state.commit(&Block::default())?;
    Ok(())
}
