//! Creates contracts, and before them the libraries that they are linked with.

use super::artifacts;
use crate::{ArtifactError, Call, PublishedArtifacts, Setup, protocol::Stopped};
use alloy_primitives::{Address, Bytes, U256};
use std::collections::BTreeMap;

/// Creates contracts of the framework, each library once.
pub(super) struct Linker<'a> {
    pub(super) setup: &'a mut Setup,
    artifacts: &'a PublishedArtifacts,
    pub(super) owner: Address,
    libraries: BTreeMap<String, Address>,
}

impl<'a> Linker<'a> {
    pub(super) fn new(
        setup: &'a mut Setup,
        artifacts: &'a PublishedArtifacts,
        owner: Address,
    ) -> Self {
        Self {
            setup,
            artifacts,
            owner,
            libraries: BTreeMap::new(),
        }
    }

    /// Creates a contract; the call has no selector, only the constructor's arguments.
    pub(super) fn deploy(&mut self, contract: &str, arguments: Call) -> Result<Address, Stopped> {
        let path = artifacts::of(contract).ok_or_else(|| ArtifactError::Missing {
            artifact: contract.to_owned(),
            folder: self.artifacts.folder().to_owned(),
        })?;
        let mut code = self.artifacts.read(path)?;
        for library in code.unlinked() {
            let address = match self.libraries.get(&library) {
                Some(address) => *address,
                None => {
                    let address = self.deploy(&library, Call::bare())?;
                    self.libraries.insert(library.clone(), address);
                    address
                }
            };
            code = code.link(&library, address);
        }
        let code = code.with_arguments(&arguments.data())?;
        Ok(self.setup.deploy(self.owner, code)?)
    }

    /// A call by the owner; what it returns.
    pub(super) fn call(&mut self, to: Address, call: Call) -> Result<Bytes, Stopped> {
        Ok(self.setup.call(self.owner, to, call.data())?)
    }

    /// The address that a getter returns.
    pub(super) fn address(&mut self, of: Address, getter: &str) -> Result<Address, Stopped> {
        let output = self.setup.read(of, Call::new(getter).data())?;
        Ok(Address::from_word(word(&output, 0).into()))
    }
}

/// A word of what a call returned, 0 where it returned less.
pub(super) fn word(output: &[u8], index: usize) -> U256 {
    let word = output.get(32 * index..32 * (index + 1));
    word.map_or(U256::ZERO, U256::from_be_slice)
}
