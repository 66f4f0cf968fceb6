//! What the contracts, functions and locations of a block are called.

use crate::{
    known,
    observer::Recorder,
    preimages::{Preimages, SlotName, SlotPart, as_address, short, word},
    trace::Function,
};
use alloy_primitives::{Address, Selector, U256};
use parallax_engine::Location;
use std::collections::{HashMap, HashSet};

/// What a contract was seen to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContractKind {
    /// It has moved tokens (`Transfer` events).
    Token,
    /// It was called as a Uniswap V2 pair.
    V2Pair,
    /// It was called as a Uniswap V3 pool.
    V3Pool,
    /// It trades tokens in some other way; only if somebody says so.
    Pool,
}

/// Names, from what the block itself shows, from a table of well-known contracts and
/// functions, and from whoever knows better.
#[derive(Clone, Debug, Default)]
pub struct Names {
    preimages: Preimages,
    kinds: HashMap<Address, ContractKind>,
    /// The variable that holds the balances of a token.
    balances: HashMap<Address, U256>,
    contracts: HashMap<Address, String>,
    variables: HashMap<(Address, U256), String>,
}

impl Names {
    pub(crate) fn new(observed: &Recorder) -> Self {
        let mut names = Self {
            preimages: observed.preimages.clone(),
            kinds: kinds(observed),
            ..Self::default()
        };
        names.balances = names.balances(observed);
        names
    }

    /// The variable of each token whose keys are most often those between whom tokens
    /// have moved.
    fn balances(&self, observed: &Recorder) -> HashMap<Address, U256> {
        let mut votes: HashMap<Address, HashMap<U256, usize>> = HashMap::new();
        for (location, touches) in &observed.touches {
            let Location::Slot(token, slot) = location else {
                continue;
            };
            let Some(owners) = observed.token_moves.get(token) else {
                continue;
            };
            let name = self.preimages.name(*slot);
            if let [SlotPart::Key(key)] = name.path[..]
                && owners.contains(&Address::from_word(key.into()))
            {
                let count = votes.entry(*token).or_default().entry(name.base);
                *count.or_default() += touches.writers;
            }
        }
        let most = votes.into_iter().filter_map(|(token, votes)| {
            let winner = votes
                .into_iter()
                .max_by_key(|(base, count)| (*count, std::cmp::Reverse(*base)))?;
            Some((token, winner.0))
        });
        most.collect()
    }

    /// Gives a contract a name of the caller's.
    pub fn set_contract(&mut self, address: Address, name: impl Into<String>) {
        self.contracts.insert(address, name.into());
    }

    /// Says what a contract is.
    pub fn set_kind(&mut self, address: Address, kind: ContractKind) {
        self.kinds.insert(address, kind);
    }

    /// Gives a variable of a contract, by its slot, a name of the caller's.
    pub fn set_variable(&mut self, contract: Address, slot: U256, name: impl Into<String>) {
        self.variables.insert((contract, slot), name.into());
    }

    /// Says which variable holds the balances of a token.
    pub fn set_balances(&mut self, token: Address, base: U256) {
        self.balances.insert(token, base);
    }

    /// What a contract was seen to be.
    #[must_use]
    pub fn kind(&self, address: Address) -> Option<ContractKind> {
        self.kinds.get(&address).copied()
    }

    /// An account; shortened if it has no name.
    #[must_use]
    pub fn account(&self, address: Address) -> String {
        if let Some(name) = self.contracts.get(&address) {
            return name.clone();
        }
        if let Some(name) = known::contract(address) {
            return name.to_owned();
        }
        let text = short(address);
        match self.kind(address) {
            Some(ContractKind::Token) => format!("token {text}"),
            Some(ContractKind::V2Pair) => format!("V2 pair {text}"),
            Some(ContractKind::V3Pool) => format!("V3 pool {text}"),
            Some(ContractKind::Pool) => format!("pool {text}"),
            None => text,
        }
    }

    /// A function and its contract.
    #[must_use]
    pub fn function(&self, function: &Function) -> String {
        let contract = self.account(function.contract);
        match function.selector {
            Some(selector) => format!("{contract}.{}", selector_name(selector)),
            None => contract,
        }
    }

    /// Where a slot is, seen from the contract's variables.
    #[must_use]
    pub fn slot(&self, slot: U256) -> SlotName {
        self.preimages.name(slot)
    }

    /// Whose balance of which token this is, if it is one.
    #[must_use]
    pub fn token_balance(&self, location: &Location) -> Option<(Address, Address)> {
        let Location::Slot(token, slot) = location else {
            return None;
        };
        let base = self.balances.get(token)?;
        let name = self.preimages.name(*slot);
        match name.path[..] {
            [SlotPart::Key(owner)] if name.base == *base => {
                Some((Address::from_word(owner.into()), *token))
            }
            _ => None,
        }
    }

    /// The name of the variable that a slot belongs to, if there is one.
    #[must_use]
    pub fn variable(&self, contract: Address, base: U256) -> Option<String> {
        if let Some(name) = self.variables.get(&(contract, base)) {
            return Some(name.clone());
        }
        if let Some(name) = known::slot(base) {
            return Some(name.to_owned());
        }
        let names = match self.kind(contract)? {
            ContractKind::V2Pair => known::V2_PAIR,
            ContractKind::V3Pool => known::V3_POOL,
            ContractKind::Token | ContractKind::Pool => return None,
        };
        let index = usize::try_from(base).ok()?;
        names.get(index).map(|name| (*name).to_owned())
    }

    /// A location, in words.
    #[must_use]
    pub fn location(&self, location: &Location) -> String {
        let of = self.account(location.address());
        match location {
            Location::Balance(_) => format!("ether balance of {of}"),
            Location::Nonce(_) => format!("nonce of {of}"),
            Location::Code(_) => format!("code of {of}"),
            Location::Life(_) => format!("existence of {of}"),
            Location::Slot(contract, slot) => match self.token_balance(location) {
                Some((owner, _)) => format!("balance of {} in {of}", self.account(owner)),
                None => self.slot_in_words(*contract, *slot, &of),
            },
        }
    }

    fn slot_in_words(&self, contract: Address, slot: U256, of: &str) -> String {
        let name = self.preimages.name(slot);
        let keys: Vec<_> = name.keys().collect();
        if let [owner, spender] = keys[..]
            && self.balances.contains_key(&contract)
            && let (Some(owner), Some(spender)) = (as_address(owner), as_address(spender))
            && name.path.len() == 2
        {
            let [owner, spender] = [owner, spender].map(|address| self.account(address));
            return format!("allowance of {owner} for {spender} in {of}");
        }
        let mut text = match self.variable(contract, name.base) {
            Some(variable) => variable,
            None => format!("slot {}", word(name.base)),
        };
        for part in &name.path {
            text += &match part {
                SlotPart::Key(key) => format!("[{}]", self.key(*key)),
                SlotPart::Item(item) => format!("[word {item}]"),
                SlotPart::Field(field) => format!(" + {field}"),
            };
        }
        format!("{text} of {of}")
    }

    fn key(&self, key: U256) -> String {
        as_address(key).map_or_else(|| word(key), |address| self.account(address))
    }
}

/// A function's name, or its selector.
pub(crate) fn selector_name(selector: Selector) -> String {
    known::function(selector).map_or_else(|| selector.to_string(), str::to_owned)
}

fn kinds(observed: &Recorder) -> HashMap<Address, ContractKind> {
    let mut kinds = HashMap::new();
    for token in observed.token_moves.keys() {
        kinds.insert(*token, ContractKind::Token);
    }
    let (v2, v3) = (
        known::selector(known::V2_SWAP),
        known::selector(known::V3_SWAP),
    );
    for (contract, functions) in &observed.called {
        let called: &HashSet<Selector> = functions;
        if called.contains(&v2) {
            kinds.insert(*contract, ContractKind::V2Pair);
        } else if called.contains(&v3) {
            kinds.insert(*contract, ContractKind::V3Pool);
        }
    }
    kinds
}
