//! Accounts that everybody knows the keys of.

use alloy_primitives::{Address, B256};
use coins_bip39::{English, Mnemonic};
use eyre::WrapErr;

/// An account with its key.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) address: Address,
    pub(super) key: B256,
}

/// The first accounts of some words, by a path that ends before their number.
pub(super) fn derive(words: &str, path: &str, count: u32) -> eyre::Result<Vec<Account>> {
    let mnemonic = Mnemonic::<English>::new_from_phrase(words.trim());
    let mnemonic = mnemonic.wrap_err("--mnemonic: these are not twelve to 24 words of BIP-39")?;
    let path = match path.ends_with('/') {
        true => path.to_owned(),
        false => format!("{path}/"),
    };
    let accounts = (0..count).map(|index| {
        let key = mnemonic.derive_key(format!("{path}{index}").as_str(), None);
        let key = key.wrap_err("--derivation-path")?;
        let key: &coins_bip32::prelude::SigningKey = key.as_ref();
        Ok(Account {
            address: Address::from_private_key(key),
            key: B256::from_slice(&key.to_bytes()),
        })
    });
    accounts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};

    #[test]
    fn they_are_those_of_anvil() {
        let words = "test test test test test test test test test test test junk";
        let accounts = derive(words, "m/44'/60'/0'/0/", 2).unwrap();
        let first = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(accounts[0].address, first);
        let key = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        assert_eq!(accounts[0].key, key);
        let second = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
        assert_eq!(accounts[1].address, second);
        assert!(derive("test test", "m/44'/60'/0'/0/", 1).is_err());
    }
}
