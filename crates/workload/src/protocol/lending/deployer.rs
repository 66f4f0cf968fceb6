//! Published contracts, created and administered by one owner.

use crate::{Call, PublishedArtifacts, Setup, protocol::Stopped};
use alloy_primitives::{Address, B256, Bytes};

/// Who creates contracts and administers them.
pub(in crate::protocol) struct Deployer<'a> {
    setup: &'a mut Setup,
    artifacts: &'a PublishedArtifacts,
    pub(super) owner: Address,
}

impl<'a> Deployer<'a> {
    pub(super) fn new(
        setup: &'a mut Setup,
        artifacts: &'a PublishedArtifacts,
        owner: Address,
    ) -> Self {
        Self {
            setup,
            artifacts,
            owner,
        }
    }

    /// Creates a contract.
    pub(super) fn create(&mut self, artifact: &str, arguments: Call) -> Result<Address, Stopped> {
        self.create_linked(artifact, &[], arguments)
    }

    /// Creates a contract that needs libraries.
    pub(super) fn create_linked(
        &mut self,
        artifact: &str,
        libraries: &[(&str, Address)],
        arguments: Call,
    ) -> Result<Address, Stopped> {
        let code = self.artifacts.read(artifact)?;
        let code = libraries.iter().fold(code, |code, (library, address)| {
            code.link(library, *address)
        });
        let code = code.with_arguments(&arguments.data())?;
        Ok(self.setup.deploy(self.owner, code)?)
    }

    /// Calls a contract; what it returns.
    pub(super) fn call(&mut self, to: Address, call: Call) -> Result<Bytes, Stopped> {
        Ok(self.setup.call(self.owner, to, call.data())?)
    }

    /// Asks a contract for an address.
    pub(super) fn address(&mut self, to: Address, call: Call) -> Result<Address, Stopped> {
        let word = self.setup.read(to, call.data())?;
        Ok(Address::from_word(B256::left_padding_from(&word)))
    }
}
