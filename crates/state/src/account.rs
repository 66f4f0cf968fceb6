//! Accounts as the flat state keeps them.

use crate::codec::{Broken, Input, put_number, put_word};
use alloy_primitives::{Address, B256, U256};
use alloy_rlp::{Encodable, Header};
use parallax_trie::EMPTY_ROOT;
use revm::{primitives::KECCAK_EMPTY, state::AccountInfo};

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose: the preimage of the key under which it lies.
    pub address: Address,
    /// Under which number its storage lies. Another one when the storage is gone at once.
    pub id: u64,
    /// Transactions sent, or contracts made.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Of its code.
    pub code_hash: B256,
    /// Of its storage.
    pub storage_root: B256,
}

/// What follows upon the nonce and the balance.
const HAS_CODE: u8 = 1;
const HAS_STORAGE: u8 = 2;

impl Account {
    /// With empty storage.
    pub(crate) fn new(address: Address, id: u64, info: &AccountInfo) -> Self {
        Self {
            address,
            id,
            nonce: info.nonce,
            balance: info.balance,
            code_hash: info.code_hash,
            storage_root: EMPTY_ROOT,
        }
    }

    /// As the EVM sees it; its code is not with it.
    #[must_use]
    pub fn info(&self) -> AccountInfo {
        AccountInfo {
            balance: self.balance,
            nonce: self.nonce,
            code_hash: self.code_hash,
            code: None,
            ..AccountInfo::default()
        }
    }

    /// The leaf of the account trie (yellow paper, 4.1).
    #[must_use]
    pub fn leaf(&self) -> AccountLeaf {
        let payload = self.nonce.length() + self.balance.length() + 33 + 33;
        let mut leaf = AccountLeaf {
            bytes: [0; AccountLeaf::MOST],
            len: 0,
        };
        let mut out = &mut leaf.bytes[..];
        let header = Header {
            list: true,
            payload_length: payload,
        };
        header.encode(&mut out);
        self.nonce.encode(&mut out);
        self.balance.encode(&mut out);
        self.storage_root.encode(&mut out);
        self.code_hash.encode(&mut out);
        leaf.len = AccountLeaf::MOST - out.len();
        leaf
    }

    /// The row in the store.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.address.as_slice());
        out.extend_from_slice(&self.id.to_be_bytes());
        let code = if self.code_hash == KECCAK_EMPTY {
            0
        } else {
            HAS_CODE
        };
        let storage = if self.storage_root == EMPTY_ROOT {
            0
        } else {
            HAS_STORAGE
        };
        out.push(code | storage);
        put_number(out, self.nonce);
        put_word(out, &self.balance);
        if code != 0 {
            out.extend_from_slice(self.code_hash.as_slice());
        }
        if storage != 0 {
            out.extend_from_slice(self.storage_root.as_slice());
        }
    }

    /// Reads a row.
    pub(crate) fn read(row: &[u8]) -> Result<Self, Broken> {
        let mut input = Input(row);
        let (address, id, flags) = (input.address()?, input.fixed()?, input.byte()?);
        let (nonce, balance) = (input.number()?, input.word()?);
        let mut hash = |flag, otherwise| match flags & flag {
            0 => Ok(otherwise),
            _ => input.hash(),
        };
        let account = Self {
            address,
            id,
            nonce,
            balance,
            code_hash: hash(HAS_CODE, KECCAK_EMPTY)?,
            storage_root: hash(HAS_STORAGE, EMPTY_ROOT)?,
        };
        input.end()?;
        if flags > HAS_CODE | HAS_STORAGE {
            return Err(Broken);
        }
        Ok(account)
    }
}

/// The encoding of a leaf of the account trie.
#[derive(Clone, Copy, Debug)]
pub struct AccountLeaf {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl AccountLeaf {
    /// Two bytes of header, a nonce of 8, a balance of 32 and two hashes, each with one.
    const MOST: usize = 2 + 9 + 33 + 33 + 33;
}

impl AsRef<[u8]> for AccountLeaf {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The encoding of a leaf of a storage trie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordLeaf {
    bytes: [u8; 33],
    len: u8,
}

impl WordLeaf {
    pub(crate) fn new(word: &U256) -> Self {
        let mut bytes = [0; 33];
        let mut out = &mut bytes[..];
        word.encode(&mut out);
        let len = 33 - out.len() as u8;
        Self { bytes, len }
    }
}

impl AsRef<[u8]> for WordLeaf {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The key of a word of storage: account id, hashed slot.
pub(crate) type SlotKey = [u8; 40];

pub(crate) fn slot_key(id: u64, slot: &B256) -> SlotKey {
    let mut key = [0; 40];
    key[..8].copy_from_slice(&id.to_be_bytes());
    key[8..].copy_from_slice(slot.as_slice());
    key
}

/// The hashed slot in a key.
pub(crate) fn slot_of(key: &SlotKey) -> B256 {
    B256::from_slice(&key[8..])
}
