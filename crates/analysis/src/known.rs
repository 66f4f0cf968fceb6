//! A few well-known contracts, functions and slots, by name.

use alloy_primitives::{Address, B256, Selector, U256, address, b256, keccak256};
use std::{collections::HashMap, sync::LazyLock};

/// The name of a mainnet contract.
pub(crate) fn contract(address: Address) -> Option<&'static str> {
    let found = CONTRACTS.iter().find(|(known, _)| *known == address);
    found.map(|(_, name)| *name)
}

const CONTRACTS: &[(Address, &str)] = &[
    (
        address!("0xdAC17F958D2ee523a2206206994597C13D831ec7"),
        "USDT",
    ),
    (
        address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
        "USDC",
    ),
    (
        address!("0x6B175474E89094C44Da98b954EedeAC495271d0F"),
        "DAI",
    ),
    (
        address!("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
        "WETH",
    ),
    (
        address!("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"),
        "WBTC",
    ),
    (
        address!("0x514910771AF9Ca656af840dff83E8264EcF986CA"),
        "LINK",
    ),
    (
        address!("0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE"),
        "SHIB",
    ),
    (
        address!("0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984"),
        "UNI",
    ),
    (
        address!("0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84"),
        "stETH",
    ),
    (
        address!("0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"),
        "Uniswap V2 router",
    ),
    (
        address!("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"),
        "Uniswap V2 factory",
    ),
    (
        address!("0xE592427A0AEce92De3Edee1F18E0157C05861564"),
        "Uniswap V3 router",
    ),
    (
        address!("0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"),
        "Uniswap router 02",
    ),
    (
        address!("0xEf1c6E67703c7BD7107eed8303Fbe6EC2554BF6B"),
        "Uniswap universal router",
    ),
    (
        address!("0x3fC91A3afd70395Cd496C647d5a6CC9D4B2b7FAD"),
        "Uniswap universal router",
    ),
    (
        address!("0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"),
        "Uniswap V2 USDC/WETH",
    ),
    (
        address!("0x0d4a11d5EEaaC28EC3F61d100daF4d40471f1852"),
        "Uniswap V2 WETH/USDT",
    ),
    (
        address!("0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"),
        "Uniswap V3 USDC/WETH",
    ),
    (
        address!("0x000000000022D473030F116dDEE9F6B43aC78BA3"),
        "Permit2",
    ),
    (
        address!("0xd9e1cE17f2641f24aE83637ab66a2cca9C378B9F"),
        "SushiSwap router",
    ),
    (
        address!("0x00000000006c3852cbEf3e08E8dF289169EdE581"),
        "Seaport",
    ),
    (
        address!("0x00000000000000ADc04C56Bf30aC9d3c0aAF14dC"),
        "Seaport",
    ),
    (
        address!("0x7Be8076f4EA4A4AD08075C2508e481d6C946D12b"),
        "OpenSea Wyvern",
    ),
    (
        address!("0x1111111254fb6c44bAC0beD2854e76F90643097d"),
        "1inch router",
    ),
    (
        address!("0x1111111254EEB25477B68fb85Ed929f73A960582"),
        "1inch router",
    ),
    (
        address!("0xDef1C0ded9bec7F1a1670819833240f027b25EfF"),
        "0x exchange proxy",
    ),
    (
        address!("0x7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9"),
        "Aave V2 pool",
    ),
    (
        address!("0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"),
        "Aave V3 pool",
    ),
    (
        address!("0x00000000219ab540356cBB839Cbe05303d7705Fa"),
        "beacon deposit",
    ),
    (
        address!("0x06012c8cf97BEaD5deAe237070F9587f8E7A266d"),
        "CryptoKitties",
    ),
    (
        address!("0x8d12A197cB00D4747a1fe03395095ce2A5CC6819"),
        "EtherDelta",
    ),
];

/// The name of a function, without its parameters.
pub(crate) fn function(selector: Selector) -> Option<&'static str> {
    static FUNCTIONS: LazyLock<HashMap<Selector, &str>> = LazyLock::new(|| {
        let named = SIGNATURES.iter().map(|signature| {
            let end = signature.find('(').unwrap_or(signature.len());
            (self::selector(signature), &signature[..end])
        });
        named.collect()
    });
    FUNCTIONS.get(&selector).copied()
}

/// The first four bytes of the hash of a signature.
pub(crate) fn selector(signature: &str) -> Selector {
    Selector::from_slice(&keccak256(signature)[..4])
}

pub(crate) const V2_SWAP: &str = "swap(uint256,uint256,address,bytes)";
pub(crate) const V3_SWAP: &str = "swap(address,bool,int256,uint160,bytes)";

const SIGNATURES: &[&str] = &[
    "transfer(address,uint256)",
    "transferFrom(address,address,uint256)",
    "approve(address,uint256)",
    "balanceOf(address)",
    "allowance(address,address)",
    "totalSupply()",
    "mint()",
    "mint(uint256)",
    "mint(address)",
    "mint(address,uint256)",
    "burn(uint256)",
    "burn(address,uint256)",
    "burn(address)",
    "deposit()",
    "deposit(uint256)",
    "withdraw(uint256)",
    "increment()",
    "step(uint256)",
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "safeTransferFrom(address,address,uint256)",
    "safeTransferFrom(address,address,uint256,bytes)",
    "setApprovalForAll(address,bool)",
    "ownerOf(uint256)",
    V2_SWAP,
    V3_SWAP,
    "swap(bool,uint256,uint256,address)",
    "getReserves()",
    "sync()",
    "skim(address)",
    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
    "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)",
    "swapExactETHForTokens(uint256,address[],address,uint256)",
    "swapTokensForExactETH(uint256,uint256,address[],address,uint256)",
    "swapExactTokensForETH(uint256,uint256,address[],address,uint256)",
    "swapETHForExactTokens(uint256,address[],address,uint256)",
    "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
    "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)",
    "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
    "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
    "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)",
    "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)",
    "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
    "exactInput((bytes,address,uint256,uint256,uint256))",
    "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
    "exactOutput((bytes,address,uint256,uint256,uint256))",
    "multicall(bytes[])",
    "multicall(uint256,bytes[])",
    "execute(bytes,bytes[])",
    "execute(bytes,bytes[],uint256)",
    "supply(address,uint256,address,uint16)",
    "borrow(address,uint256,uint256,uint16,address)",
    "repay(address,uint256,uint256,address)",
    "withdraw(address,uint256,address)",
    "liquidationCall(address,address,address,uint256,bool)",
    "flashLoan(address,address[],uint256[],uint256[],address,bytes,uint16)",
    "claim()",
    "claim(uint256)",
    "stake(uint256)",
    "unstake(uint256)",
    "getReward()",
    "trade(address,uint256,address,uint256,uint256,uint256,address,uint8,bytes32,bytes32,uint256)",
    "giveBirth(uint256)",
    "createSaleAuction(uint256,uint256,uint256,uint256)",
    "bid(uint256)",
    "breedWithAuto(uint256,uint256)",
    "setPrice(uint256)",
    "submit(address)",
    "aggregate((address,bytes)[])",
    "aggregate3((address,bool,bytes)[])",
];

/// The names of variables of a Uniswap V2 pair, by slot.
pub(crate) const V2_PAIR: &[&str] = &[
    "totalSupply",
    "balanceOf",
    "allowance",
    "DOMAIN_SEPARATOR",
    "nonces",
    "factory",
    "token0",
    "token1",
    "reserves",
    "price0CumulativeLast",
    "price1CumulativeLast",
    "kLast",
    "unlocked",
];

/// The names of variables of a Uniswap V3 pool, by slot.
pub(crate) const V3_POOL: &[&str] = &[
    "slot0 (price, tick)",
    "feeGrowthGlobal0X128",
    "feeGrowthGlobal1X128",
    "protocolFees",
    "liquidity",
    "ticks",
    "tickBitmap",
    "positions",
    "observations",
];

/// Slots that have a meaning in every contract (EIP-1967).
pub(crate) fn slot(slot: U256) -> Option<&'static str> {
    const IMPLEMENTATION: B256 =
        b256!("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
    const ADMIN: B256 = b256!("0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");
    const BEACON: B256 =
        b256!("0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50");
    match B256::from(slot) {
        IMPLEMENTATION => Some("the proxy's implementation"),
        ADMIN => Some("the proxy's admin"),
        BEACON => Some("the proxy's beacon"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_selectors() {
        assert_eq!(
            function(Selector::from([0xa9, 0x05, 0x9c, 0xbb])),
            Some("transfer")
        );
        assert_eq!(selector(V2_SWAP), Selector::from([0x02, 0x2c, 0x0d, 0x9f]));
        assert_eq!(selector(V3_SWAP), Selector::from([0x12, 0x8a, 0xcb, 0x08]));
        let selectors: std::collections::HashSet<_> =
            SIGNATURES.iter().map(|text| selector(text)).collect();
        assert_eq!(selectors.len(), SIGNATURES.len());
    }

    #[test]
    fn proxy_slots_are_one_below_a_hash() {
        for (text, name) in [
            ("eip1967.proxy.implementation", "the proxy's implementation"),
            ("eip1967.proxy.admin", "the proxy's admin"),
            ("eip1967.proxy.beacon", "the proxy's beacon"),
        ] {
            let hash = U256::from_be_bytes(keccak256(text).0);
            assert_eq!(slot(hash - U256::ONE), Some(name));
        }
    }

    #[test]
    fn no_contract_is_listed_twice() {
        let addresses: std::collections::HashSet<_> =
            CONTRACTS.iter().map(|(address, _)| address).collect();
        assert_eq!(addresses.len(), CONTRACTS.len());
        assert_eq!(contract(CONTRACTS[0].0), Some("USDT"));
        assert_eq!(contract(Address::ZERO), None);
    }
}
