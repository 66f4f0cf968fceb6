//! Which facet of the comptroller has which function: all that markets, users and
//! the administrator call.

use crate::Call;
use alloy_primitives::{Address, B256, keccak256};

pub(super) const POLICY: &[&str] = &[
    "mintAllowed(address,address,uint256)",
    "mintVerify(address,address,uint256,uint256)",
    "redeemAllowed(address,address,uint256)",
    "redeemVerify(address,address,uint256,uint256)",
    "borrowAllowed(address,address,uint256)",
    "borrowVerify(address,address,uint256)",
    "repayBorrowAllowed(address,address,address,uint256)",
    "repayBorrowVerify(address,address,address,uint256,uint256)",
    "liquidateBorrowAllowed(address,address,address,address,uint256)",
    "liquidateBorrowVerify(address,address,address,address,uint256,uint256)",
    "seizeAllowed(address,address,address,address,uint256)",
    "seizeVerify(address,address,address,address,uint256)",
    "transferAllowed(address,address,address,uint256)",
    "transferVerify(address,address,address,uint256)",
    "getAccountLiquidity(address)",
    "getBorrowingPower(address)",
    "getHypotheticalAccountLiquidity(address,address,uint256,uint256)",
    "_setVenusSpeeds(address[],uint256[],uint256[])",
];

pub(super) const MARKETS: &[&str] = &[
    "isComptroller()",
    "liquidateCalculateSeizeTokens(address,address,uint256)",
    "liquidateCalculateSeizeTokens(address,address,address,uint256)",
    "checkMembership(address,address)",
    "enterMarkets(address[])",
    "exitMarket(address)",
    "supportMarket(address)",
    "updateDelegate(address,bool)",
    "getAssetsIn(address)",
    "getAllMarkets()",
    "isMarketListed(address)",
    "markets(address)",
    "getCollateralFactor(address)",
    "getLiquidationThreshold(address)",
    "getLiquidationIncentive(address)",
    "getEffectiveLtvFactor(address,address,uint8)",
    "getEffectiveLiquidationIncentive(address,address)",
    "actionPaused(address,uint8)",
    "approvedDelegates(address,address)",
    "closeFactorMantissa()",
    "comptrollerLens()",
    "deviationBoundedOracle()",
    "oracle()",
    "treasuryAddress()",
    "treasuryPercent()",
    "vaiController()",
    "venusAccrued(address)",
];

pub(super) const REWARDS: &[&str] = &["claimVenus(address)", "claimVenus(address,address[])"];

pub(super) const SETTER: &[&str] = &[
    "_setAccessControl(address)",
    "_setComptrollerLens(address)",
    "_setPriceOracle(address)",
    "_setCloseFactor(uint256)",
    "setDeviationBoundedOracle(address)",
    "setCollateralFactor(address,uint256,uint256)",
    "setLiquidationIncentive(address,uint256)",
    "setMarketSupplyCaps(address[],uint256[])",
    "setMarketBorrowCaps(address[],uint256[])",
    "setIsBorrowAllowed(uint96,address,bool)",
];

/// Adds functions to the comptroller.
pub(super) fn cut(facet: Address, functions: &[&str]) -> Call {
    const ADD: u8 = 0;
    let call = Call::new("diamondCut((address,uint8,bytes4[])[])")
        // A list of one facet: where it and then its own list of functions begin.
        .word(32)
        .word(1)
        .word(32)
        .address(facet)
        .word(ADD)
        .word(3 * 32)
        .word(functions.len());
    functions.iter().fold(call, |call, function| {
        let selector = &keccak256(function)[..4];
        call.hash(B256::right_padding_from(selector))
    })
}
