//! What Aave V3 says.

use super::Asked;
use crate::chain::{Chain, address_argument, argument};
use alloy_primitives::{Address, U256, keccak256, map::HashMap};
use parallax_workload::{Call, Workload};
use revm::context::TxEnv;
use std::ops::RangeInclusive;

const SUPPLY: &str = "supply(address,uint256,address,uint16)";
const BORROW: &str = "borrow(address,uint256,uint256,uint16,address)";
const REPAY: &str = "repay(address,uint256,uint256,address)";
const WITHDRAW: &str = "withdraw(address,uint256,address)";
const LIQUIDATE: &str = "liquidationCall(address,address,address,uint256,bool)";
const SET_PRICE: &str = "setAssetPrice(address,uint256)";

pub(super) struct Reader {
    pool: Address,
    oracle: Address,
    /// The tokens for deposits and variable debts of each reserve.
    tokens: HashMap<Address, [Address; 2]>,
}

fn is_call(tx: &TxEnv, signature: &str) -> bool {
    tx.data[..4] == keccak256(signature)[..4]
}

impl super::Reader for Reader {
    const DUST: u64 = 3;
    const INCENTIVE: u64 = 105;

    fn find(chain: &mut Chain, workload: &Workload) -> Self {
        let mut transactions = workload.block.transactions.iter();
        let first = transactions.find(|tx| !is_call(tx, SET_PRICE)).unwrap();
        let pool = *first.kind.to().unwrap();
        let provider = chain.address(pool, "ADDRESSES_PROVIDER()");
        let data = chain.address(provider, "getPoolDataProvider()");
        // An offset and a length come first.
        let reserves = chain.words(pool, Call::new("getReservesList()").data());
        let tokens = reserves[2..].iter().map(|reserve| {
            let reserve = Address::from_word((*reserve).into());
            let call = Call::new("getReserveTokensAddresses(address)").address(reserve);
            let words = chain.words(data, call.data());
            let tokens = [0, 2].map(|index| Address::from_word(words[index].into()));
            (reserve, tokens)
        });
        let tokens = tokens.collect();
        Self {
            pool,
            oracle: chain.address(provider, "getPriceOracle()"),
            tokens,
        }
    }

    fn asked(&self, _: &mut Chain, tx: &TxEnv) -> Asked {
        let (token, amount) = (address_argument(tx, 0), argument(tx, 1));
        if is_call(tx, SET_PRICE) {
            return Asked::SetPrice {
                token,
                price: amount,
            };
        }
        assert_eq!(*tx.kind.to().unwrap(), self.pool);
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
                borrower: address_argument(tx, 2),
                collateral: token,
                debt: address_argument(tx, 1),
                amount: argument(tx, 3),
            }
        }
    }

    fn deposit(&self, chain: &mut Chain, token: Address, user: Address) -> U256 {
        chain.balance(self.tokens[&token][0], user)
    }

    fn debt(&self, chain: &mut Chain, token: Address, user: Address) -> U256 {
        chain.balance(self.tokens[&token][1], user)
    }

    /// The health factor is the last of six numbers, with 18 decimals.
    fn is_safe(&self, chain: &mut Chain, user: Address) -> bool {
        let call = Call::new("getUserAccountData(address)").address(user);
        let health = chain.words(self.pool, call.data())[5];
        health >= U256::from(10_u64.pow(18))
    }

    fn price(&self, chain: &mut Chain, token: Address) -> U256 {
        let call = Call::new("getAssetPrice(address)").address(token);
        chain.words(self.oracle, call.data())[0]
    }

    fn vault(&self, token: Address) -> Address {
        self.tokens[&token][0]
    }

    fn spoils(&self, chain: &mut Chain, token: Address, liquidator: Address) -> U256 {
        chain.balance(token, liquidator)
    }

    fn usual_gas(asked: &Asked) -> RangeInclusive<u64> {
        match asked {
            Asked::Supply { .. } => 130_000..=200_000,
            Asked::Borrow { .. } => 200_000..=260_000,
            Asked::Repay { .. } => 140_000..=190_000,
            Asked::Withdraw { .. } => 140_000..=250_000,
            Asked::Liquidate { .. } => 320_000..=400_000,
            Asked::SetPrice { .. } => 25_000..=35_000,
        }
    }
}
