//! Who takes part in a block.

use super::code;
use crate::{Contract, rng::Rng};
use alloy_eips::{eip2935, eip4788, eip7002, eip7251};
use alloy_primitives::{Address, B256, U256, keccak256};
use revm::primitives::hardfork::SpecId;

/// What kind of contract is at an address, and so how to talk to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Counter,
    Ring,
    Hop,
    Breeder,
    Child,
    Wallet,
    Prober,
    Mortal,
    Reverter,
    Relay,
    Program,
    Solidity(Contract),
    BeaconRoots,
    History,
    WithdrawalRequests,
    ConsolidationRequests,
    Deposits,
}

impl Role {
    /// Whether it is what a factory creates.
    pub(super) fn is_child(self) -> bool {
        matches!(self, Self::Child | Self::Solidity(Contract::Child))
    }
}

const ASSEMBLED: [Role; 11] = [
    Role::Counter,
    Role::Ring,
    Role::Hop,
    Role::Breeder,
    Role::Wallet,
    Role::Prober,
    Role::Mortal,
    Role::Reverter,
    Role::Relay,
    Role::Program,
    Role::Program,
];

const COMPILED: [Role; 9] = [
    Role::Solidity(Contract::Token),
    Role::Solidity(Contract::Counter),
    Role::Solidity(Contract::Ring),
    Role::Solidity(Contract::DataDependent),
    Role::Solidity(Contract::Factory),
    Role::Solidity(Contract::Child),
    Role::Solidity(Contract::Wallet),
    Role::Solidity(Contract::Reverter),
    Role::Solidity(Contract::Prober),
];

/// Salts that CREATE2 is used with: few, so that addresses are used again.
pub(super) const SALTS: u64 = 3;

/// The accounts of a block.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    /// Accounts that send transactions.
    pub(super) users: Vec<Address>,
    /// Contracts of the parent state, and those that may be created.
    pub(super) contracts: Vec<(Role, Address)>,
    /// Accounts that exist but are empty.
    pub(super) empty: Vec<Address>,
    /// Accounts that do not exist.
    pub(super) fresh: Vec<Address>,
    pub(super) coinbase: Address,
}

impl Cast {
    pub(super) fn new(rng: &mut Rng, spec: SpecId) -> Self {
        let count = 3 + rng.index(4);
        let users: Vec<_> = (0..count).map(|index| named("user", index)).collect();
        let empty = vec![named("empty", 0), named("empty", 1)];
        let mut fresh = vec![named("fresh", 0), named("fresh", 1)];
        // Where creations by transaction will land.
        fresh.extend(users.iter().take(2).map(|user| user.create(rng.below(4))));
        let contracts = contracts(rng, spec);
        let coinbase = match rng.below(10) {
            0..4 => *rng.pick(&users),
            4..6 => fresh[0],
            6 => empty[0],
            7 => rng.pick(&contracts).1,
            _ => named("coinbase", 0),
        };
        Self {
            users,
            contracts,
            empty,
            fresh,
            coinbase,
        }
    }

    /// Anybody at all, precompiles included.
    pub(super) fn anyone(&self, rng: &mut Rng) -> Address {
        match rng.below(100) {
            0..30 => *rng.pick(&self.users),
            30..60 => rng.pick(&self.contracts).1,
            60..70 => self.coinbase,
            70..80 => *rng.pick(&self.empty),
            80..95 => *rng.pick(&self.fresh),
            _ => precompile(rng),
        }
    }

    /// A contract to call: often the hot one of the block or what it created.
    pub(super) fn contract(&self, rng: &mut Rng) -> (Role, Address) {
        match rng.below(100) {
            0..30 => self.contracts[0],
            30..45 => {
                let children: Vec<_> = self
                    .contracts
                    .iter()
                    .filter(|(role, _)| role.is_child())
                    .collect();
                match children.as_slice() {
                    [] => self.contracts[0],
                    children => **rng.pick(children),
                }
            }
            _ => *rng.pick(&self.contracts),
        }
    }

    /// Where the contract with this role is, if there is one.
    pub(super) fn find(&self, role: Role) -> Option<Address> {
        let mut contracts = self.contracts.iter();
        let found = contracts.find(|(other, _)| *other == role);
        found.map(|(_, address)| *address)
    }

    pub(super) fn user(&self, rng: &mut Rng) -> Address {
        *rng.pick(&self.users)
    }
}

/// One of the first precompiles; on old forks some of them are plain accounts.
pub(super) fn precompile(rng: &mut Rng) -> Address {
    Address::with_last_byte(rng.between(1, 5) as u8)
}

fn named(role: &str, index: usize) -> Address {
    Address::from_word(keccak256(format!("{role} {index}")))
}

/// Few of the many kinds, so that most transactions meet.
fn contracts(rng: &mut Rng, spec: SpecId) -> Vec<(Role, Address)> {
    let mut roles = ASSEMBLED.to_vec();
    if spec.is_enabled_in(SpecId::CANCUN) {
        roles.extend(COMPILED);
    }
    for index in 0..roles.len() {
        let other = index + rng.index(roles.len() - index);
        roles.swap(index, other);
    }
    roles.truncate(3 + rng.index(5));
    if rng.chance(35) {
        // Coming, going and coming again takes several transactions.
        roles[0] = Role::Breeder;
    }
    let mut contracts: Vec<_> = roles
        .into_iter()
        .enumerate()
        .map(|(index, role)| (role, named("contract", index)))
        .collect();
    let children: Vec<_> = contracts
        .iter()
        .flat_map(|(role, address)| children(*role, *address, spec))
        .collect();
    contracts.extend(children);
    contracts.extend(system_contracts(rng, spec));
    contracts
}

/// Where a factory's creations will be.
fn children(role: Role, factory: Address, spec: SpecId) -> Vec<(Role, Address)> {
    let (child, creation) = match role {
        Role::Breeder => (Role::Child, code::child_creation()),
        Role::Solidity(Contract::Factory) => {
            let mut creation = Contract::Child.artifact().creation.to_vec();
            creation.extend(U256::ONE.to_be_bytes::<32>());
            (Role::Solidity(Contract::Child), creation.into())
        }
        _ => return Vec::new(),
    };
    let mut children = vec![(child, factory.create(1))];
    if spec.is_enabled_in(SpecId::PETERSBURG) {
        let hash = keccak256(creation);
        children.extend((0..SALTS).map(|salt| (child, factory.create2(self::salt(salt), hash))));
    }
    children
}

pub(super) fn salt(number: u64) -> B256 {
    U256::from(number).into()
}

fn system_contracts(rng: &mut Rng, spec: SpecId) -> Vec<(Role, Address)> {
    let mut contracts = Vec::new();
    if spec.is_enabled_in(SpecId::CANCUN) && rng.chance(70) {
        contracts.push((Role::BeaconRoots, eip4788::BEACON_ROOTS_ADDRESS));
    }
    if spec.is_enabled_in(SpecId::PRAGUE) && rng.chance(50) {
        contracts.push((Role::History, eip2935::HISTORY_STORAGE_ADDRESS));
    }
    if spec.is_enabled_in(SpecId::PRAGUE) && rng.chance(40) {
        let address = eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS;
        contracts.push((Role::WithdrawalRequests, address));
        let address = eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS;
        contracts.push((Role::ConsolidationRequests, address));
    }
    if spec.is_enabled_in(SpecId::PRAGUE) && rng.chance(30) {
        contracts.push((Role::Deposits, named("deposits", 0)));
    }
    contracts
}
