//! Where the code of the framework is.

macro_rules! artifacts {
    ($($path:literal),* $(,)?) => {
        &[$(concat!("@etherisc/gif-next/artifacts/contracts/", $path, ".json")),*]
    };
}

/// All that it takes, libraries included.
pub(in crate::protocol) const ARTIFACTS: &[&str] = artifacts![
    "accounting/AccountingServiceManager.sol/AccountingServiceManager",
    "authorization/AccessAdminLib.sol/AccessAdminLib",
    "authorization/AccessManagerCloneable.sol/AccessManagerCloneable",
    "distribution/DistributionServiceManager.sol/DistributionServiceManager",
    "examples/fire/FirePool.sol/FirePool",
    "examples/fire/FirePoolAuthorization.sol/FirePoolAuthorization",
    "examples/fire/FireProduct.sol/FireProduct",
    "examples/fire/FireProductAuthorization.sol/FireProductAuthorization",
    "examples/fire/FireUSD.sol/FireUSD",
    "instance/BundleSet.sol/BundleSet",
    "instance/Instance.sol/Instance",
    "instance/InstanceAdmin.sol/InstanceAdmin",
    "instance/InstanceAuthorizationV3.sol/InstanceAuthorizationV3",
    "instance/InstanceReader.sol/InstanceReader",
    "instance/InstanceServiceManager.sol/InstanceServiceManager",
    "instance/InstanceStore.sol/InstanceStore",
    "instance/ProductStore.sol/ProductStore",
    "instance/RiskSet.sol/RiskSet",
    "instance/base/ObjectSetHelperLib.sol/ObjectSetHelperLib",
    "mock/Dip.sol/Dip",
    "oracle/OracleServiceManager.sol/OracleServiceManager",
    "pool/BundleServiceManager.sol/BundleServiceManager",
    "pool/PoolLib.sol/PoolLib",
    "pool/PoolServiceManager.sol/PoolServiceManager",
    "product/ApplicationServiceManager.sol/ApplicationServiceManager",
    "product/ClaimServiceManager.sol/ClaimServiceManager",
    "product/PolicyServiceLib.sol/PolicyServiceLib",
    "product/PolicyServiceManager.sol/PolicyServiceManager",
    "product/PricingServiceManager.sol/PricingServiceManager",
    "product/RiskServiceManager.sol/RiskServiceManager",
    "registry/Registry.sol/Registry",
    "registry/RegistryAdmin.sol/RegistryAdmin",
    "registry/RegistryAuthorization.sol/RegistryAuthorization",
    "registry/RegistryServiceManager.sol/RegistryServiceManager",
    "registry/ReleaseRegistry.sol/ReleaseRegistry",
    "registry/ServiceAuthorizationV3.sol/ServiceAuthorizationV3",
    "registry/TokenRegistry.sol/TokenRegistry",
    "shared/ComponentServiceManager.sol/ComponentServiceManager",
    "shared/ContractLib.sol/ContractLib",
    "shared/TokenHandlerDeployerLib.sol/TokenHandlerDeployerLib",
    "staking/StakingLib.sol/StakingLib",
    "staking/StakingManager.sol/StakingManager",
    "staking/StakingReader.sol/StakingReader",
    "staking/StakingServiceManager.sol/StakingServiceManager",
    "staking/StakingStore.sol/StakingStore",
    "staking/TargetHandler.sol/TargetHandler",
    "staking/TargetManagerLib.sol/TargetManagerLib",
    "type/Amount.sol/AmountLib",
    "type/Blocknumber.sol/BlocknumberLib",
    "type/ChainId.sol/ChainIdLib",
    "type/ClaimId.sol/ClaimIdLib",
    "type/DistributorType.sol/DistributorTypeLib",
    "type/Fee.sol/FeeLib",
    "type/Key32.sol/Key32Lib",
    "type/Key32Set.sol/LibKey32Set",
    "type/NftId.sol/NftIdLib",
    "type/NftIdSet.sol/LibNftIdSet",
    "type/ObjectType.sol/ObjectTypeLib",
    "type/PayoutId.sol/PayoutIdLib",
    "type/Referral.sol/ReferralLib",
    "type/RequestId.sol/RequestIdLib",
    "type/RiskId.sol/RiskIdLib",
    "type/RoleId.sol/RoleIdLib",
    "type/Seconds.sol/SecondsLib",
    "type/Selector.sol/SelectorLib",
    "type/Selector.sol/SelectorSetLib",
    "type/StateId.sol/StateIdLib",
    "type/String.sol/StrLib",
    "type/Timestamp.sol/TimestampLib",
    "type/UFixed.sol/UFixedLib",
    "type/Version.sol/VersionLib",
    "type/Version.sol/VersionPartLib",
];

/// The file of a contract or library.
pub(super) fn of(contract: &str) -> Option<&'static str> {
    let mut artifacts = ARTIFACTS.iter();
    let found = artifacts.find(|path| {
        let file = path.rsplit('/').next();
        file.and_then(|file| file.strip_suffix(".json")) == Some(contract)
    });
    found.copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_are_found_by_name() {
        let registry = "@etherisc/gif-next/artifacts/contracts/registry/Registry.sol/Registry.json";
        assert_eq!(of("Registry"), Some(registry));
        assert_eq!(of("Regist"), None);
    }
}
