//! States as bytes.
//!
//! ```text
//! codes:    count, { length, bytes }
//! accounts: count, { address, balance, nonce, number of its code, slots: count, { slot, value } }
//! ```
//!
//! Counts, lengths and nonces have 8 bytes; slots have 32; other words begin with their
//! length. Everything is sorted, so the same state is the same bytes.

use crate::MemoryState;
use alloy_primitives::{Address, B256, Bytes, U256, map::B256Map};
use revm::state::Bytecode;

/// The number of an account without code; codes have theirs from 1 on.
const NO_CODE: u64 = 0;

/// Appends a state.
pub(super) fn encode(state: &MemoryState, to: &mut Vec<u8>) {
    let mut accounts: Vec<_> = state.accounts().collect();
    accounts.sort_unstable_by_key(|(address, ..)| *address);
    let numbers = encode_codes(state, to);
    put(to, accounts.len() as u64);
    for (address, info, storage) in accounts {
        to.extend(address);
        put_word(to, info.balance);
        put(to, info.nonce);
        let number = numbers.get(&info.code_hash);
        put(to, number.copied().unwrap_or(NO_CODE));
        let mut slots: Vec<_> = storage.iter().collect();
        slots.sort_unstable();
        put(to, slots.len() as u64);
        for (slot, value) in slots {
            to.extend(slot.to_be_bytes::<32>());
            put_word(to, *value);
        }
    }
}

/// Appends all codes; their numbers.
fn encode_codes(state: &MemoryState, to: &mut Vec<u8>) -> B256Map<u64> {
    let codes = state.accounts().filter_map(|(_, info, _)| {
        let code = info.code.as_ref().filter(|code| !code.is_empty())?;
        Some((info.code_hash, code))
    });
    let mut codes: Vec<_> = codes.collect();
    codes.sort_unstable_by_key(|(hash, _)| *hash);
    codes.dedup_by_key(|(hash, _)| *hash);
    put(to, codes.len() as u64);
    for (_, code) in &codes {
        put_bytes(to, &code.original_bytes());
    }
    let hashes = codes.iter().map(|(hash, _)| *hash);
    hashes.zip(1..).collect()
}

/// Takes a state off the front, if there is one.
pub(super) fn decode(from: &mut &[u8]) -> Option<MemoryState> {
    let mut state = MemoryState::default();
    let codes = (0..number(from)?).map(|_| {
        let raw = Bytes::copy_from_slice(bytes(from)?);
        Bytecode::new_raw_checked(raw).ok()
    });
    let codes = codes.collect::<Option<Vec<_>>>()?;
    for _ in 0..number(from)? {
        let address = Address::new(array(from)?);
        let balance = word(from)?;
        let nonce = number(from)?;
        state.set_account(address, balance, nonce);
        let code = number(from)?;
        if code != NO_CODE {
            let index = usize::try_from(code - 1).ok()?;
            state.set_code(address, codes.get(index)?.clone());
        }
        for _ in 0..number(from)? {
            let slot = U256::from_be_bytes(array::<32>(from)?);
            state.set_storage(address, slot, word(from)?);
        }
    }
    Some(state)
}

fn put(to: &mut Vec<u8>, number: u64) {
    to.extend(number.to_be_bytes());
}

/// Appends bytes and their number.
pub(super) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    put(to, bytes.len() as u64);
    to.extend(bytes);
}

fn put_word(to: &mut Vec<u8>, word: U256) {
    let bytes = B256::from(word);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // At most 32.
    to.push((bytes.len() - zeros) as u8);
    to.extend(&bytes[zeros..]);
}

fn array<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*head)
}

fn number(from: &mut &[u8]) -> Option<u64> {
    array(from).map(u64::from_be_bytes)
}

fn take<'a>(from: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(head)
}

/// Takes bytes off the front.
pub(super) fn bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(number(from)?).ok()?;
    take(from, len)
}

fn word(from: &mut &[u8]) -> Option<U256> {
    let [len] = array(from)?;
    U256::try_from_be_slice(take(from, len.into())?)
}
