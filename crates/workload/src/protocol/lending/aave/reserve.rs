//! Reserves of Aave V3: an asset with the tokens that stand for deposits and debts.

use super::{Asset, Deployer, artifact};
use crate::{Call, protocol::Stopped};
use alloy_primitives::Address;

pub(super) const A_TOKEN: &str = artifact!("protocol/tokenization", "AToken");
pub(super) const STABLE_DEBT: &str = artifact!("protocol/tokenization", "StableDebtToken");
pub(super) const VARIABLE_DEBT: &str = artifact!("protocol/tokenization", "VariableDebtToken");
pub(super) const RATES: &str = artifact!("protocol/pool", "DefaultReserveInterestRateStrategy");

/// A hundredth of a percent.
const BASIS_POINT: u128 = 10_u128.pow(23);

/// What interest is made of, in basis points: the usage up to which it rises slowly,
/// then for variable rates the least and both slopes, for stable ones both slopes
/// and two premiums, and the share of stable debts from which the second one counts.
const INTEREST: [u128; 9] = [8_000, 0, 400, 7_500, 50, 7_500, 100, 800, 2_000];

/// Settings of a reserve in basis points: how much of the collateral may be borrowed,
/// from how much on a loan is unsafe, and what a liquidator gets for what is repaid.
const COLLATERAL: [u32; 3] = [7_500, 8_000, 10_500];
/// What the protocol keeps of interest, and of a liquidator's bonus.
const FEES: [(&str, u32); 2] = [
    ("setReserveFactor(address,uint256)", 1_000),
    ("setLiquidationProtocolFee(address,uint256)", 1_000),
];

/// What reserves have in common.
struct Codes {
    /// Of the token for deposits, and of those for stable and variable debts.
    tokens: [Address; 3],
    rates: Address,
}

/// Lists all assets.
pub(super) fn list(
    deployer: &mut Deployer<'_>,
    provider: Address,
    pool: Address,
    configurator: Address,
    assets: &[Asset],
) -> Result<(), Stopped> {
    let mut tokens = [Address::ZERO; 3];
    for (token, artifact) in tokens.iter_mut().zip([A_TOKEN, STABLE_DEBT, VARIABLE_DEBT]) {
        *token = deployer.create(artifact, Call::bare().address(pool))?;
    }
    let interest = INTEREST
        .into_iter()
        .fold(Call::bare().address(provider), |call, points| {
            call.word(points * BASIS_POINT)
        });
    let rates = deployer.create(RATES, interest)?;
    let codes = Codes { tokens, rates };
    for (index, asset) in assets.iter().enumerate() {
        let reserve = initialisation(deployer.owner, &codes, asset.token, index);
        deployer.call(configurator, reserve)?;
        configure(deployer, configurator, asset.token)?;
    }
    Ok(())
}

fn configure(
    deployer: &mut Deployer<'_>,
    configurator: Address,
    asset: Address,
) -> Result<(), Stopped> {
    let signature = "configureReserveAsCollateral(address,uint256,uint256,uint256)";
    let collateral = COLLATERAL
        .into_iter()
        .fold(Call::new(signature).address(asset), Call::word);
    deployer.call(configurator, collateral)?;
    let borrowing = Call::new("setReserveBorrowing(address,bool)");
    deployer.call(configurator, borrowing.address(asset).word(1))?;
    for (signature, points) in FEES {
        let fee = Call::new(signature).address(asset).word(points);
        deployer.call(configurator, fee)?;
    }
    Ok(())
}

/// One reserve; its fees go to the owner.
fn initialisation(owner: Address, codes: &Codes, asset: Address, index: usize) -> Call {
    const DECIMALS: u8 = 18;
    /// Words before the texts: an offset for each of them is among these.
    const HEAD: usize = 15;
    const TEXT_WORDS: usize = 2;
    let texts = [
        "Aave T",
        "aT",
        "Variable Debt T",
        "vT",
        "Stable Debt T",
        "sT",
    ]
    .map(|name| format!("{name}{index}"));
    let signature = "initReserves((address,address,address,uint8,address,address,address,address,\
                     string,string,string,string,string,string,bytes)[])";
    let call = Call::new(signature)
        // A list of one, which begins after its offset.
        .word(32)
        .word(1)
        .word(32);
    let [deposits, stable_debts, variable_debts] = codes.tokens;
    let mut call = call
        .address(deposits)
        .address(stable_debts)
        .address(variable_debts)
        .word(DECIMALS)
        .address(codes.rates)
        .address(asset)
        .address(owner)
        // Nobody adds incentives.
        .address(Address::ZERO);
    // The last argument is empty and comes after the texts.
    for argument in 0..=texts.len() {
        call = call.word(32 * (HEAD + TEXT_WORDS * argument));
    }
    let call = texts
        .iter()
        .fold(call, |call, text| call.bytes(text.as_bytes()));
    call.bytes(&[])
}
