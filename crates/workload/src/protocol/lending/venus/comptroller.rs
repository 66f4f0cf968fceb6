//! The comptroller, who may administer it, and where it asks for prices.

use super::{ONE, administer, artifact, facets, price_update};
use crate::{
    Call,
    protocol::{
        Stopped,
        lending::{Asset, Deployer},
    },
};
use alloy_primitives::{Address, U256};

pub(super) const ROLES: &str = artifact!("contracts/test", "AccessControlManagerMock");
pub(super) const PROXY: &str = artifact!("contracts/Comptroller", "Unitroller");
pub(super) const DIAMOND: &str = artifact!("contracts/Comptroller/Diamond", "Diamond");
pub(super) const POLICY: &str = artifact!("contracts/Comptroller/Diamond/facets", "PolicyFacet");
pub(super) const MARKETS: &str = artifact!("contracts/Comptroller/Diamond/facets", "MarketFacet");
pub(super) const REWARDS: &str = artifact!("contracts/Comptroller/Diamond/facets", "RewardFacet");
pub(super) const SETTER: &str = artifact!("contracts/Comptroller/Diamond/facets", "SetterFacet");
pub(super) const LENS: &str = artifact!("contracts/Lens", "ComptrollerLens");
pub(super) const PRICES: &str = artifact!("contracts/test", "SimplePriceOracle");
pub(super) const BOUNDED_ORACLE: &str =
    artifact!("@venusprotocol/oracle/contracts", "DeviationBoundedOracle");
pub(super) const ORACLE_PROXY: &str = artifact!(
    "hardhat-deploy/solc_0.8/proxy",
    "OptimizedTransparentUpgradeableProxy"
);

/// Of a loan, a liquidator may repay this part.
const CLOSE_FACTOR: u128 = ONE / 2;
/// Of collateral, this part may be borrowed.
const COLLATERAL_FACTOR: u128 = ONE * 3 / 4;
/// A loan of this part of the collateral is unsafe.
const LIQUIDATION_THRESHOLD: u128 = ONE * 4 / 5;
/// What a liquidator gets for what is repaid.
const LIQUIDATION_INCENTIVE: u128 = ONE * 11 / 10;
/// Rewards of a market for a block, on either side.
const REWARD: u128 = ONE / 100;
/// Venus calls what is not one of its isolated pools so.
const CORE_POOL: u8 = 0;

/// What all markets share.
pub(super) struct Core {
    pub(super) comptroller: Address,
    pub(super) roles: Address,
    pub(super) prices: Address,
}

/// Deploys it and sets everything but the markets.
pub(super) fn deploy(deployer: &mut Deployer<'_>, assets: &[Asset]) -> Result<Core, Stopped> {
    let roles = deployer.create(ROLES, Call::bare().address(deployer.owner))?;
    let comptroller = comptroller(deployer)?;
    let lens = deployer.create(LENS, Call::bare())?;
    let prices = deployer.create(PRICES, Call::bare())?;
    for asset in assets {
        administer(deployer, prices, price_update(asset.token, asset.cents))?;
    }
    let bounded = bounded_oracle(deployer, comptroller, roles, prices)?;
    for call in [
        Call::new("_setAccessControl(address)").address(roles),
        Call::new("_setComptrollerLens(address)").address(lens),
        Call::new("_setPriceOracle(address)").address(prices),
        Call::new("setDeviationBoundedOracle(address)").address(bounded),
        Call::new("_setCloseFactor(uint256)").word(CLOSE_FACTOR),
    ] {
        administer(deployer, comptroller, call)?;
    }
    Ok(Core {
        comptroller,
        roles,
        prices,
    })
}

/// The proxy with its facets.
fn comptroller(deployer: &mut Deployer<'_>) -> Result<Address, Stopped> {
    let proxy = deployer.create(PROXY, Call::bare())?;
    let diamond = deployer.create(DIAMOND, Call::bare())?;
    let pending = Call::new("_setPendingImplementation(address)").address(diamond);
    administer(deployer, proxy, pending)?;
    administer(
        deployer,
        diamond,
        Call::new("_become(address)").address(proxy),
    )?;
    for (artifact, functions) in [
        (POLICY, facets::POLICY),
        (MARKETS, facets::MARKETS),
        (REWARDS, facets::REWARDS),
        (SETTER, facets::SETTER),
    ] {
        let facet = deployer.create(artifact, Call::bare())?;
        administer(deployer, proxy, facets::cut(facet, functions))?;
    }
    Ok(proxy)
}

/// The oracle that bounds prices which move too fast, as on the main network behind
/// a proxy. No bounds are set, so it passes prices on.
fn bounded_oracle(
    deployer: &mut Deployer<'_>,
    comptroller: Address,
    roles: Address,
    prices: Address,
) -> Result<Address, Stopped> {
    // No asset is the currency of the chain: it wants the address of such a market
    // nevertheless, and any that is none will do. Nor is there a stable coin of Venus.
    let arguments = Call::bare()
        .address(prices)
        .address(comptroller)
        .address(Address::ZERO);
    let code = deployer.create(BOUNDED_ORACLE, arguments)?;
    let initialise = Call::new("initialize(address)").address(roles).data();
    let arguments = Call::bare()
        .address(code)
        .address(deployer.owner)
        .word(3 * 32)
        .bytes(&initialise);
    deployer.create(ORACLE_PROXY, arguments)
}

impl Core {
    /// Lists a market. Supply and debt are not limited.
    pub(super) fn list(&self, deployer: &mut Deployer<'_>, market: Address) -> Result<(), Stopped> {
        let pair = |signature: &str, value: U256| {
            // Two lists of one each.
            Call::new(signature)
                .word(2 * 32)
                .word(4 * 32)
                .word(1)
                .address(market)
                .word(1)
                .word(value)
        };
        let rewards = Call::new("_setVenusSpeeds(address[],uint256[],uint256[])")
            .word(3 * 32)
            .word(5 * 32)
            .word(7 * 32)
            .word(1)
            .address(market)
            .word(1)
            .word(REWARD)
            .word(1)
            .word(REWARD);
        for call in [
            Call::new("supportMarket(address)").address(market),
            Call::new("setLiquidationIncentive(address,uint256)")
                .address(market)
                .word(LIQUIDATION_INCENTIVE),
            Call::new("setCollateralFactor(address,uint256,uint256)")
                .address(market)
                .word(COLLATERAL_FACTOR)
                .word(LIQUIDATION_THRESHOLD),
            pair("setMarketSupplyCaps(address[],uint256[])", U256::MAX),
            pair("setMarketBorrowCaps(address[],uint256[])", U256::MAX),
            Call::new("setIsBorrowAllowed(uint96,address,bool)")
                .word(CORE_POOL)
                .address(market)
                .word(1),
            rewards,
        ] {
            administer(deployer, self.comptroller, call)?;
        }
        Ok(())
    }
}
