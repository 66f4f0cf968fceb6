//! Venus deployed: a comptroller in facets behind a proxy, and a token for deposits
//! of each asset, as Compound has them.

mod comptroller;
mod facets;

use super::{Asset, Deployer, Lender, Loan};
use crate::{
    Call, Setup, SetupError,
    protocol::{Intent, Stopped, token},
};
use alloy_primitives::{Address, U256};

macro_rules! artifact {
    ($folder:literal, $name:literal) => {
        concat!(
            "@venusprotocol/venus-protocol/artifacts/",
            $folder,
            "/",
            $name,
            ".sol/",
            $name,
            ".json"
        )
    };
}
use artifact;

const DELEGATE: &str = artifact!("contracts/Tokens/VTokens", "VBep20Delegate");
const DELEGATOR: &str = artifact!("contracts/Tokens/VTokens", "VBep20Delegator");
const RATES: &str = artifact!("contracts/InterestRateModels", "JumpRateModel");

/// One, where fractions have 18 decimals.
const ONE: u128 = 1_000_000_000_000_000_000;

/// Gas limits as wallets set them: what the call needs and a margin.
mod gas {
    pub(super) const SUPPLY: u64 = 300_000;
    pub(super) const BORROW: u64 = 550_000;
    pub(super) const REPAY: u64 = 300_000;
    pub(super) const WITHDRAW: u64 = 450_000;
    pub(super) const LIQUIDATE: u64 = 700_000;
    pub(super) const SET_PRICE: u64 = 50_000;
}

/// Venus.
pub(in crate::protocol) struct Venus {
    owner: Address,
    comptroller: Address,
    prices: Address,
    markets: Vec<VToken>,
}

/// The token for deposits of an asset, where all is done.
#[derive(Clone, Copy)]
struct VToken {
    address: Address,
    underlying: Address,
}

impl Lender for Venus {
    const ARTIFACTS: &[&str] = &[
        token::ARTIFACT,
        comptroller::ROLES,
        comptroller::PROXY,
        comptroller::DIAMOND,
        comptroller::POLICY,
        comptroller::MARKETS,
        comptroller::REWARDS,
        comptroller::SETTER,
        comptroller::LENS,
        comptroller::PRICES,
        comptroller::BOUNDED_ORACLE,
        comptroller::ORACLE_PROXY,
        RATES,
        DELEGATE,
        DELEGATOR,
    ];

    fn deploy(deployer: &mut Deployer<'_>, assets: &[Asset]) -> Result<Self, Stopped> {
        let core = comptroller::deploy(deployer, assets)?;
        let rates = deployer.create(RATES, interest())?;
        let delegate = deployer.create(DELEGATE, Call::bare())?;
        let mut markets = Vec::with_capacity(assets.len());
        for (index, asset) in assets.iter().enumerate() {
            let arguments = market(
                deployer.owner,
                [asset.token, core.comptroller, rates],
                index,
                delegate,
            );
            let address = deployer.create(DELEGATOR, arguments)?;
            configure(deployer, address, core.roles)?;
            core.list(deployer, address)?;
            markets.push(VToken {
                address,
                underlying: asset.token,
            });
        }
        Ok(Self {
            owner: deployer.owner,
            comptroller: core.comptroller,
            prices: core.prices,
            markets,
        })
    }

    fn spender(&self, asset: usize) -> Address {
        self.markets[asset].address
    }

    fn supply(&self, user: Address, asset: usize, amount: u128) -> Intent {
        let call = Call::new("mint(uint256)").word(amount);
        self.ask(user, asset, call, gas::SUPPLY)
    }

    fn borrow(&self, user: Address, asset: usize, amount: u128) -> Intent {
        let call = Call::new("borrow(uint256)").word(amount);
        self.ask(user, asset, call, gas::BORROW)
    }

    fn repay(&self, user: Address, asset: usize, amount: U256) -> Intent {
        let call = Call::new("repayBorrow(uint256)").word(amount);
        self.ask(user, asset, call, gas::REPAY)
    }

    fn withdraw(&self, user: Address, asset: usize, amount: u128) -> Intent {
        let call = Call::new("redeemUnderlying(uint256)").word(amount);
        self.ask(user, asset, call, gas::WITHDRAW)
    }

    fn liquidate(&self, liquidator: Address, loan: &Loan, amount: u128) -> Intent {
        let call = Call::new("liquidateBorrow(address,uint256,address)")
            .address(loan.borrower)
            .word(amount)
            .address(self.markets[loan.collateral].address);
        self.ask(liquidator, loan.debt, call, gas::LIQUIDATE)
    }

    fn set_price(&self, asset: usize, cents: u64) -> Intent {
        Intent {
            from: self.owner,
            to: self.prices,
            value: 0,
            data: price_update(self.markets[asset].underlying, cents).data(),
            gas_limit: gas::SET_PRICE,
        }
    }

    fn enter(&self, setup: &mut Setup, user: Address, asset: usize) -> Result<(), Stopped> {
        let markets = Call::new("enterMarkets(address[])")
            .word(32)
            .word(1)
            .address(self.markets[asset].address);
        setup.call(user, self.comptroller, markets.data())?;
        Ok(())
    }

    fn perform(&self, setup: &mut Setup, intent: Intent) -> Result<(), Stopped> {
        let Intent { from, to, data, .. } = intent;
        let answer = setup.call(from, to, data)?;
        accepted(from, to, &answer)
    }
}

impl Venus {
    fn ask(&self, user: Address, asset: usize, call: Call, gas_limit: u64) -> Intent {
        Intent {
            from: user,
            to: self.markets[asset].address,
            value: 0,
            data: call.data(),
            gas_limit,
        }
    }
}

/// Prices are dollars with 18 decimals, as the tokens have 18 as well.
fn price_update(token: Address, cents: u64) -> Call {
    Call::new("setDirectPrice(address,uint256)")
        .address(token)
        .word(u128::from(cents) * ONE / 100)
}

/// Interest for a year: the least, what it rises by up to the kink and by after it,
/// and where the kink is.
fn interest() -> Call {
    /// Twelve seconds each.
    const BLOCKS_PER_YEAR: u64 = 2_628_000;
    Call::bare()
        .word(0)
        .word(ONE / 10)
        .word(ONE * 5 / 2)
        .word(ONE * 4 / 5)
        .word(BLOCKS_PER_YEAR)
}

/// Arguments for the market of an asset: its token, the comptroller, the rates; what
/// the first token for a deposit costs, two names, decimals, the owner, the code and
/// what it is told.
fn market(owner: Address, parts: [Address; 3], index: usize, delegate: Address) -> Call {
    const HEAD: usize = 10;
    const DECIMALS: u8 = 8;
    /// A fiftieth of a token of 18 decimals, with the difference of decimals.
    const FIRST_PRICE: u128 = ONE / 50 * 10_u128.pow(10);
    let (name, symbol) = (format!("Venus T{index}"), format!("vT{index}"));
    parts
        .into_iter()
        .fold(Call::bare(), Call::address)
        .word(FIRST_PRICE)
        .word(32 * HEAD)
        .word(32 * (HEAD + 2))
        .word(DECIMALS)
        .address(owner)
        .address(delegate)
        .word(32 * (HEAD + 4))
        .bytes(name.as_bytes())
        .bytes(symbol.as_bytes())
        .bytes(&[])
}

/// Who may change the market and what it keeps of interest. That is never paid out:
/// the contract that receives it on the main network is of another package, and
/// pays out in one block of thousands.
fn configure(deployer: &mut Deployer<'_>, market: Address, roles: Address) -> Result<(), Stopped> {
    for call in [
        Call::new("setAccessControlManager(address)").address(roles),
        Call::new("setReduceReservesBlockDelta(uint256)").word(u64::MAX),
        Call::new("_setReserveFactor(uint256)").word(ONE / 10),
    ] {
        administer(deployer, market, call)?;
    }
    Ok(())
}

/// Calls as the administrator.
fn administer(deployer: &mut Deployer<'_>, to: Address, call: Call) -> Result<(), Stopped> {
    let answer = deployer.call(to, call)?;
    accepted(deployer.owner, to, &answer)
}

/// Some refusals are only a number that is returned.
fn accepted(from: Address, to: Address, answer: &[u8]) -> Result<(), Stopped> {
    let code = answer
        .first_chunk()
        .copied()
        .map_or(U256::ZERO, U256::from_be_bytes::<32>);
    if code.is_zero() {
        Ok(())
    } else {
        Err(SetupError::Refused { from, to, code }.into())
    }
}
