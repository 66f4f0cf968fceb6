//! Contracts that others published, as their npm packages bring them.
//!
//! ```text
//! node_modules/PACKAGE/.../NAME.json ─> read ─> link libraries ─> creation code
//! ```

use crate::{MAINNET_CODES, Snapshots};
use alloy_primitives::{Address, B256, Bytes, hex, keccak256};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The command that installs what [`PublishedArtifacts::installed`] finds.
pub const INSTALL_COMMAND: &str = "npm ci --prefix contracts/third-party";

/// A folder of npm packages (`node_modules`) that hold compiled contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedArtifacts {
    folder: PathBuf,
    mainnet_codes: PathBuf,
    snapshots: Option<Snapshots>,
}

/// Why published code cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The package is not installed.
    #[error("{artifact} is not in {}: `{INSTALL_COMMAND}` installs it", folder.display())]
    Missing {
        /// Path within the folder.
        artifact: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The file is there, but reading it fails.
    #[error("cannot read {artifact}")]
    Read {
        /// Path within the folder.
        artifact: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is not JSON as a compiler writes it.
    #[error("{artifact} is not a compiled contract")]
    Malformed {
        /// Path within the folder.
        artifact: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// An interface or an abstract contract.
    #[error("{artifact} has no code to deploy")]
    NoCode {
        /// Path within the folder.
        artifact: String,
    },
    /// Libraries were not linked.
    #[error("{artifact} cannot be deployed: no address for {}", libraries.join(", "))]
    Unlinked {
        /// Path within the folder.
        artifact: String,
        /// The libraries, or the placeholders where a file does not name them.
        libraries: Vec<String>,
    },
    /// The code is not hexadecimal.
    #[error("the code of {artifact} is not hexadecimal")]
    NotHex {
        /// Path within the folder.
        artifact: String,
        /// Where it is not.
        source: hex::FromHexError,
    },
    /// There is no file of mainnet codes.
    #[error("{} is not there, which has the code of mainnet contracts", file.display())]
    NoMainnetCodes {
        /// Where it was looked for.
        file: PathBuf,
    },
    /// The file of mainnet codes has no code of this hash.
    #[error("{} has no code with hash {hash}", file.display())]
    NotOnMainnet {
        /// Keccak hash of the code.
        hash: B256,
        /// The file.
        file: PathBuf,
    },
}

impl PublishedArtifacts {
    /// Those that [`INSTALL_COMMAND`] installs into the checkout that this
    /// program was built from, mainnet codes of the folder that the environment
    /// variable `PARALLAX_DATA` names (or else of `shared/data` beside the checkout),
    /// and snapshots in its `target`.
    #[must_use]
    pub fn installed() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        // Without `..`, messages are easier to read; a checkout that is gone has none to show.
        let checkout = checkout.canonicalize().unwrap_or(checkout);
        let data = std::env::var_os("PARALLAX_DATA")
            .map_or_else(|| checkout.join("../shared/data"), PathBuf::from);
        let target = checkout.join("target");
        Self {
            folder: checkout.join("contracts/third-party/node_modules"),
            mainnet_codes: data.join(MAINNET_CODES),
            snapshots: target
                .is_dir()
                .then(|| Snapshots::at(target.join("snapshots"))),
        }
    }

    /// Those of a folder of packages; in the same folder the file of mainnet codes.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            mainnet_codes: folder.join(MAINNET_CODES),
            folder,
            snapshots: None,
        }
    }

    /// The same, with states that took long to prepare kept there, or not at all.
    #[must_use]
    pub fn with_snapshots(self, snapshots: Option<Snapshots>) -> Self {
        Self { snapshots, ..self }
    }

    /// Where states that took long to prepare are kept.
    #[must_use]
    pub fn snapshots(&self) -> Option<&Snapshots> {
        self.snapshots.as_ref()
    }

    /// The file of mainnet codes.
    #[must_use]
    pub fn mainnet_codes(&self) -> &Path {
        &self.mainnet_codes
    }

    /// Where they are looked for.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks that files are there, without reading them.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Missing`] for the first that is not.
    pub fn check(&self, artifacts: &[&str]) -> Result<(), ArtifactError> {
        artifacts.iter().try_for_each(|artifact| {
            if self.folder.join(artifact).is_file() {
                Ok(())
            } else {
                Err(self.missing(artifact))
            }
        })
    }

    /// Reads creation code, from a path such as
    /// `@uniswap/v2-core/build/UniswapV2Pair.json`.
    ///
    /// # Errors
    ///
    /// All of [`ArtifactError`] but [`ArtifactError::Unlinked`].
    pub fn read(&self, artifact: &str) -> Result<CreationCode, ArtifactError> {
        let text = self.bytes(artifact)?;
        CreationCode::parse(artifact, &text)
    }

    /// A digest of files, for whatever is made of them.
    ///
    /// # Errors
    ///
    /// If one is not there or cannot be read.
    pub(crate) fn digest(&self, artifacts: &[&str]) -> Result<B256, ArtifactError> {
        let digests = artifacts
            .iter()
            .map(|artifact| Ok(keccak256(self.bytes(artifact)?)));
        let digests = digests.collect::<Result<Vec<_>, ArtifactError>>()?;
        Ok(keccak256(digests.concat()))
    }

    fn bytes(&self, artifact: &str) -> Result<Vec<u8>, ArtifactError> {
        fs::read(self.folder.join(artifact)).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => self.missing(artifact),
            _ => ArtifactError::Read {
                artifact: artifact.to_owned(),
                source,
            },
        })
    }

    fn missing(&self, artifact: &str) -> ArtifactError {
        ArtifactError::Missing {
            artifact: artifact.to_owned(),
            folder: self.folder.clone(),
        }
    }
}

/// Where the compiler left room for addresses: source file, library, places.
type LinkReferences = BTreeMap<String, BTreeMap<String, Vec<Place>>>;

/// In bytes, from the start of the code.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Place {
    start: usize,
}

/// `bytecode` of an artifact: text in truffle's, waffle's and hardhat's, an
/// object in solc's own and in foundry's.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Text(String),
    Object(LinkableCode),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkableCode {
    object: String,
    #[serde(default)]
    link_references: LinkReferences,
}

#[derive(Deserialize)]
struct Evm {
    bytecode: LinkableCode,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    bytecode: Option<Code>,
    evm: Option<Evm>,
    #[serde(default)]
    link_references: LinkReferences,
}

impl Json {
    /// Whichever of its places the tool wrote the code to.
    fn code(self) -> LinkableCode {
        match (self.bytecode, self.evm) {
            (Some(Code::Object(code)), _) => code,
            (_, Some(Evm { bytecode })) => bytecode,
            (Some(Code::Text(object)), None) => LinkableCode {
                object,
                link_references: self.link_references,
            },
            (None, None) => LinkableCode::default(),
        }
    }
}

/// Code that runs at creation, perhaps with libraries still to be linked.
#[derive(Clone, Debug)]
pub struct CreationCode {
    artifact: String,
    /// Hexadecimal digits and placeholders of 40 characters.
    digits: String,
    references: LinkReferences,
}

/// Digits of an address.
const ADDRESS_DIGITS: usize = 2 * Address::len_bytes();

impl CreationCode {
    /// Reads an artifact of truffle, waffle, hardhat, foundry or solc; the name
    /// is for error messages.
    ///
    /// # Errors
    ///
    /// If there is no code in it.
    pub fn parse(artifact: &str, json: &[u8]) -> Result<Self, ArtifactError> {
        let json: Json =
            serde_json::from_slice(json).map_err(|source| malformed(artifact, source))?;
        let LinkableCode {
            object,
            link_references,
        } = json.code();
        let digits = object.strip_prefix("0x").unwrap_or(&object).to_owned();
        if digits.is_empty() {
            return Err(ArtifactError::NoCode {
                artifact: artifact.to_owned(),
            });
        }
        Ok(Self {
            artifact: artifact.to_owned(),
            digits,
            references: link_references,
        })
    }

    /// Puts the address of a library in, wherever it is needed; nothing happens
    /// if it is needed nowhere.
    #[must_use]
    pub fn link(mut self, library: &str, address: Address) -> Self {
        let address = hex::encode(address);
        let places = self
            .references
            .values()
            .filter_map(|file| file.get(library));
        for start in places.flatten().map(|place| 2 * place.start) {
            let digits = start..start.saturating_add(ADDRESS_DIGITS);
            // Outside the code there is nothing to link; what is inside stays
            // a placeholder, which `with_arguments` reports.
            if self.digits.get(digits.clone()).is_some() {
                self.digits.replace_range(digits, &address);
            }
        }
        // Truffle says where by a placeholder with the name, cut to fit.
        let mut placeholder = format!("__{library}");
        placeholder.truncate(ADDRESS_DIGITS);
        let placeholder = format!("{placeholder:_<ADDRESS_DIGITS$}");
        self.digits = self.digits.replace(&placeholder, &address);
        self
    }

    /// The libraries that are not linked yet.
    #[must_use]
    pub fn unlinked(&self) -> Vec<String> {
        let named = self.references.values().flatten();
        let open = named.filter(|(_, places)| {
            places.iter().any(|place| {
                let digits = self.digits.get(2 * place.start..);
                digits.is_some_and(|digits| digits.starts_with('_'))
            })
        });
        let mut libraries: Vec<_> = open.map(|(library, _)| library.clone()).collect();
        if libraries.is_empty()
            && let Some(start) = self.digits.find("__")
        {
            let placeholder = self.digits[start..].chars().take(ADDRESS_DIGITS);
            libraries.push(placeholder.collect());
        }
        libraries
    }

    /// What a creation transaction carries: the code, then the arguments of the
    /// constructor.
    ///
    /// # Errors
    ///
    /// If a library is not linked, or the code is not hexadecimal.
    pub fn with_arguments(&self, arguments: &[u8]) -> Result<Bytes, ArtifactError> {
        let libraries = self.unlinked();
        if !libraries.is_empty() {
            return Err(ArtifactError::Unlinked {
                artifact: self.artifact.clone(),
                libraries,
            });
        }
        let mut code = hex::decode(&self.digits).map_err(|source| ArtifactError::NotHex {
            artifact: self.artifact.clone(),
            source,
        })?;
        code.extend_from_slice(arguments);
        Ok(code.into())
    }
}

fn malformed(artifact: &str, source: serde_json::Error) -> ArtifactError {
    ArtifactError::Malformed {
        artifact: artifact.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
