//! Aave V3 deployed: a pool behind proxies, with all its reserves alike.

mod reserve;

use super::{Asset, Deployer, Lender, Loan};
use crate::{
    Call, Setup,
    protocol::{Intent, Stopped, token},
};
use alloy_primitives::{Address, U256};

macro_rules! artifact {
    ($folder:literal, $name:literal) => {
        concat!(
            "@aave/core-v3/artifacts/contracts/",
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

const PROVIDER: &str = artifact!("protocol/configuration", "PoolAddressesProvider");
const ACL_MANAGER: &str = artifact!("protocol/configuration", "ACLManager");
const DATA_PROVIDER: &str = artifact!("misc", "AaveProtocolDataProvider");
const PRICES: &str = artifact!("mocks/oracle", "PriceOracle");
const ORACLE: &str = artifact!("misc", "AaveOracle");
const SUPPLY_LOGIC: &str = artifact!("protocol/libraries/logic", "SupplyLogic");
const BORROW_LOGIC: &str = artifact!("protocol/libraries/logic", "BorrowLogic");
const LIQUIDATION_LOGIC: &str = artifact!("protocol/libraries/logic", "LiquidationLogic");
const E_MODE_LOGIC: &str = artifact!("protocol/libraries/logic", "EModeLogic");
const BRIDGE_LOGIC: &str = artifact!("protocol/libraries/logic", "BridgeLogic");
const POOL_LOGIC: &str = artifact!("protocol/libraries/logic", "PoolLogic");
const FLASH_LOAN_LOGIC: &str = artifact!("protocol/libraries/logic", "FlashLoanLogic");
const CONFIGURATOR_LOGIC: &str = artifact!("protocol/libraries/logic", "ConfiguratorLogic");
const POOL: &str = artifact!("protocol/pool", "Pool");
const CONFIGURATOR: &str = artifact!("protocol/pool", "PoolConfigurator");

/// Gas limits as wallets set them: what the call needs and a margin.
mod gas {
    pub(super) const SUPPLY: u64 = 250_000;
    pub(super) const BORROW: u64 = 350_000;
    pub(super) const REPAY: u64 = 250_000;
    pub(super) const WITHDRAW: u64 = 300_000;
    pub(super) const LIQUIDATE: u64 = 500_000;
    pub(super) const SET_PRICE: u64 = 50_000;
}

/// Debt whose interest follows the market.
const VARIABLE_RATE: u8 = 2;

/// Nobody referred the user.
const NO_REFERRAL: u8 = 0;

/// Aave V3.
pub(in crate::protocol) struct Aave {
    owner: Address,
    pool: Address,
    prices: Address,
    tokens: Vec<Address>,
}

impl Lender for Aave {
    const ARTIFACTS: &[&str] = &[
        token::ARTIFACT,
        PROVIDER,
        ACL_MANAGER,
        DATA_PROVIDER,
        PRICES,
        ORACLE,
        SUPPLY_LOGIC,
        BORROW_LOGIC,
        LIQUIDATION_LOGIC,
        E_MODE_LOGIC,
        BRIDGE_LOGIC,
        POOL_LOGIC,
        FLASH_LOAN_LOGIC,
        POOL,
        CONFIGURATOR_LOGIC,
        CONFIGURATOR,
        reserve::A_TOKEN,
        reserve::STABLE_DEBT,
        reserve::VARIABLE_DEBT,
        reserve::RATES,
    ];

    fn deploy(deployer: &mut Deployer<'_>, assets: &[Asset]) -> Result<Self, Stopped> {
        let provider = provide(deployer)?;
        let prices = price(deployer, provider, assets)?;
        let pool = pool(deployer, provider)?;
        let configurator = configurator(deployer, provider)?;
        reserve::list(deployer, provider, pool, configurator, assets)?;
        Ok(Self {
            owner: deployer.owner,
            pool,
            prices,
            tokens: assets.iter().map(|asset| asset.token).collect(),
        })
    }

    fn spender(&self, _: usize) -> Address {
        self.pool
    }

    fn supply(&self, user: Address, asset: usize, amount: u128) -> Intent {
        let call = Call::new("supply(address,uint256,address,uint16)")
            .address(self.tokens[asset])
            .word(amount)
            .address(user)
            .word(NO_REFERRAL);
        self.ask(user, call, gas::SUPPLY)
    }

    fn borrow(&self, user: Address, asset: usize, amount: u128) -> Intent {
        let call = Call::new("borrow(address,uint256,uint256,uint16,address)")
            .address(self.tokens[asset])
            .word(amount)
            .word(VARIABLE_RATE)
            .word(NO_REFERRAL)
            .address(user);
        self.ask(user, call, gas::BORROW)
    }

    fn repay(&self, user: Address, asset: usize, amount: U256) -> Intent {
        let call = Call::new("repay(address,uint256,uint256,address)")
            .address(self.tokens[asset])
            .word(amount)
            .word(VARIABLE_RATE)
            .address(user);
        self.ask(user, call, gas::REPAY)
    }

    fn withdraw(&self, user: Address, asset: usize, amount: u128) -> Intent {
        let call = Call::new("withdraw(address,uint256,address)")
            .address(self.tokens[asset])
            .word(amount)
            .address(user);
        self.ask(user, call, gas::WITHDRAW)
    }

    fn liquidate(&self, liquidator: Address, loan: &Loan, amount: u128) -> Intent {
        let call = Call::new("liquidationCall(address,address,address,uint256,bool)")
            .address(self.tokens[loan.collateral])
            .address(self.tokens[loan.debt])
            .address(loan.borrower)
            .word(amount)
            // The collateral itself, not the right to withdraw it.
            .word(0);
        self.ask(liquidator, call, gas::LIQUIDATE)
    }

    fn set_price(&self, asset: usize, cents: u64) -> Intent {
        Intent {
            from: self.owner,
            to: self.prices,
            value: 0,
            data: price_update(self.tokens[asset], cents).data(),
            gas_limit: gas::SET_PRICE,
        }
    }

    /// What is supplied is collateral from the start.
    fn enter(&self, _: &mut Setup, _: Address, _: usize) -> Result<(), Stopped> {
        Ok(())
    }

    /// The pool reverts whenever it does not do what was asked.
    fn perform(&self, setup: &mut Setup, intent: Intent) -> Result<(), Stopped> {
        setup.call(intent.from, intent.to, intent.data)?;
        Ok(())
    }
}

impl Aave {
    fn ask(&self, user: Address, call: Call, gas_limit: u64) -> Intent {
        Intent {
            from: user,
            to: self.pool,
            value: 0,
            data: call.data(),
            gas_limit,
        }
    }
}

/// The register of all parts, with the roles and the reader of all data.
fn provide(deployer: &mut Deployer<'_>) -> Result<Address, Stopped> {
    let owner = deployer.owner;
    let market = Call::bare().word(2 * 32).address(owner).bytes(b"Market");
    let provider = deployer.create(PROVIDER, market)?;
    deployer.call(provider, Call::new("setACLAdmin(address)").address(owner))?;
    let roles = deployer.create(ACL_MANAGER, Call::bare().address(provider))?;
    deployer.call(provider, Call::new("setACLManager(address)").address(roles))?;
    deployer.call(roles, Call::new("addPoolAdmin(address)").address(owner))?;
    let reader = deployer.create(DATA_PROVIDER, Call::bare().address(provider))?;
    deployer.call(
        provider,
        Call::new("setPoolDataProvider(address)").address(reader),
    )?;
    Ok(provider)
}

/// Prices that their owner sets; Aave's own oracle asks there, because it knows no
/// other source.
fn price(
    deployer: &mut Deployer<'_>,
    provider: Address,
    assets: &[Asset],
) -> Result<Address, Stopped> {
    let prices = deployer.create(PRICES, Call::bare())?;
    for asset in assets {
        deployer.call(prices, price_update(asset.token, asset.cents))?;
    }
    // Provider, assets, their sources, where else to ask, the currency of prices,
    // its unit; then the two empty lists.
    let arguments = Call::bare()
        .address(provider)
        .word(6 * 32)
        .word(7 * 32)
        .address(prices)
        .address(Address::ZERO)
        .word(100 * PRICE_OF_A_CENT)
        .word(0)
        .word(0);
    let oracle = deployer.create(ORACLE, arguments)?;
    deployer.call(
        provider,
        Call::new("setPriceOracle(address)").address(oracle),
    )?;
    Ok(prices)
}

/// Prices are dollars with eight decimals.
const PRICE_OF_A_CENT: u64 = 1_000_000;

fn price_update(token: Address, cents: u64) -> Call {
    Call::new("setAssetPrice(address,uint256)")
        .address(token)
        .word(cents * PRICE_OF_A_CENT)
}

/// The pool behind its proxy.
fn pool(deployer: &mut Deployer<'_>, provider: Address) -> Result<Address, Stopped> {
    let borrow = deployer.create(BORROW_LOGIC, Call::bare())?;
    let flash_loan =
        deployer.create_linked(FLASH_LOAN_LOGIC, &[("BorrowLogic", borrow)], Call::bare())?;
    let mut libraries = vec![("BorrowLogic", borrow), ("FlashLoanLogic", flash_loan)];
    for (name, artifact) in [
        ("SupplyLogic", SUPPLY_LOGIC),
        ("LiquidationLogic", LIQUIDATION_LOGIC),
        ("EModeLogic", E_MODE_LOGIC),
        ("BridgeLogic", BRIDGE_LOGIC),
        ("PoolLogic", POOL_LOGIC),
    ] {
        libraries.push((name, deployer.create(artifact, Call::bare())?));
    }
    let pool = deployer.create_linked(POOL, &libraries, Call::bare().address(provider))?;
    deployer.call(provider, Call::new("setPoolImpl(address)").address(pool))?;
    deployer.address(provider, Call::new("getPool()"))
}

/// What administers the pool, behind its proxy.
fn configurator(deployer: &mut Deployer<'_>, provider: Address) -> Result<Address, Stopped> {
    let logic = deployer.create(CONFIGURATOR_LOGIC, Call::bare())?;
    let libraries = [("ConfiguratorLogic", logic)];
    let configurator = deployer.create_linked(CONFIGURATOR, &libraries, Call::bare())?;
    deployer.call(
        provider,
        Call::new("setPoolConfiguratorImpl(address)").address(configurator),
    )?;
    deployer.address(provider, Call::new("getPoolConfigurator()"))
}
