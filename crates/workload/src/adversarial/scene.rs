//! Everything about a block except its transactions.

use super::{
    AdversarialConfig,
    cast::{Cast, Role, precompile},
    code,
    program::Programmer,
};
use crate::{Contract, MemoryState, Workload, layout, rng::Rng, world::ETHER};
use alloy_eips::{
    eip2935, eip4788, eip4844::DATA_GAS_PER_BLOB, eip4895::Withdrawal, eip7002, eip7251,
};
use alloy_primitives::{Address, Bytes, U256};
use parallax_engine::{Block, Ommer, ProtocolChanges};
use revm::{
    context::{BlockEnv, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
    state::Bytecode,
};

/// Everything about a block except its transactions.
pub(super) struct Scene {
    pub(super) spec: SpecId,
    pub(super) env: BlockEnv,
    pub(super) cast: Cast,
    protocol: ProtocolChanges,
    state: MemoryState,
}

impl Scene {
    pub(super) fn new(rng: &mut Rng, spec: SpecId, config: AdversarialConfig) -> Self {
        let cast = Cast::new(rng, spec);
        let env = environment(rng, spec, cast.coinbase, config);
        let protocol = protocol(rng, spec, &cast, &env);
        let state = state(rng, spec, &cast);
        Self {
            spec,
            env,
            cast,
            protocol,
            state,
        }
    }

    /// A block without transactions.
    pub(super) fn workload(&self, name: String) -> Workload {
        let mut cfg = CfgEnv::new_with_spec(self.spec);
        cfg.max_blobs_per_tx = Some(max_blobs(self.spec));
        Workload {
            name,
            description: "random transactions made to conflict".to_owned(),
            block: Block {
                cfg,
                env: self.env.clone(),
                transactions: Vec::new(),
                protocol: self.protocol.clone(),
                max_blob_gas: Some(max_blobs(self.spec) * DATA_GAS_PER_BLOB),
            },
            state: self.state.clone(),
            reverts: Vec::new(),
        }
    }
}

/// Blobs that a block, and so a transaction, may have.
pub(super) fn max_blobs(spec: SpecId) -> u64 {
    // Prague raised it to 9 (EIP-7691), Osaka allows 6 a transaction (EIP-7594).
    if spec == SpecId::PRAGUE { 9 } else { 6 }
}

fn environment(
    rng: &mut Rng,
    spec: SpecId,
    coinbase: Address,
    config: AdversarialConfig,
) -> BlockEnv {
    let roomy = 30_000_000.max(1_000_000 * config.transactions as u64);
    let tight = 600_000 + 40_000 * config.transactions as u64;
    let merged = spec.is_enabled_in(SpecId::MERGE);
    BlockEnv {
        number: U256::from(1_000_000 + rng.below(1_000)),
        beneficiary: coinbase,
        timestamp: U256::from(1_700_000_000 + rng.below(1_000)),
        gas_limit: if rng.chance(20) { tight } else { roomy },
        basefee: if spec.is_enabled_in(SpecId::LONDON) {
            *rng.pick(&[0, 7, 1_000_000_000])
        } else {
            0
        },
        difficulty: U256::from(if merged { 0 } else { 131_072 + rng.below(9) }),
        prevrandao: merged.then(|| rng.hash()),
        blob_excess_gas_and_price: spec.is_enabled_in(SpecId::CANCUN).then(|| {
            let excess = *rng.pick(&[0, 10_000_000]);
            BlobExcessGasAndPrice::new_with_spec(excess, spec)
        }),
        slot_num: 0,
    }
}

fn protocol(rng: &mut Rng, spec: SpecId, cast: &Cast, env: &BlockEnv) -> ProtocolChanges {
    let mut protocol = ProtocolChanges::default();
    if spec.is_enabled_in(SpecId::PRAGUE) {
        protocol.parent_hash = rng.chance(60).then(|| rng.hash());
        protocol.collect_requests = cast.find(Role::WithdrawalRequests).is_some() && rng.chance(80);
        protocol.deposit_contract = cast.find(Role::Deposits);
    }
    if spec.is_enabled_in(SpecId::CANCUN) {
        protocol.parent_beacon_block_root = rng.chance(70).then(|| rng.hash());
    }
    if spec.is_enabled_in(SpecId::SHANGHAI) {
        protocol.withdrawals = (0..rng.below(4))
            .map(|index| Withdrawal {
                index,
                validator_index: rng.below(3),
                address: cast.anyone(rng),
                amount: *rng.pick(&[0, 1, 32_000_000_000]),
            })
            .collect();
    }
    if !spec.is_enabled_in(SpecId::MERGE) {
        protocol.block_reward = *rng.pick(&[None, Some(0), Some(2 * ETHER), Some(5 * ETHER)]);
        protocol.ommers = (0..rng.below(3))
            .map(|_| Ommer {
                beneficiary: cast.anyone(rng),
                number: env.number.to::<u64>() - rng.between(1, 6),
            })
            .collect();
    }
    protocol
}

fn state(rng: &mut Rng, spec: SpecId, cast: &Cast) -> MemoryState {
    let mut state = MemoryState::default();
    for address in &cast.empty {
        state.set_account(*address, U256::ZERO, 0);
    }
    if rng.chance(50) && state.account(cast.coinbase).is_none() {
        state.set_account(cast.coinbase, U256::from(ETHER), 0);
    }
    if rng.chance(30) {
        // Somebody has already paid to where a contract will be created.
        state.set_account(cast.fresh[2], U256::from(7), 0);
    }
    if rng.chance(15) {
        // There is already a contract, so the creation will collide.
        state.set_raw_code(cast.fresh[2], code::child());
    }
    if rng.chance(30) {
        state.set_account(precompile(rng), U256::ONE, 0);
    }
    for user in &cast.users {
        add_user(rng, spec, cast, &mut state, *user);
    }
    for (role, address) in &cast.contracts {
        add_contract(rng, spec, cast, &mut state, (*role, *address));
    }
    state
}

fn add_user(rng: &mut Rng, spec: SpecId, cast: &Cast, state: &mut MemoryState, user: Address) {
    let balance = match rng.below(100) {
        // Somebody must be able to pay for what follows.
        _ if user == cast.users[0] => 10 * ETHER,
        0..55 => 10 * ETHER,
        55..75 => ETHER / 1_000 * u128::from(rng.between(1, 20)),
        75..85 => u128::from(rng.below(100_000)),
        _ => 0,
    };
    // The last nonce that a transaction may have is 2^64 - 2 (EIP-2681).
    let nonce = if rng.chance(3) {
        u64::MAX - 2
    } else {
        rng.below(4)
    };
    // Somebody who has nothing may well not exist.
    if balance > 0 || nonce > 0 {
        state.set_account(user, U256::from(balance), nonce);
    }
    if spec.is_enabled_in(SpecId::PRAGUE) && rng.chance(30) {
        let target = cast.anyone(rng);
        state.set_account(user, U256::from(balance), nonce.max(1));
        state.set_code(user, Bytecode::new_eip7702(target));
    }
}

fn add_contract(
    rng: &mut Rng,
    spec: SpecId,
    cast: &Cast,
    state: &mut MemoryState,
    (role, address): (Role, Address),
) {
    // Most children are born in the block, some were there before.
    if role.is_child() && rng.chance(60) {
        return;
    }
    state.set_raw_code(address, runtime(rng, spec, cast, role));
    let balance = *rng.pick(&[0, 0, 1_000, ETHER]);
    state.set_account(address, U256::from(balance), 1);
    match role {
        // All zero is how they stand when nobody has used them for a while.
        Role::BeaconRoots
        | Role::History
        | Role::WithdrawalRequests
        | Role::ConsolidationRequests => {}
        Role::Solidity(Contract::Token) => {
            for user in &cast.users {
                let amount = U256::from(rng.below(2_000));
                state.add_storage(address, layout::token::balance(*user), amount);
                state.add_storage(address, layout::token::TOTAL_SUPPLY, amount);
            }
        }
        _ => {
            for slot in 0..code::SLOTS {
                state.set_storage(address, U256::from(slot), U256::from(rng.below(3)));
            }
        }
    }
}

fn runtime(rng: &mut Rng, spec: SpecId, cast: &Cast, role: Role) -> Bytes {
    match role {
        Role::Counter => code::counter(),
        Role::Ring => code::ring(),
        Role::Hop => code::hop(),
        Role::Breeder => code::breeder(spec),
        Role::Child => code::child(),
        Role::Wallet => code::wallet(spec),
        Role::Prober => code::prober(spec),
        Role::Mortal => code::mortal(),
        Role::Reverter => code::reverter(spec),
        Role::Relay => code::relay(spec),
        Role::Deposits => code::deposits(),
        Role::Program => Programmer { cast, spec }.program(rng),
        Role::Solidity(contract) => contract.code().original_bytes(),
        Role::BeaconRoots => eip4788::BEACON_ROOTS_CODE.clone(),
        Role::History => eip2935::HISTORY_STORAGE_CODE.clone(),
        Role::WithdrawalRequests => eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE.clone(),
        Role::ConsolidationRequests => eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE.clone(),
    }
}
