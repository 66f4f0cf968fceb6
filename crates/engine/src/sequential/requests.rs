//! Execution-layer requests
//! ([EIP-7685](https://eips.ethereum.org/EIPS/eip-7685)).

use super::{Run, system::SystemTransactions};
use crate::{EngineError, TxOutcome};
use alloy_eips::{
    eip6110::DEPOSIT_REQUEST_TYPE, eip7002::WITHDRAWAL_REQUEST_TYPE,
    eip7251::CONSOLIDATION_REQUEST_TYPE, eip7685::Requests,
};
use alloy_primitives::{Address, B256, Log, U256, b256};
use revm::{DatabaseRef, primitives::hardfork::SpecId};

/// `keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)")`.
const DEPOSIT_EVENT: B256 =
    b256!("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");

/// The fields of a deposit event with their sizes in bytes.
const DEPOSIT_FIELDS: [(&str, usize); 5] = [
    ("public key", 48),
    ("withdrawal credentials", 32),
    ("amount", 8),
    ("signature", 96),
    ("index", 8),
];

const WORD: usize = 32;

impl<'a, DB: DatabaseRef, I> Run<'a, DB, I> {
    /// Collects the requests of the block, in the order of their types. Empty
    /// ones are left out.
    pub(super) fn requests(
        &mut self,
        system: &'a SystemTransactions,
    ) -> Result<Requests, EngineError<DB::Error>> {
        let mut requests = Requests::default();
        if !self.block.spec().is_enabled_in(SpecId::PRAGUE) {
            return Ok(requests);
        }
        if let Some(contract) = self.block.protocol.deposit_contract {
            let deposits =
                deposits(&self.output.outcomes, contract).map_err(EngineError::DepositLog)?;
            if !deposits.is_empty() {
                requests.push_request_with_type(DEPOSIT_REQUEST_TYPE, deposits);
            }
        }
        if self.block.protocol.collect_requests {
            let withdrawals = self.withdrawal_requests(system)?;
            if !withdrawals.is_empty() {
                requests.push_request_with_type(WITHDRAWAL_REQUEST_TYPE, withdrawals);
            }
            let consolidations = self.consolidation_requests(system)?;
            if !consolidations.is_empty() {
                requests.push_request_with_type(CONSOLIDATION_REQUEST_TYPE, consolidations);
            }
        }
        Ok(requests)
    }
}

/// The deposits of all logs, concatenated.
pub(crate) fn deposits(outcomes: &[TxOutcome], contract: Address) -> Result<Vec<u8>, String> {
    let mut deposits = Vec::new();
    for outcome in outcomes {
        for log in outcome.result.logs() {
            if log.address == contract && log.topics().first() == Some(&DEPOSIT_EVENT) {
                append_deposit(log, &mut deposits)
                    .map_err(|reason| format!("transaction {}: {reason}", outcome.index))?;
            }
        }
    }
    Ok(deposits)
}

/// Checks the one layout that EIP-6110 admits: five offsets, then each field as
/// its length and its bytes padded to whole words.
fn append_deposit(log: &Log, deposits: &mut Vec<u8>) -> Result<(), String> {
    let data = &log.data.data;
    let is_word = |at: usize, value: usize| {
        data.get(at..at + WORD) == Some(&U256::from(value).to_be_bytes::<WORD>())
    };
    let mut start = DEPOSIT_FIELDS.len() * WORD;
    for (field, (name, size)) in DEPOSIT_FIELDS.into_iter().enumerate() {
        if !is_word(field * WORD, start) {
            return Err(format!("the offset of the {name} is not {start}"));
        }
        if !is_word(start, size) {
            return Err(format!("the size of the {name} is not {size}"));
        }
        let from = start + WORD;
        let bytes = data
            .get(from..from + size)
            .ok_or_else(|| format!("the {name} is cut off"))?;
        deposits.extend_from_slice(bytes);
        start = from + size.next_multiple_of(WORD);
    }
    if data.len() != start {
        return Err(format!("it has {} bytes instead of {start}", data.len()));
    }
    Ok(())
}
