//! What the log has of a block: what it wrote, and what was there before.
//!
//! ```text
//! write-set   root 32  storage roots n x (hashed address 32  root 32)
//!             pieces n x accounts n x (address 20  flags  [nonce  balance  [code hash 32]]
//!             slots n x (slot  word))  codes n x bytes
//! change-set  accounts n x (address 20  row of the account before
//!             slots n x (slot  word before))  postings n x digest 8
//! ```
//!
//! Numbers have 7 bits in a byte, words are without leading zeros behind their length.

use crate::{
    Digest,
    account::Account,
    codec::{Broken, Input, put_bytes, put_number, put_word},
    flat::code_of,
    prepare::{Changed, Prepared},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use parallax_engine::{AccountChange, StateChanges};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::collections::BTreeMap;

const EXISTS: u8 = 1;
const WIPED: u8 = 2;
const HAS_CODE: u8 = 4;

/// What a block wrote.
#[derive(Debug, Default)]
pub(crate) struct WriteSet {
    /// Of the state after it.
    pub(crate) root: B256,
    /// Of storage that changed, by hashed address.
    pub(crate) storage_roots: Vec<(B256, B256)>,
    /// In this order. What was there before is left open: accounts had not existed, and
    /// words were zero.
    pub(crate) pieces: Vec<StateChanges>,
}

/// Appends a write-set.
pub(crate) fn put_write_set(
    root: &B256,
    storage_roots: &BTreeMap<B256, B256>,
    pieces: &[Prepared],
    codes: &[(B256, Bytecode)],
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(root.as_slice());
    put_number(out, storage_roots.len() as u64);
    for (key, root) in storage_roots {
        out.extend_from_slice(key.as_slice());
        out.extend_from_slice(root.as_slice());
    }
    put_number(out, pieces.len() as u64);
    for piece in pieces {
        put_number(out, piece.accounts.len() as u64);
        for changed in &piece.accounts {
            put_written(changed, out);
        }
    }
    put_number(out, codes.len() as u64);
    for (_, code) in codes {
        put_bytes(out, code.original_byte_slice());
    }
}

fn put_written(changed: &Changed, out: &mut Vec<u8>) {
    let flag = |is_set, flag| if is_set { flag } else { 0 };
    let code = changed
        .after
        .map_or(KECCAK_EMPTY, |account| account.code_hash);
    let flags = flag(changed.after.is_some(), EXISTS)
        | flag(changed.dead.is_some(), WIPED)
        | flag(code != KECCAK_EMPTY, HAS_CODE);
    out.extend_from_slice(changed.address.as_slice());
    out.push(flags);
    if let Some(account) = &changed.after {
        put_number(out, account.nonce);
        put_word(out, &account.balance);
        if code != KECCAK_EMPTY {
            out.extend_from_slice(code.as_slice());
        }
    }
    put_number(out, changed.slots.len() as u64);
    for slot in &changed.slots {
        put_word(out, &slot.slot);
        put_word(out, &slot.after);
    }
}

/// The root that a write-set begins with.
pub(crate) fn root_of(mut input: Input<'_>) -> Result<B256, Broken> {
    input.hash()
}

/// Reads a write-set.
pub(crate) fn read_write_set(mut input: Input<'_>) -> Result<WriteSet, Broken> {
    let mut write_set = WriteSet {
        root: input.hash()?,
        ..WriteSet::default()
    };
    for _ in 0..input.count()? {
        let (key, root) = (input.hash()?, input.hash()?);
        write_set.storage_roots.push((key, root));
    }
    for _ in 0..input.count()? {
        let accounts = (0..input.count()?).map(|_| read_written(&mut input));
        write_set.pieces.push(StateChanges {
            accounts: accounts.collect::<Result<_, _>>()?,
            contracts: Vec::new(),
        });
    }
    for _ in 0..input.count()? {
        let code = input.bytes()?;
        let hash = keccak256(code);
        let code = code_of(code.to_vec().into());
        match write_set.pieces.last_mut() {
            Some(piece) => piece.contracts.push((hash, code)),
            None => return Err(Broken),
        }
    }
    input.end()?;
    Ok(write_set)
}

fn read_written(input: &mut Input<'_>) -> Result<AccountChange, Broken> {
    let (address, flags) = (input.address()?, input.byte()?);
    let mut change = AccountChange {
        address,
        before: None,
        after: None,
        wiped: flags & WIPED != 0,
        storage: Vec::new(),
    };
    if flags & EXISTS != 0 {
        change.after = Some(AccountInfo {
            nonce: input.number()?,
            balance: input.word()?,
            code_hash: match flags & HAS_CODE {
                0 => KECCAK_EMPTY,
                _ => input.hash()?,
            },
            code: None,
            ..AccountInfo::default()
        });
    }
    for _ in 0..input.count()? {
        let (slot, after) = (input.word()?, input.word()?);
        change.storage.push((slot, U256::ZERO, after));
    }
    Ok(change)
}

/// What was before a block.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    pub(crate) accounts: Vec<Before>,
    pub(crate) postings: Vec<Digest>,
}

/// How an account that a block has changed was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// Whose.
    pub address: Address,
    /// The account; `None` if there was none.
    pub account: Option<Account>,
    /// Slots that have changed, and the words that they had. If the account went with the
    /// block, all that it had are not listed.
    pub slots: Vec<(U256, U256)>,
}

/// Appends a change-set, but for the postings, which are behind it.
pub(crate) fn put_change_set(prepared: &[Prepared], out: &mut Vec<u8>) {
    let accounts = || prepared.iter().flat_map(|piece| &piece.accounts);
    put_number(out, accounts().count() as u64);
    let mut row = Vec::new();
    for changed in accounts() {
        out.extend_from_slice(changed.address.as_slice());
        row.clear();
        if let Some(before) = &changed.before {
            before.put(&mut row);
        }
        put_bytes(out, &row);
        put_number(out, changed.slots.len() as u64);
        for slot in &changed.slots {
            put_word(out, &slot.slot);
            put_word(out, &slot.before);
        }
    }
}

/// Appends the postings of a change-set.
pub(crate) fn put_postings(postings: &[Digest], out: &mut Vec<u8>) {
    put_number(out, postings.len() as u64);
    postings
        .iter()
        .for_each(|digest| out.extend_from_slice(digest));
}

/// Reads a change-set.
pub(crate) fn read_change_set(mut input: Input<'_>) -> Result<ChangeSet, Broken> {
    let mut change_set = ChangeSet::default();
    for _ in 0..input.count()? {
        let address = input.address()?;
        let account = match input.bytes()? {
            [] => None,
            row => Some(Account::read(row)?),
        };
        let slots = (0..input.count()?).map(|_| Ok((input.word()?, input.word()?)));
        change_set.accounts.push(Before {
            address,
            account,
            slots: slots.collect::<Result<_, Broken>>()?,
        });
    }
    for _ in 0..input.count()? {
        change_set.postings.push(input.array()?);
    }
    input.end()?;
    Ok(change_set)
}
