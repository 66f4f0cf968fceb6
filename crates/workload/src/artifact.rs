//! The compiled contracts of `contracts/out`, embedded.

use alloy_primitives::Bytes;
use revm::state::Bytecode;
use serde::Deserialize;
use std::sync::LazyLock;

/// A contract whose code is embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contract {
    /// An ERC-20 token.
    Token,
    /// A constant-product exchange of two tokens.
    Exchange,
    /// One hot slot.
    Counter,
    /// Reads one slot, writes the next.
    Ring,
    /// The slot written depends on what another one holds.
    DataDependent,
    /// Creates, destroys, creates again.
    Factory,
    /// What [`Contract::Factory`] creates.
    Child,
    /// Moves value in awkward ways.
    Wallet,
    /// Writes and then fails.
    Reverter,
    /// Looks at other accounts.
    Prober,
    /// A central limit order book of one market.
    OrderBook,
    /// Parametric cover from one pool of capital.
    CoverPool,
    /// An ERC-721 collection with a global counter.
    MintNft,
    /// A constant-product exchange whose liquidity is split in shards.
    ShardedExchange,
}

/// A compiled contract.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Code that runs at creation, without constructor arguments.
    pub creation: Bytes,
    /// Code of the account, analysed. Immutable variables are zero: contracts that
    /// have some must be created.
    pub runtime: Bytecode,
}

#[derive(Deserialize)]
struct Json {
    creation: Bytes,
    runtime: Bytes,
}

macro_rules! embedded {
    ($name:literal) => {{
        static ARTIFACT: LazyLock<Artifact> = LazyLock::new(|| {
            parse(include_str!(concat!(
                "../../../contracts/out/",
                $name,
                ".json"
            )))
        });
        &ARTIFACT
    }};
}

impl Contract {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Token,
        Self::Exchange,
        Self::Counter,
        Self::Ring,
        Self::DataDependent,
        Self::Factory,
        Self::Child,
        Self::Wallet,
        Self::Reverter,
        Self::Prober,
        Self::OrderBook,
        Self::CoverPool,
        Self::MintNft,
        Self::ShardedExchange,
    ];

    /// The compiled code.
    #[must_use]
    pub fn artifact(self) -> &'static Artifact {
        match self {
            Self::Token => embedded!("Token"),
            Self::Exchange => embedded!("Exchange"),
            Self::Counter => embedded!("Counter"),
            Self::Ring => embedded!("Ring"),
            Self::DataDependent => embedded!("DataDependent"),
            Self::Factory => embedded!("Factory"),
            Self::Child => embedded!("Child"),
            Self::Wallet => embedded!("Wallet"),
            Self::Reverter => embedded!("Reverter"),
            Self::Prober => embedded!("Prober"),
            Self::OrderBook => embedded!("OrderBook"),
            Self::CoverPool => embedded!("CoverPool"),
            Self::MintNft => embedded!("MintNft"),
            Self::ShardedExchange => embedded!("ShardedExchange"),
        }
    }

    /// The code of the account, analysed and shared.
    #[must_use]
    pub fn code(self) -> Bytecode {
        self.artifact().runtime.clone()
    }
}

fn parse(text: &str) -> Artifact {
    // Cannot fail: the file is part of this program and a test reads all of them.
    let Json { creation, runtime } = serde_json::from_str(text).expect("embedded artifact");
    Artifact {
        creation,
        runtime: Bytecode::new_legacy(runtime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parse() {
        for contract in Contract::ALL {
            let artifact = contract.artifact();
            assert!(artifact.creation.len() > artifact.runtime.len());
        }
    }
}
