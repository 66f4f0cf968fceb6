//! What Venus says.

use super::Asked;
use crate::chain::{Chain, address_argument, argument};
use alloy_primitives::{Address, U256, keccak256, map::HashMap};
use parallax_workload::{Call, Workload};
use revm::context::TxEnv;
use std::ops::RangeInclusive;

const SUPPLY: &str = "mint(uint256)";
const BORROW: &str = "borrow(uint256)";
const REPAY: &str = "repayBorrow(uint256)";
const WITHDRAW: &str = "redeemUnderlying(uint256)";
const LIQUIDATE: &str = "liquidateBorrow(address,uint256,address)";
const SET_PRICE: &str = "setDirectPrice(address,uint256)";

pub(super) struct Reader {
    comptroller: Address,
    oracle: Address,
    /// Of each underlying token.
    markets: HashMap<Address, Address>,
}

fn is_call(tx: &TxEnv, signature: &str) -> bool {
    tx.data[..4] == keccak256(signature)[..4]
}

impl super::Reader for Reader {
    /// A unit of a token for deposits is a 50th of 10^10.
    const DUST: u64 = 1_000_000_000;
    const INCENTIVE: u64 = 110;

    fn find(chain: &mut Chain, workload: &Workload) -> Self {
        let mut transactions = workload.block.transactions.iter();
        let first = transactions.find(|tx| !is_call(tx, SET_PRICE)).unwrap();
        let market = *first.kind.to().unwrap();
        let comptroller = chain.address(market, "comptroller()");
        // An offset and a length come first.
        let markets = chain.words(comptroller, Call::new("getAllMarkets()").data());
        let markets = markets[2..].iter().map(|market| {
            let market = Address::from_word((*market).into());
            (chain.address(market, "underlying()"), market)
        });
        let markets = markets.collect();
        Self {
            comptroller,
            oracle: chain.address(comptroller, "oracle()"),
            markets,
        }
    }

    fn asked(&self, chain: &mut Chain, tx: &TxEnv) -> Asked {
        if is_call(tx, SET_PRICE) {
            return Asked::SetPrice {
                token: address_argument(tx, 0),
                price: argument(tx, 1),
            };
        }
        let token = chain.address(*tx.kind.to().unwrap(), "underlying()");
        let amount = argument(tx, 0);
        if is_call(tx, SUPPLY) {
            Asked::Supply { token, amount }
        } else if is_call(tx, BORROW) {
            Asked::Borrow { token, amount }
        } else if is_call(tx, REPAY) {
            Asked::Repay { token, amount }
        } else if is_call(tx, WITHDRAW) {
            Asked::Withdraw { token, amount }
        } else {
            assert!(is_call(tx, LIQUIDATE));
            Asked::Liquidate {
                borrower: address_argument(tx, 0),
                collateral: chain.address(address_argument(tx, 2), "underlying()"),
                debt: token,
                amount: argument(tx, 1),
            }
        }
    }

    fn deposit(&self, chain: &mut Chain, token: Address, user: Address) -> U256 {
        let call = Call::new("balanceOfUnderlying(address)").address(user);
        chain.words(self.markets[&token], call.data())[0]
    }

    fn debt(&self, chain: &mut Chain, token: Address, user: Address) -> U256 {
        let call = Call::new("borrowBalanceCurrent(address)").address(user);
        chain.words(self.markets[&token], call.data())[0]
    }

    /// An error, what more could be owed, and what is owed too much.
    fn is_safe(&self, chain: &mut Chain, user: Address) -> bool {
        let call = Call::new("getAccountLiquidity(address)").address(user);
        let words = chain.words(self.comptroller, call.data());
        assert!(words[0].is_zero());
        words[2].is_zero()
    }

    fn price(&self, chain: &mut Chain, token: Address) -> U256 {
        let market = self.markets[&token];
        let call = Call::new("getUnderlyingPrice(address)").address(market);
        chain.words(self.oracle, call.data())[0]
    }

    fn vault(&self, token: Address) -> Address {
        self.markets[&token]
    }

    /// What is seized stays deposited.
    fn spoils(&self, chain: &mut Chain, token: Address, liquidator: Address) -> U256 {
        self.deposit(chain, token, liquidator)
    }

    fn usual_gas(asked: &Asked) -> RangeInclusive<u64> {
        match asked {
            Asked::Supply { .. } => 150_000..=230_000,
            Asked::Borrow { .. } => 290_000..=440_000,
            Asked::Repay { .. } => 140_000..=220_000,
            Asked::Withdraw { .. } => 220_000..=370_000,
            Asked::Liquidate { .. } => 420_000..=570_000,
            Asked::SetPrice { .. } => 25_000..=35_000,
        }
    }
}
