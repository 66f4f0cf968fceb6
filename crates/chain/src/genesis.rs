//! The first block, and the state after it, in geth's format.

use crate::{Activation, Fork, GenesisError, Schedule};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_eips::{eip1559::INITIAL_BASE_FEE, eip7685::EMPTY_REQUESTS_HASH};
use alloy_genesis::{ChainConfig, Genesis as Json, GenesisAccount};
use alloy_primitives::{B64, B256, U256};
use alloy_trie::EMPTY_ROOT_HASH;
use parallax_engine::{AccountChange, StateChanges};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};

/// How a chain begins.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// The forks.
    pub schedule: Schedule,
    /// The first block; its state root is yet to be computed from `changes`.
    pub header: Header,
    /// The accounts that there are from the start.
    pub changes: StateChanges,
    /// What was read, for those who want to see it.
    json: Json,
}

impl Genesis {
    /// Reads geth's `genesis.json`.
    ///
    /// # Errors
    /// If it is none, or if its forks contradict each other.
    pub fn read(json: &[u8]) -> Result<Self, GenesisError> {
        let json: Json = serde_json::from_slice(json)?;
        Self::try_from(json)
    }

    /// It as JSON in geth's format.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.json).unwrap_or_default()
    }
}

impl TryFrom<Json> for Genesis {
    type Error = GenesisError;

    fn try_from(json: Json) -> Result<Self, GenesisError> {
        let schedule = schedule(&json.config)?;
        let accounts = json.alloc.iter();
        let accounts = accounts.filter_map(|(address, account)| {
            let mut change = account_change(account)?;
            change.address = *address;
            Some(change)
        });
        let codes = json.alloc.values().filter_map(|account| {
            let code = account.code.clone().filter(|code| !code.is_empty())?;
            let code = Bytecode::new_raw_checked(code.clone())
                .unwrap_or_else(|_| Bytecode::new_legacy(code));
            Some((code.hash_slow(), code))
        });
        let mut changes = StateChanges {
            accounts: accounts.collect(),
            contracts: codes.collect(),
        };
        changes.sort();
        Ok(Self {
            header: header(&schedule, &json),
            schedule,
            changes,
            json,
        })
    }
}

fn account_change(account: &GenesisAccount) -> Option<AccountChange> {
    let storage = account.storage.iter().flatten();
    let word = |word: &B256| U256::from_be_bytes(word.0);
    let storage = storage
        .map(|(slot, value)| (word(slot), U256::ZERO, word(value)))
        .filter(|(_, _, value)| !value.is_zero());
    let code = account.code.as_ref().filter(|code| !code.is_empty());
    let change = AccountChange {
        address: alloy_primitives::Address::ZERO,
        before: None,
        after: Some(AccountInfo {
            balance: account.balance,
            nonce: account.nonce.unwrap_or_default(),
            code_hash: code.map_or(KECCAK_EMPTY, alloy_primitives::keccak256),
            code: None,
            ..AccountInfo::default()
        }),
        wiped: false,
        storage: storage.collect(),
    };
    // An empty account is one that does not exist, except to those who list it: geth keeps
    // it, and so its root has it.
    Some(change)
}

fn header(schedule: &Schedule, json: &Json) -> Header {
    let number = json.number.unwrap_or_default();
    let fork = schedule.fork(number, json.timestamp, json.difficulty);
    let since = |first: Fork| fork >= first;
    Header {
        number,
        parent_hash: json.parent_hash.unwrap_or_default(),
        timestamp: json.timestamp,
        nonce: B64::from(json.nonce),
        extra_data: json.extra_data.clone(),
        gas_limit: json.gas_limit,
        difficulty: json.difficulty,
        mix_hash: json.mix_hash,
        beneficiary: json.coinbase,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        state_root: EMPTY_ROOT_HASH,
        base_fee_per_gas: since(Fork::London).then(|| {
            json.base_fee_per_gas
                .and_then(|fee| fee.try_into().ok())
                .unwrap_or(INITIAL_BASE_FEE)
        }),
        withdrawals_root: since(Fork::Shanghai).then_some(EMPTY_ROOT_HASH),
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::ZERO),
        blob_gas_used: since(Fork::Cancun).then(|| json.blob_gas_used.unwrap_or_default()),
        excess_blob_gas: since(Fork::Cancun).then(|| json.excess_blob_gas.unwrap_or_default()),
        requests_hash: since(Fork::Prague).then_some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

/// The forks of a configuration as geth has it.
fn schedule(config: &ChainConfig) -> Result<Schedule, GenesisError> {
    let merge = match config.terminal_total_difficulty {
        _ if config.terminal_total_difficulty_passed => Some(Activation::Number(0)),
        // A chain that begins with proof of stake.
        Some(U256::ZERO) => Some(Activation::Number(0)),
        Some(total) => Some(Activation::Difficulty(total)),
        None => None,
    };
    let number = |at: Option<u64>| at.map(Activation::Number);
    let time = |at: Option<u64>| at.map(Activation::Timestamp);
    let dao = config.dao_fork_block.filter(|_| config.dao_fork_support);
    let forks = [
        (Fork::Homestead, number(config.homestead_block)),
        (Fork::Dao, number(dao)),
        (Fork::TangerineWhistle, number(config.eip150_block)),
        (Fork::SpuriousDragon, number(config.eip158_block)),
        (Fork::Byzantium, number(config.byzantium_block)),
        (Fork::Constantinople, number(config.constantinople_block)),
        (Fork::Petersburg, number(config.petersburg_block)),
        (Fork::Istanbul, number(config.istanbul_block)),
        (Fork::MuirGlacier, number(config.muir_glacier_block)),
        (Fork::Berlin, number(config.berlin_block)),
        (Fork::London, number(config.london_block)),
        (Fork::ArrowGlacier, number(config.arrow_glacier_block)),
        (Fork::GrayGlacier, number(config.gray_glacier_block)),
        (Fork::Paris, merge),
        (Fork::Shanghai, time(config.shanghai_time)),
        (Fork::Cancun, time(config.cancun_time)),
        (Fork::Prague, time(config.prague_time)),
        (Fork::Osaka, time(config.osaka_time)),
        (Fork::Bpo1, time(config.bpo1_time)),
        (Fork::Bpo2, time(config.bpo2_time)),
        (Fork::Bpo3, time(config.bpo3_time)),
        (Fork::Bpo4, time(config.bpo4_time)),
        (Fork::Bpo5, time(config.bpo5_time)),
    ];
    let forks = forks.map(|(fork, at)| at.map(|at| (fork, at)));
    let mut schedule = Schedule::new(config.chain_id).with_netsplit(config.merge_netsplit_block);
    for (fork, at) in forks.into_iter().flatten() {
        if let Some((earlier, before)) = schedule.forks().last()
            && is_before(at, *before)
        {
            return Err(GenesisError::Order {
                earlier: *earlier,
                later: fork,
            });
        }
        schedule = schedule.with(fork, at);
    }
    for (name, blobs) in &config.blob_schedule {
        if let Some(fork) = blob_fork(name) {
            schedule = schedule.with_blobs(fork, *blobs);
        }
    }
    Ok(match config.deposit_contract_address {
        Some(contract) => schedule.with_deposit_contract(contract),
        None => schedule,
    })
}

const fn is_before(later: Activation, earlier: Activation) -> bool {
    match (later, earlier) {
        (Activation::Number(later), Activation::Number(earlier))
        | (Activation::Timestamp(later), Activation::Timestamp(earlier)) => later < earlier,
        _ => false,
    }
}

fn blob_fork(name: &str) -> Option<Fork> {
    Some(match name {
        "cancun" => Fork::Cancun,
        "prague" => Fork::Prague,
        "osaka" => Fork::Osaka,
        "bpo1" => Fork::Bpo1,
        "bpo2" => Fork::Bpo2,
        "bpo3" => Fork::Bpo3,
        "bpo4" => Fork::Bpo4,
        "bpo5" => Fork::Bpo5,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_out_of_order_are_refused() {
        let json = |london| {
            format!(
                r#"{{"config":{{"chainId":1,"homesteadBlock":9,"londonBlock":{london}}},
                "nonce":"0x0","timestamp":"0x0","extraData":"0x","gasLimit":"0x1","difficulty":"0x1",
                "mixHash":"{}","coinbase":"{}","alloc":{{}}}}"#,
                B256::ZERO,
                alloy_primitives::Address::ZERO
            )
        };
        assert!(Genesis::read(json(9).as_bytes()).is_ok());
        let error = Genesis::read(json(8).as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "its forks are out of order: London begins before Homestead"
        );
        assert!(Genesis::read(b"[").is_err());
    }
}
