//! Runtime code as it is on Ethereum's mainnet, from a file of recorded codes.
//!
//! ```text
//! mainnet-bytecodes.json.zst: {"0x<hash>": "0x<code>", ...} ─> those wanted, hashed again
//! ```
//!
//! The file has 76 MB unpacked. It is unpacked piece by piece, only what is wanted is
//! kept, and reading ends with the last of it. A code counts only if it has the hash
//! that was asked for, so nothing else in the file has to be trusted.

use crate::{ArtifactError, PublishedArtifacts};
use alloy_primitives::{B256, Bytes, hex, keccak256};
use revm::state::Bytecode;
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
};

/// The name of the file.
pub const MAINNET_CODES: &str = "mainnet-bytecodes.json.zst";

impl PublishedArtifacts {
    /// Checks that the file of mainnet codes is there, without reading it.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::NoMainnetCodes`].
    pub fn check_mainnet(&self) -> Result<(), ArtifactError> {
        let file = self.mainnet_codes();
        if file.is_file() {
            Ok(())
        } else {
            Err(ArtifactError::NoMainnetCodes {
                file: file.to_owned(),
            })
        }
    }

    /// Runtime codes, by their hashes. Immutable values are baked in, so each belongs
    /// at the address that it has on mainnet.
    ///
    /// # Errors
    ///
    /// If the file is not there, cannot be read, or has no such code.
    pub fn mainnet<const N: usize>(
        &self,
        hashes: [B256; N],
    ) -> Result<[Bytecode; N], ArtifactError> {
        self.check_mainnet()?;
        let file = self.mainnet_codes();
        let found = find(file, &hashes).map_err(|source| ArtifactError::Read {
            artifact: file.display().to_string(),
            source,
        })?;
        let mut codes = std::array::from_fn(|_| Bytecode::new());
        for ((code, found), hash) in codes.iter_mut().zip(found).zip(hashes) {
            let right = found.filter(|found| keccak256(found) == hash);
            let raw = right.ok_or_else(|| ArtifactError::NotOnMainnet {
                hash,
                file: file.to_owned(),
            })?;
            *code = Bytecode::new_legacy(raw);
        }
        Ok(codes)
    }
}

/// What the file has under these hashes.
fn find(file: &std::path::Path, hashes: &[B256]) -> io::Result<Vec<Option<Bytes>>> {
    let mut strings = Strings {
        file: BufReader::with_capacity(1 << 17, zstd::Decoder::new(File::open(file)?)?),
        text: Vec::new(),
    };
    let mut codes = vec![None; hashes.len()];
    while codes.iter().any(Option::is_none) && strings.next()? {
        let hash = hex::decode(&strings.text).unwrap_or_default();
        let wanted = hashes.iter().position(|wanted| wanted[..] == hash[..]);
        if !strings.next()? {
            break;
        }
        if let Some(index) = wanted {
            codes[index] = hex::decode(&strings.text).ok().map(Bytes::from);
        }
    }
    Ok(codes)
}

/// The strings of a JSON object that has nothing but strings without escapes.
struct Strings<R> {
    file: R,
    text: Vec<u8>,
}

impl<R: BufRead> Strings<R> {
    /// Whether there is one more, which is then in `text`.
    fn next(&mut self) -> io::Result<bool> {
        self.file.skip_until(b'"')?;
        self.text.clear();
        self.file.read_until(b'"', &mut self.text)?;
        Ok(self.text.pop() == Some(b'"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::PathBuf};

    fn codes_file(name: &str, codes: &[(B256, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let entries: Vec<_> = codes
            .iter()
            .map(|(hash, code)| format!(r#""{hash}": "{code}""#))
            .collect();
        let json = format!("{{{}}}", entries.join(",\n"));
        let file = folder.join(MAINNET_CODES);
        fs::write(&file, zstd::encode_all(json.as_bytes(), 1).unwrap()).unwrap();
        folder
    }

    #[test]
    fn codes_are_found_by_hash() {
        let [one, two] = [[0x60, 1], [0x60, 2]].map(keccak256);
        let folder = codes_file("found", &[(two, "0x6002"), (one, "0x6001")]);
        let artifacts = PublishedArtifacts::at(&folder);
        let codes = artifacts.mainnet([one, two]).unwrap();
        let raw = codes.map(|code| code.original_bytes());
        assert_eq!(raw.map(|code| code.to_vec()), [[0x60, 1], [0x60, 2]]);
        let error = artifacts.mainnet([B256::ZERO]).unwrap_err().to_string();
        assert!(error.contains(&B256::ZERO.to_string()), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_wrong_code_is_none() {
        let hash = keccak256([0x60, 1]);
        for wrong in ["0x6002", "0x600", "what"] {
            let folder = codes_file("wrong", &[(hash, wrong)]);
            let error = PublishedArtifacts::at(&folder).mainnet([hash]).unwrap_err();
            assert!(matches!(error, ArtifactError::NotOnMainnet { .. }));
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let artifacts = PublishedArtifacts::at("nowhere");
        let error = artifacts.mainnet([B256::ZERO]).unwrap_err().to_string();
        assert!(
            error.contains("nowhere/mainnet-bytecodes.json.zst"),
            "{error}"
        );
        assert_eq!(artifacts.check_mainnet().unwrap_err().to_string(), error);
    }
}
