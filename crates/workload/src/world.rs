//! A block under construction: accounts are made up as they are needed.

use crate::{
    Contract, MemoryState, Pair, PublishedArtifacts, Reserves, Setup, Workload, layout, rng::Rng,
    snapshot::Recipe,
};
use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256, map::AddressMap};
use parallax_engine::{Block, ProtocolChanges};
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
};
use serde::{Serialize, de::DeserializeOwned};

/// One ether, or one token of 18 decimals.
pub(crate) const ETHER: u128 = 1_000_000_000_000_000_000;
const GWEI: u128 = 1_000_000_000;

/// Gas limits as wallets set them: what the call needs and a margin.
pub(crate) mod gas {
    pub(crate) const TRANSFER: u64 = 21_000;
    pub(crate) const TOKEN: u64 = 80_000;
    pub(crate) const SWAP: u64 = 220_000;
    pub(crate) const TICK_SWAP: u64 = 320_000;
    pub(crate) const SMALL: u64 = 100_000;
    pub(crate) const COLLECTIBLE: u64 = 200_000;
    pub(crate) const CREATION: u64 = 2_000_000;
}

/// A block under construction.
pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) state: MemoryState,
    seed: u64,
    transactions: Vec<TxEnv>,
    nonces: AddressMap<u64>,
    reverts: Vec<usize>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            state: MemoryState::default(),
            seed,
            transactions: Vec::new(),
            nonces: AddressMap::default(),
            reverts: Vec::new(),
        }
    }

    /// An address that nobody chose: a different one for each role and index.
    pub(crate) fn address(&self, role: &str, index: usize) -> Address {
        let preimage = format!("{} {role} {index}", self.seed);
        Address::from_word(keccak256(preimage))
    }

    /// An account with 100 ether.
    pub(crate) fn user(&mut self, role: &str, index: usize) -> Address {
        let address = self.address(role, index);
        if self.state.account(address).is_none() {
            let balance = U256::from(100 * ETHER);
            self.state.set_account(address, balance, 0);
        }
        address
    }

    /// A contract with no storage yet.
    pub(crate) fn contract(&mut self, contract: Contract, index: usize) -> Address {
        let address = self.address(&format!("{contract:?}"), index);
        self.state.set_code(address, contract.code());
        address
    }

    /// Mints.
    pub(crate) fn give(&mut self, token: Address, owner: Address, amount: u128) {
        let amount = U256::from(amount);
        self.state
            .add_storage(token, layout::token::balance(owner), amount);
        self.state
            .add_storage(token, layout::token::TOTAL_SUPPLY, amount);
    }

    /// An exchange with a million of each token, more or less.
    pub(crate) fn pair(&mut self, index: usize, tokens: [Address; 2]) -> Pair {
        let exchange = self.contract(Contract::Exchange, index);
        let amounts = [(); 2].map(|()| (1_000_000 + u128::from(self.rng.below(1_000_000))) * ETHER);
        for (token, amount) in tokens.into_iter().zip(amounts) {
            self.give(token, exchange, amount);
        }
        let reserves = Reserves {
            amounts,
            timestamp: (TIMESTAMP - SLOT_SECONDS) as u32,
        };
        let [token0, token1] = tokens.map(|token| token.into_word().into());
        for (slot, value) in [
            (layout::pair::TOKEN0, token0),
            (layout::pair::TOKEN1, token1),
            (layout::pair::RESERVES, reserves.pack()),
            (layout::pair::PRICE0, U256::ONE << 112),
            (layout::pair::PRICE1, U256::ONE << 112),
            (layout::pair::UNLOCKED, U256::ONE),
        ] {
            self.state.set_storage(exchange, slot, value);
        }
        Pair { exchange, tokens }
    }

    /// Gives a user what swapping in either direction takes: tokens and
    /// unlimited allowances.
    pub(crate) fn trader(&mut self, user: Address, pair: &Pair) {
        for token in pair.tokens {
            let slot = layout::token::allowance(user, pair.exchange);
            if self.state.storage(token, slot).is_zero() {
                self.state.set_storage(token, slot, U256::MAX);
                self.give(token, user, 10_000 * ETHER);
            }
        }
    }

    /// Appends a transaction with the sender's next nonce.
    pub(crate) fn send(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        data: Bytes,
        gas_limit: u64,
    ) {
        self.append(from, TxKind::Call(to), value, data, gas_limit);
    }

    /// Appends a transaction that creates a contract.
    pub(crate) fn create(&mut self, from: Address, code: Bytes, gas_limit: u64) {
        self.append(from, TxKind::Create, 0, code, gas_limit);
    }

    fn append(&mut self, from: Address, kind: TxKind, value: u128, data: Bytes, gas_limit: u64) {
        let sender = self.state.account(from);
        let first = sender.map_or(0, |info| info.nonce);
        let nonce = self.nonces.entry(from).or_insert(first);
        let tip = GWEI + u128::from(self.rng.below(GWEI as u64));
        self.transactions.push(TxEnv {
            tx_type: 2,
            caller: from,
            gas_limit,
            gas_price: 3 * GWEI + tip,
            kind,
            value: U256::from(value),
            data,
            nonce: *nonce,
            chain_id: Some(1),
            gas_priority_fee: Some(tip),
            ..TxEnv::default()
        });
        *nonce += 1;
    }

    /// Says that the transaction appended last is meant to revert.
    pub(crate) fn reverts(&mut self) {
        self.reverts.extend(self.transactions.len().checked_sub(1));
    }

    /// What [`user`](Self::user) and [`address`](Self::address) depend on.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// One of the accounts that were there before anyone did anything.
    pub(crate) fn resident(&mut self, index: usize) -> Address {
        self.user("account", index)
    }

    /// Sees to it that there are at least so many accounts with ether.
    pub(crate) fn populate(&mut self, accounts: usize) {
        let mut index = 0;
        while self.state.len() < accounts {
            self.resident(index);
            index += 1;
        }
    }

    /// Begins with a state of so many [`residents`](Self::resident) and what is done to
    /// it, which must depend on nothing but the recipe and the number of residents: a
    /// large one is kept.
    pub(crate) fn begin<T, E>(
        &mut self,
        artifacts: &PublishedArtifacts,
        recipe: Recipe,
        residents: usize,
        with: impl FnOnce(&mut Setup, &[Address]) -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        let seed = self.seed;
        let make = || {
            let mut world = Self::new(seed);
            let all: Vec<_> = (0..residents).map(|index| world.resident(index)).collect();
            let known = world.prepare(|setup| with(setup, &all))?;
            Ok((world.state, known))
        };
        let recipe = recipe.number("residents", residents, 10);
        let snapshots = artifacts.snapshots();
        let (state, known) = match snapshots.filter(|_| recipe.is_large()) {
            Some(snapshots) => snapshots.get(&recipe, make)?,
            None => make()?,
        };
        self.state = state;
        Ok(known)
    }

    /// Does to the state what takes transactions before the block, in its
    /// grandparent; [`Setup::next_block`] is allowed once.
    pub(crate) fn prepare<T, E>(
        &mut self,
        with: impl FnOnce(&mut Setup) -> Result<T, E>,
    ) -> Result<T, E> {
        let state = std::mem::take(&mut self.state);
        let mut setup = Setup::new(state, NUMBER - 2, TIMESTAMP - 2 * SLOT_SECONDS);
        let result = with(&mut setup);
        self.state = setup.finish();
        result
    }

    /// The finished workload.
    pub(crate) fn finish(mut self, name: String, description: &str) -> Workload {
        let builder = self.user("builder", 0);
        let wanted: u64 = self.transactions.iter().map(|tx| tx.gas_limit).sum();
        let env = BlockEnv {
            number: U256::from(NUMBER),
            beneficiary: builder,
            timestamp: U256::from(TIMESTAMP),
            gas_limit: wanted.max(60_000_000),
            basefee: GWEI as u64,
            difficulty: U256::ZERO,
            prevrandao: Some(keccak256("randao")),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new_with_spec(0, SpecId::OSAKA)),
            slot_num: 0,
        };
        Workload {
            name,
            description: description.to_owned(),
            block: Block {
                cfg: CfgEnv::new().with_spec_and_mainnet_gas_params(SpecId::OSAKA),
                env,
                transactions: self.transactions,
                protocol: ProtocolChanges::default(),
                max_blob_gas: None,
            },
            state: self.state,
            reverts: self.reverts,
        }
    }
}

/// Number of the block.
const NUMBER: u64 = 24_000_000;
/// Its time.
pub(crate) const TIMESTAMP: u64 = 1_790_000_003;
/// Until when a router accepts a transaction.
pub(crate) const DEADLINE: u64 = TIMESTAMP + 600;
/// Time between blocks.
pub(crate) const SLOT_SECONDS: u64 = 12;
