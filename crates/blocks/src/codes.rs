//! The contract codes that the blocks of one source share.

use crate::{error::BlockFileError, json};
use alloy_primitives::{B256, Bytes, hex, keccak256, map::B256Map};
use revm::state::Bytecode;

/// Codes by hash, hash-checked, decoded and analysed when a block first asks for them.
pub(crate) struct Codes {
    place: String,
    exists: bool,
    encoded: B256Map<String>,
    analysed: B256Map<Bytecode>,
}

impl Codes {
    /// There is no `codes.json` at `place`.
    pub(crate) fn absent(place: String) -> Self {
        Self {
            place,
            exists: false,
            encoded: B256Map::default(),
            analysed: B256Map::default(),
        }
    }

    /// Parses `codes.json`.
    pub(crate) fn parse(place: String, text: &[u8]) -> Result<Self, BlockFileError> {
        Ok(Self {
            encoded: json::parse(&place, text)?,
            analysed: B256Map::default(),
            exists: true,
            place,
        })
    }

    /// The code with this hash, if it is known. All callers share one copy.
    ///
    /// A missing code is no error here: accounts are recorded with the hash of
    /// their code even where no transaction reads the code.
    pub(crate) fn get(&mut self, hash: B256) -> Result<Option<Bytecode>, BlockFileError> {
        if let Some(code) = self.analysed.get(&hash) {
            return Ok(Some(code.clone()));
        }
        let wrong = |reason: &dyn std::fmt::Display| {
            BlockFileError::field(&self.place, hash.to_string(), reason)
        };
        if !self.exists {
            return Err(wrong(&"a block needs this code, and the file is missing"));
        }
        let Some(text) = self.encoded.get(&hash) else {
            return Ok(None);
        };
        let bytes = Bytes::from(hex::decode(text).map_err(|error| wrong(&error))?);
        let actual = keccak256(&bytes);
        if actual != hash {
            return Err(wrong(&format_args!("the code hashes to {actual}")));
        }
        let code = Bytecode::new_raw_checked(bytes).map_err(|error| wrong(&error))?;
        self.encoded.remove(&hash);
        self.analysed.insert(hash, code.clone());
        Ok(Some(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_codes_are_named() {
        let hash = keccak256([0x60, 0x01]);
        let text = format!(r#"{{"{hash}":"6001","{}":"6002"}}"#, B256::ZERO);
        let mut codes = Codes::parse("codes.json".into(), text.as_bytes()).unwrap();
        for _ in 0..2 {
            let code = codes.get(hash).unwrap().unwrap();
            assert_eq!(code.original_byte_slice(), [0x60, 0x01]);
        }
        let error = Codes::absent("codes.json".into()).get(hash).unwrap_err();
        assert!(error.to_string().contains("is missing"), "{error}");
        let error = codes.get(B256::ZERO).unwrap_err().to_string();
        assert!(error.contains("the code hashes to"), "{error}");
        assert_eq!(codes.get(B256::repeat_byte(7)).unwrap(), None);
    }
}
