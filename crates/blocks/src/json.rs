//! The JSON of a recorded block, as it stands in the file.

use crate::error::BlockFileError;
use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap},
};
use serde::{Deserialize, de::DeserializeOwned};

/// The only `format` that is known; files without one are read the same way.
pub(crate) const FORMAT: &str = "rb1";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawBlock {
    pub(crate) format: Option<String>,
    pub(crate) chain_id: Option<u64>,
    pub(crate) header: Header,
    pub(crate) txs: Vec<Bytes>,
    pub(crate) senders: Option<Vec<Address>>,
    pub(crate) withdrawals: Option<Vec<RawWithdrawal>>,
    #[serde(default)]
    pub(crate) block_hashes: HashMap<u64, B256>,
    pub(crate) pre: Option<AddressMap<RawAccount>>,
    pub(crate) pre_hashed: Option<B256Map<RawAccount>>,
    pub(crate) parent_state_root: Option<B256>,
    pub(crate) witness: Option<Vec<Bytes>>,
}

/// An account of `pre` or `preHashed`. In the latter the keys of `storage` are
/// hashes, which have the form of a number as well.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawAccount {
    pub(crate) balance: U256,
    pub(crate) nonce: u64,
    pub(crate) code_hash: Option<B256>,
    #[serde(default)]
    pub(crate) storage: HashMap<U256, U256>,
}

/// A withdrawal as JSON-RPC writes it, or as the list of its RLP items in
/// hexadecimal.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a withdrawal is an object with index, validatorIndex, address and amount, or a list of these four"
)]
pub(crate) enum RawWithdrawal {
    #[serde(rename_all = "camelCase")]
    Object {
        index: String,
        validator_index: String,
        address: String,
        amount: String,
    },
    List(String, String, String, String),
}

impl RawWithdrawal {
    /// Decodes withdrawal number `position` of `file`.
    pub(crate) fn decode(self, file: &str, position: usize) -> Result<Withdrawal, BlockFileError> {
        let (index, validator_index, address, amount) = match self {
            Self::Object {
                index,
                validator_index,
                address,
                amount,
            }
            | Self::List(index, validator_index, address, amount) => {
                (index, validator_index, address, amount)
            }
        };
        let wrong = |field: &str, reason: &dyn std::fmt::Display| {
            BlockFileError::field(file, format!("withdrawals[{position}].{field}"), reason)
        };
        let number = |field: &str, text: &str| {
            u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16)
                .map_err(|error| wrong(field, &error))
        };
        Ok(Withdrawal {
            index: number("index", &index)?,
            validator_index: number("validatorIndex", &validator_index)?,
            address: address.parse().map_err(|error| wrong("address", &error))?,
            amount: number("amount", &amount)?,
        })
    }
}

/// Parses JSON; the error names the file and the path of the field.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &[u8]) -> Result<T, BlockFileError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let field = if matches!(path.as_str(), "." | "?") {
            "JSON".into()
        } else {
            path
        };
        BlockFileError::field(file, field, error.into_inner())
    })?;
    json.end()
        .map_err(|error| BlockFileError::field(file, "JSON", error))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_withdrawal_are_the_same() {
        let object = r#"{"index":"0x742712b","validatorIndex":"0xe141b",
            "address":"0xee25d3e2bf2ce279eb725d7f9b4b4505bbbe9276","amount":"0xf881de"}"#;
        let list = r#"["0742712b","0e141b","ee25d3e2bf2ce279eb725d7f9b4b4505bbbe9276","f881de"]"#;
        let decode = |text: &str| {
            parse::<RawWithdrawal>("1.json", text.as_bytes())
                .and_then(|raw| raw.decode("1.json", 0))
                .unwrap()
        };
        assert_eq!(decode(object), decode(list));
        assert_eq!(decode(list).amount, 0xf8_81de);
    }

    #[test]
    fn errors_name_file_and_field() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Outer {
            inner: Vec<u64>,
        }
        let error = parse::<Outer>("7.json", br#"{"inner": [1, "two"]}"#).unwrap_err();
        assert!(
            error.to_string().starts_with("7.json: inner[1]: "),
            "{error}"
        );
        let error = parse::<Outer>("7.json", br#"{"inner": [1"#).unwrap_err();
        assert!(error.to_string().contains("EOF"), "{error}");
    }
}
