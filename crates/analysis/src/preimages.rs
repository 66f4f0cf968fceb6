//! What slots are called: mappings and arrays, from the hashes that a block computes.
//!
//! Solidity keeps `mapping[key]` at `keccak(key . base)` and item `i` of an array at
//! `keccak(base) + i`; Vyper swaps key and base. Whoever saw what was hashed can read
//! a slot backwards, also through several levels.

use alloy_primitives::{Address, U256, keccak256};
use std::{collections::BTreeMap, fmt};

/// Hashes that contracts computed, and of what.
#[derive(Clone, Debug, Default)]
pub struct Preimages(BTreeMap<U256, Preimage>);

#[derive(Clone, Copy, Debug)]
enum Preimage {
    /// Two words: the first and the second.
    Pair(U256, U256),
    /// One word.
    Word(U256),
}

/// Where a slot is, seen from the contract's variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotName {
    /// The slot of the variable itself.
    pub base: U256,
    /// How to get from there to the slot.
    pub path: Vec<SlotPart>,
}

/// A step from a variable to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotPart {
    /// The value of a mapping at this key.
    Key(U256),
    /// This word of an array's items.
    Item(u64),
    /// This word of a struct; never 0.
    Field(u64),
}

/// Slots behind a hash that still belong to it: structs and items of arrays.
const REACH: u64 = 1 << 16;

/// Words of a value of a mapping, mostly.
const FIELDS: u64 = 64;

/// Variables have lower slots than this, and hashes do not.
const VARIABLES: u64 = 1 << 20;

/// Mappings of mappings are this deep at most.
const DEEPEST: usize = 6;

impl Preimages {
    /// Notes that 64 bytes were hashed.
    pub fn add_pair(&mut self, first: U256, second: U256) {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&first.to_be_bytes::<32>());
        bytes[32..].copy_from_slice(&second.to_be_bytes::<32>());
        let hash = keccak256(bytes).into();
        self.0.insert(hash, Preimage::Pair(first, second));
    }

    /// Notes that 32 bytes were hashed.
    pub fn add_word(&mut self, word: U256) {
        let hash = keccak256(word.to_be_bytes::<32>()).into();
        self.0.insert(hash, Preimage::Word(word));
    }

    /// What a slot is called; its number alone if nothing was hashed for it.
    #[must_use]
    pub fn name(&self, slot: U256) -> SlotName {
        self.name_within(slot, DEEPEST)
    }

    fn name_within(&self, slot: U256, levels: usize) -> SlotName {
        let plain = SlotName {
            base: slot,
            path: Vec::new(),
        };
        let Some((hash, preimage)) = self.0.range(..=slot).next_back() else {
            return plain;
        };
        let offset = slot - hash;
        if slot < U256::from(VARIABLES) || levels == 0 || offset >= U256::from(REACH) {
            return plain;
        }
        let offset = offset.to::<u64>();
        match *preimage {
            Preimage::Word(base) => {
                let mut name = self.name_within(base, levels - 1);
                name.path.push(SlotPart::Item(offset));
                name
            }
            Preimage::Pair(..) if offset >= FIELDS => plain,
            Preimage::Pair(first, second) => {
                let (base, key) = self.base_and_key(first, second);
                let mut name = self.name_within(base, levels - 1);
                name.path.push(SlotPart::Key(key));
                if offset > 0 {
                    name.path.push(SlotPart::Field(offset));
                }
                name
            }
        }
    }

    /// Solidity hashes the key first, Vyper the base. A base is a variable or a hash.
    fn base_and_key(&self, first: U256, second: U256) -> (U256, U256) {
        let is_base = |word: U256| word < U256::from(VARIABLES) || self.0.contains_key(&word);
        if is_base(second) || !is_base(first) {
            (second, first)
        } else {
            (first, second)
        }
    }
}

impl SlotName {
    /// Whether it is a variable of its own, and not part of a mapping or array.
    #[must_use]
    pub fn is_variable(&self) -> bool {
        self.path.is_empty()
    }

    /// The keys of the mappings on the way.
    pub fn keys(&self) -> impl Iterator<Item = U256> + '_ {
        self.path.iter().filter_map(|part| match part {
            SlotPart::Key(key) => Some(*key),
            SlotPart::Item(_) | SlotPart::Field(_) => None,
        })
    }
}

/// A word as a reader would write it: an address, a small number, or a hash.
pub(crate) fn word(word: U256) -> String {
    if word < U256::from(1_000_000_000) {
        word.to_string()
    } else if let Some(address) = as_address(word) {
        short(address)
    } else {
        let text = format!("{word:#066x}");
        format!("{}…{}", &text[..8], &text[62..])
    }
}

/// The address in a word, if it looks like one.
pub(crate) fn as_address(word: U256) -> Option<Address> {
    let is_address = word < U256::ONE << 160 && word >= U256::ONE << 64;
    is_address.then(|| Address::from_word(word.into()))
}

/// An address, shortened.
pub(crate) fn short(address: Address) -> String {
    let text = format!("{address:#x}");
    format!("{}…{}", &text[..8], &text[38..])
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot {}", word(self.base))?;
        for part in &self.path {
            match part {
                SlotPart::Key(key) => write!(f, "[{}]", word(*key))?,
                SlotPart::Item(item) => write!(f, "[word {item}]")?,
                SlotPart::Field(field) => write!(f, " + {field}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(first: U256, second: U256) -> U256 {
        let bytes = [first.to_be_bytes::<32>(), second.to_be_bytes::<32>()].concat();
        keccak256(bytes).into()
    }

    #[test]
    fn slots_are_read_backwards() {
        let owner = U256::from_be_slice(Address::repeat_byte(0xaa).as_slice());
        let spender = U256::from_be_slice(Address::repeat_byte(0xbb).as_slice());
        let mut preimages = Preimages::default();
        let two = U256::from(2);
        preimages.add_pair(owner, two);
        let inner = hash(owner, two);
        preimages.add_pair(spender, inner);
        preimages.add_word(U256::from(7));
        let name = |slot| preimages.name(slot).to_string();
        assert_eq!(name(two), "slot 2");
        assert_eq!(name(inner), "slot 2[0xaaaaaa…aaaa]");
        assert_eq!(
            name(hash(spender, inner) + U256::from(3)),
            "slot 2[0xaaaaaa…aaaa][0xbbbbbb…bbbb] + 3"
        );
        let items: U256 = keccak256(U256::from(7).to_be_bytes::<32>()).into();
        assert_eq!(name(items + U256::from(12)), "slot 7[word 12]");
        let unknown = hash(two, two);
        assert!(preimages.name(unknown).is_variable());
        let keys: Vec<_> = preimages.name(hash(spender, inner)).keys().collect();
        assert_eq!(keys, [owner, spender]);
    }

    #[test]
    fn vyper_hashes_the_base_first() {
        let owner = U256::from_be_slice(Address::repeat_byte(0xaa).as_slice());
        let mut preimages = Preimages::default();
        preimages.add_pair(U256::from(4), owner);
        let name = preimages.name(hash(U256::from(4), owner));
        assert_eq!(name.to_string(), "slot 4[0xaaaaaa…aaaa]");
    }
}
