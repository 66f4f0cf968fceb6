//! The catalogue of blocks on protocols: those that others published, and our own.

mod amm_v2;
mod amm_v3;
mod amm_v4;
mod arbitrage;
mod collectible;
mod concentrated;
mod cover;
mod day;
mod erc20;
mod gif;
mod intent;
mod lending;
mod multicall;
mod nft;
mod order_book;
mod own;
mod pools;
mod sharded_amm;
mod smart_account;
mod token;
mod trade;

use crate::{ArtifactError, PublishedArtifacts, SetupError, Size, Workload, world::World};
pub use day::Day;
pub use erc20::Transfers;
use intent::{Act, Intent};
use lending::{Aave, Lender, Venus};
pub use pools::Pools;
use pools::{in_pools, swaps};
use std::{fmt, str::FromStr};

/// A block of transactions on a real protocol: its published code, or a contract of
/// our own where nothing suitable is published, deployed and initialised by
/// transactions before the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Transfers of ERC-20 tokens.
    Erc20(Transfers),
    /// Swaps on Uniswap V2 through its router.
    AmmV2(Pools),
    /// Swaps on Uniswap V3 through its router.
    AmmV3(Pools),
    /// Swaps on Uniswap V4 through the router of its own tests.
    AmmV4(Pools),
    /// Many things at once.
    Day(Day),
    /// Bots race for gaps between prices on Uniswap V2.
    Arbitrage,
    /// Deposits and loans on Aave V3.
    Aave(Lending),
    /// Deposits and loans on Venus.
    Venus(Lending),
    /// Orders on our central limit order book.
    OrderBook(Markets),
    /// Mints of our collection with a global counter.
    NftMint,
    /// Swaps on our exchange whose liquidity is split in shards.
    ShardedAmm,
    /// Parametric cover from our pool of capital.
    Insurance(Cover),
    /// Fire insurance on Etherisc's Generic Insurance Framework.
    Gif(Cover),
}

/// What a lending protocol is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lending {
    /// Users supply, borrow, repay and withdraw.
    Everyday,
    /// A price falls, and liquidators come, among users as every day.
    Liquidations,
}

/// How many markets are traded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Markets {
    /// Everyone meets in one.
    One,
    /// There are 64, and each is as popular as another.
    Many,
}

/// What policyholders are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cover {
    /// They buy, premiums accrue, some claim.
    Everyday,
    /// An event is reported, and everyone claims.
    Payout,
}

/// All protocols.
#[must_use]
pub fn protocols() -> &'static [Protocol] {
    &[
        Protocol::AmmV2(Pools::Own),
        Protocol::AmmV2(Pools::Zipf08),
        Protocol::AmmV2(Pools::Zipf),
        Protocol::AmmV2(Pools::Zipf12),
        Protocol::AmmV2(Pools::Hot),
        Protocol::AmmV3(Pools::Own),
        Protocol::AmmV3(Pools::Zipf08),
        Protocol::AmmV3(Pools::Zipf),
        Protocol::AmmV3(Pools::Zipf12),
        Protocol::AmmV3(Pools::Hot),
        Protocol::AmmV4(Pools::Own),
        Protocol::AmmV4(Pools::Zipf08),
        Protocol::AmmV4(Pools::Zipf),
        Protocol::AmmV4(Pools::Zipf12),
        Protocol::AmmV4(Pools::Hot),
        Protocol::Erc20(Transfers::Usdt),
        Protocol::Erc20(Transfers::Usdc),
        Protocol::Erc20(Transfers::OpenZeppelin),
        Protocol::Erc20(Transfers::Airdrop),
        Protocol::Erc20(Transfers::Treasury),
        Protocol::Erc20(Transfers::Fee),
        Protocol::Day(Day::Defi),
        Protocol::Day(Day::Mainnet),
        Protocol::Arbitrage,
        Protocol::Aave(Lending::Everyday),
        Protocol::Aave(Lending::Liquidations),
        Protocol::Venus(Lending::Everyday),
        Protocol::Venus(Lending::Liquidations),
        Protocol::OrderBook(Markets::One),
        Protocol::OrderBook(Markets::Many),
        Protocol::NftMint,
        Protocol::ShardedAmm,
        Protocol::Insurance(Cover::Everyday),
        Protocol::Insurance(Cover::Payout),
        Protocol::Gif(Cover::Everyday),
        Protocol::Gif(Cover::Payout),
    ]
}

/// Why there is no block.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The code is not there or not usable.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The protocol could not be set up.
    #[error("cannot set {protocol} up")]
    Setup {
        /// Which one.
        protocol: Protocol,
        /// What failed.
        source: SetupError,
    },
}

impl Protocol {
    /// Name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Erc20(Transfers::Usdt) => "erc20-usdt",
            Self::Erc20(Transfers::Usdc) => "erc20-usdc",
            Self::Erc20(Transfers::OpenZeppelin) => "erc20-oz",
            Self::Erc20(Transfers::Airdrop) => "erc20-airdrop",
            Self::Erc20(Transfers::Treasury) => "erc20-treasury",
            Self::Erc20(Transfers::Fee) => "erc20-fee",
            Self::AmmV2(pools) => pools.pick([
                "amm-v2-own",
                "amm-v2-zipf08",
                "amm-v2-zipf",
                "amm-v2-zipf12",
                "amm-v2-hot",
            ]),
            Self::AmmV3(pools) => pools.pick([
                "amm-v3-own",
                "amm-v3-zipf08",
                "amm-v3-zipf",
                "amm-v3-zipf12",
                "amm-v3-hot",
            ]),
            Self::AmmV4(pools) => pools.pick([
                "amm-v4-own",
                "amm-v4-zipf08",
                "amm-v4-zipf",
                "amm-v4-zipf12",
                "amm-v4-hot",
            ]),
            Self::Day(Day::Defi) => "defi-day",
            Self::Day(Day::Mainnet) => "mainnet-like",
            Self::Arbitrage => "arbitrage",
            Self::Aave(Lending::Everyday) => "lending-aave",
            Self::Aave(Lending::Liquidations) => "lending-aave-liquidation",
            Self::Venus(Lending::Everyday) => "lending-venus",
            Self::Venus(Lending::Liquidations) => "lending-venus-liquidation",
            Self::OrderBook(Markets::One) => "orderbook-one",
            Self::OrderBook(Markets::Many) => "orderbook-64",
            Self::NftMint => "nft-mint",
            Self::ShardedAmm => "sharded-amm",
            Self::Insurance(Cover::Everyday) => "insurance-cover",
            Self::Insurance(Cover::Payout) => "insurance-cover-payout",
            Self::Gif(Cover::Everyday) => "insurance-gif",
            Self::Gif(Cover::Payout) => "insurance-gif-payout",
        }
    }

    /// One line on what its transactions do.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Erc20(Transfers::Usdt) => "USDT transfers between independent pairs of holders",
            Self::Erc20(Transfers::Usdc) => "USDC transfers between independent pairs of holders",
            Self::Erc20(Transfers::OpenZeppelin) => {
                "transfers of OpenZeppelin's ERC-20 token between independent pairs of holders"
            }
            Self::Erc20(Transfers::Airdrop) => {
                "transfers of OpenZeppelin's ERC-20 token from one holder to many"
            }
            Self::Erc20(Transfers::Treasury) => {
                "transfers of OpenZeppelin's ERC-20 token from many holders to one"
            }
            Self::Erc20(Transfers::Fee) => {
                "USDT transfers between pairs of holders with a fee that its owner gets"
            }
            Self::AmmV2(pools) => pools.pick(in_pools!("Uniswap V2 swaps by the router")),
            Self::AmmV3(pools) => pools.pick(in_pools!("Uniswap V3 swaps by the router")),
            Self::AmmV4(pools) => pools.pick(in_pools!("Uniswap V4 swaps by a router")),
            Self::Day(Day::Defi) => {
                "swaps, tokens, payments, creations by people and in pools by Zipf 1.0"
            }
            Self::Day(Day::Mainnet) => {
                "what Ethereum's blocks are made of, by people and in pools by Zipf 1.0"
            }
            Self::Arbitrage => "bots race for gaps between prices; all but the first revert",
            Self::Aave(Lending::Everyday) => {
                "Aave V3 deposits, loans, repayments and withdrawals in four assets"
            }
            Self::Aave(Lending::Liquidations) => {
                "Aave V3 liquidations after a price has fallen, among everyday use"
            }
            Self::Venus(Lending::Everyday) => {
                "Venus deposits, loans, repayments and withdrawals in four assets"
            }
            Self::Venus(Lending::Liquidations) => {
                "Venus liquidations after a price has fallen, among everyday use"
            }
            Self::OrderBook(Markets::One) => "place, cancel and take in one order book",
            Self::OrderBook(Markets::Many) => "place, cancel and take in 64 order books",
            Self::NftMint => "mints of one collection, numbered by a counter",
            Self::ShardedAmm => "swaps in an exchange of 64 shards, chosen by trader",
            Self::Insurance(Cover::Everyday) => {
                "cover bought, premiums accrued and claims paid, one pool of capital"
            }
            Self::Insurance(Cover::Payout) => {
                "an oracle reports an event, then one pool pays a policy in each transaction"
            }
            Self::Gif(Cover::Everyday) => {
                "Etherisc GIF: applications, policies and claims of a fire insurance"
            }
            Self::Gif(Cover::Payout) => {
                "Etherisc GIF: a fire is reported, then each transaction is a claim, paid at once"
            }
        }
    }

    /// Checks that all its code is installed, which takes no time. Contracts of our
    /// own are part of this crate.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Missing`], which names the command that installs it.
    pub fn check(self, artifacts: &PublishedArtifacts) -> Result<(), ArtifactError> {
        match self {
            Self::Erc20(transfers) => transfers.check(artifacts),
            Self::AmmV2(_) | Self::Arbitrage => artifacts.check(amm_v2::ARTIFACTS),
            Self::AmmV3(_) => artifacts.check(amm_v3::ARTIFACTS),
            Self::AmmV4(_) => artifacts.check(amm_v4::ARTIFACTS),
            Self::Day(day) => day.check(artifacts),
            Self::Aave(_) => artifacts.check(Aave::ARTIFACTS),
            Self::Venus(_) => artifacts.check(Venus::ARTIFACTS),
            Self::Gif(_) => artifacts.check(gif::ARTIFACTS),
            Self::OrderBook(_) | Self::NftMint | Self::ShardedAmm | Self::Insurance(_) => Ok(()),
        }
    }

    /// Makes a block of a number of transactions or another [`Size`], as
    /// [`generate`](crate::generate) does: every transaction succeeds but for those that
    /// the workload names.
    ///
    /// # Errors
    ///
    /// If the code is not installed, or is not what it should be.
    pub fn generate(
        self,
        artifacts: &PublishedArtifacts,
        size: impl Into<Size>,
        seed: u64,
    ) -> Result<Workload, ProtocolError> {
        self.check(artifacts)?;
        let size = size.into();
        let mut world = World::new(seed);
        let made = match self {
            Self::Erc20(row) => erc20::transfers(&mut world, artifacts, row, size),
            Self::AmmV2(pools) => swaps::<amm_v2::Market>(&mut world, artifacts, pools, size),
            Self::AmmV3(pools) => swaps::<amm_v3::Market>(&mut world, artifacts, pools, size),
            Self::AmmV4(pools) => swaps::<amm_v4::Market>(&mut world, artifacts, pools, size),
            Self::Day(day) => day::day(&mut world, artifacts, day, size),
            Self::Arbitrage => arbitrage::races(&mut world, artifacts, size),
            Self::Aave(lending) => {
                lending::block::<Aave>(&mut world, artifacts, lending, size.transactions)
            }
            Self::Venus(lending) => {
                lending::block::<Venus>(&mut world, artifacts, lending, size.transactions)
            }
            Self::OrderBook(markets) => order_book::trade(&mut world, markets, size.transactions),
            Self::NftMint => nft::mints(&mut world, size.transactions),
            Self::ShardedAmm => sharded_amm::swaps(&mut world, size.transactions),
            Self::Insurance(Cover::Everyday) => cover::everyday(&mut world, size.transactions),
            Self::Insurance(Cover::Payout) => cover::payout(&mut world, size.transactions),
            Self::Gif(Cover::Everyday) => gif::everyday(&mut world, artifacts, size.transactions),
            Self::Gif(Cover::Payout) => gif::payout(&mut world, artifacts, size.transactions),
        };
        made.map_err(|error| match error {
            Stopped::Artifact(error) => ProtocolError::Artifact(error),
            Stopped::Setup(source) => ProtocolError::Setup {
                protocol: self,
                source,
            },
        })?;
        world.populate(size.accounts);
        let name = format!("{self} {} seed={seed}", size.label());
        Ok(world.finish(name, self.description()))
    }
}

/// What a generator stops for: as [`ProtocolError`], for `?`.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol {name:?}: known are {}", names())]
pub struct UnknownProtocol {
    /// The name.
    pub name: String,
}

fn names() -> String {
    let names: Vec<_> = protocols().iter().map(|known| known.name()).collect();
    names.join(", ")
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, UnknownProtocol> {
        let found = protocols().iter().find(|known| known.name() == name);
        found.copied().ok_or_else(|| UnknownProtocol {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for protocol in protocols() {
            assert_eq!(protocol.name().parse(), Ok(*protocol));
        }
        let error = "amm".parse::<Protocol>().unwrap_err();
        assert!(error.to_string().contains("amm-v2-hot"), "{error}");
    }
}
