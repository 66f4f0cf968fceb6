//! The framework deployed as its own tests do it: registry, staking, a release with
//! its services, an instance. Everything belongs to one owner.
//!
//! ```text
//! registry ─> staking ─> release ─> 14 services ─> instance
//! ```

use super::linker::{Linker, word};
use crate::{Call, protocol::Stopped};
use alloy_primitives::{Address, B256, U256};

/// The major version of the release.
const RELEASE: u8 = 3;

/// Services in the order in which the release registers them.
const SERVICES: [&str; 14] = [
    "Registry",
    "Staking",
    "Instance",
    "Accounting",
    "Component",
    "Distribution",
    "Pricing",
    "Bundle",
    "Pool",
    "Oracle",
    "Risk",
    "Policy",
    "Claim",
    "Application",
];

/// What the contracts for products need to know.
pub(super) struct Framework {
    pub(super) registry: Address,
    pub(super) instance: Address,
    /// The instance's number in the registry.
    pub(super) instance_id: U256,
}

/// The registry and what it was created with.
struct Core {
    admin: Address,
    registry: Address,
    releases: Address,
}

impl Framework {
    pub(super) fn deploy(linker: &mut Linker<'_>) -> Result<Self, Stopped> {
        let core = Core::deploy(linker)?;
        let instances = core.release(linker)?;
        let registry = core.registry;
        create_master(linker, registry, instances)?;
        // Any token will do.
        let call = Call::new("createInstance(bool)").word(1u8);
        let created = linker.call(instances, call)?;
        Ok(Self {
            registry,
            instance: Address::from_word(word(&created, 0).into()),
            instance_id: word(&created, 1),
        })
    }
}

impl Core {
    fn deploy(linker: &mut Linker<'_>) -> Result<Self, Stopped> {
        let admin = linker.deploy("RegistryAdmin", Call::bare())?;
        // There is no registry of another chain.
        let arguments = Call::bare().address(admin).address(Address::ZERO);
        let registry = linker.deploy("Registry", arguments)?;
        let releases = linker.deploy("ReleaseRegistry", Call::bare().address(registry))?;
        let core = Self {
            admin,
            registry,
            releases,
        };
        core.open(linker)?;
        Ok(core)
    }

    /// Adds tokens and staking, then gives the owner its roles.
    fn open(&self, linker: &mut Linker<'_>) -> Result<(), Stopped> {
        let Self {
            admin, registry, ..
        } = *self;
        let token = linker.deploy("Dip", Call::bare())?;
        let arguments = Call::bare().address(registry).address(token);
        let tokens = linker.deploy("TokenRegistry", arguments)?;
        let staking = self.deploy_staking(linker, tokens)?;
        let call = Call::new("initialize(address,address,address)")
            .address(self.releases)
            .address(tokens)
            .address(staking);
        linker.call(registry, call)?;
        linker.call(staking, Call::new("linkToRegisteredNftId()"))?;
        let authorization = linker.deploy("RegistryAuthorization", commit_hash())?;
        let call = Call::new("completeSetup(address,address,uint8,address,address)")
            .address(registry)
            .address(authorization)
            .word(RELEASE)
            .address(linker.owner)
            .address(linker.owner);
        linker.call(admin, call)?;
        Ok(())
    }

    fn deploy_staking(&self, linker: &mut Linker<'_>, tokens: Address) -> Result<Address, Stopped> {
        let registry = self.registry;
        let reader = linker.deploy("StakingReader", Call::bare().address(registry))?;
        let arguments = Call::bare().address(registry).address(reader);
        let store = linker.deploy("StakingStore", arguments)?;
        let arguments = Call::bare().address(registry).address(store);
        let targets = linker.deploy("TargetHandler", arguments)?;
        let arguments = Call::bare()
            .address(registry)
            .address(targets)
            .address(store)
            .address(tokens)
            .address(linker.owner)
            .hash(B256::ZERO);
        let manager = linker.deploy("StakingManager", arguments)?;
        let staking = linker.address(manager, "getStaking()")?;
        let call = Call::new("initialize(address)").address(targets);
        linker.call(store, call)?;
        let call = Call::new("initialize(address,address)")
            .address(staking)
            .address(store);
        linker.call(reader, call)?;
        Ok(staking)
    }

    /// Makes a release with all services and activates it; returns the service of
    /// instances.
    fn release(&self, linker: &mut Linker<'_>) -> Result<Address, Stopped> {
        linker.call(self.releases, Call::new("createNextRelease()"))?;
        let authorization = linker.deploy("ServiceAuthorizationV3", commit_hash())?;
        let call = Call::new("prepareNextRelease(address,bytes32)")
            .address(authorization)
            .hash(B256::ZERO);
        let prepared = linker.call(self.releases, call)?;
        let admin = Address::from_word(word(&prepared, 0).into());
        let authority = linker.address(admin, "authority()")?;
        let mut instances = Address::ZERO;
        for name in SERVICES {
            let arguments = Call::bare()
                .address(authority)
                .address(self.registry)
                .hash(B256::ZERO);
            let manager = linker.deploy(&format!("{name}ServiceManager"), arguments)?;
            let service = linker.address(manager, "getProxy()")?;
            let call = Call::new("registerService(address)").address(service);
            linker.call(self.releases, call)?;
            linker.call(manager, Call::new("linkToProxy()"))?;
            if name == "Instance" {
                instances = service;
            }
        }
        linker.call(self.releases, Call::new("activateNextRelease()"))?;
        Ok(instances)
    }
}

/// Creates the instance that all others are clones of.
fn create_master(
    linker: &mut Linker<'_>,
    registry: Address,
    instances: Address,
) -> Result<(), Stopped> {
    let manager = linker.deploy("AccessManagerCloneable", Call::bare())?;
    let admin = linker.deploy("InstanceAdmin", Call::bare().address(manager))?;
    let mut call = Call::new(
        "initialize((address,address,address,address,address,address),address,uint8,address,bool)",
    )
    .address(admin);
    for part in [
        "InstanceStore",
        "ProductStore",
        "BundleSet",
        "RiskSet",
        "InstanceReader",
    ] {
        call = call.address(linker.deploy(part, Call::bare())?);
    }
    let call = call
        .address(registry)
        .word(RELEASE)
        .address(linker.owner)
        .word(0u8);
    let master = linker.deploy("Instance", Call::bare())?;
    linker.call(master, call)?;
    let call = Call::new("setAndRegisterMasterInstance(address)").address(master);
    linker.call(instances, call)?;
    let authorization = linker.deploy("InstanceAuthorizationV3", Call::bare())?;
    let call = Call::new("completeSetup(address,address,uint8,address)")
        .address(registry)
        .address(authorization)
        .word(RELEASE)
        .address(master);
    linker.call(admin, call)?;
    Ok(())
}

/// What an authorization is created with; any 40 digits will do.
fn commit_hash() -> Call {
    Call::bare().word(32u8).bytes(&[b'0'; 40])
}
