//! The networks that tests name, and which fork rules each of their blocks
//! follows.

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::U256;
use parallax_engine::sequential;
use revm::{context::CfgEnv, primitives::hardfork::SpecId};

/// A set of rules. Forks that change nothing here (difficulty delays without a
/// suite) are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fork {
    /// 2015.
    Frontier,
    /// 2016.
    Homestead,
    /// Homestead rules; its first block moves the funds of the DAO.
    Dao,
    /// EIP-150.
    TangerineWhistle,
    /// EIP-155, EIP-158 and EIP-161.
    SpuriousDragon,
    /// 2017.
    Byzantium,
    /// Constantinople with its fix.
    Petersburg,
    /// 2019.
    Istanbul,
    /// 2021.
    Berlin,
    /// EIP-1559.
    London,
    /// The last delay of the difficulty bomb that the suites know.
    ArrowGlacier,
    /// Proof of stake.
    Paris,
    /// Withdrawals.
    Shanghai,
    /// Blobs.
    Cancun,
    /// Requests and delegations.
    Prague,
    /// 2025.
    Osaka,
    /// Osaka with more blobs.
    Bpo1,
    /// Osaka with still more blobs.
    Bpo2,
}

impl Fork {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Frontier" => Self::Frontier,
            "Homestead" => Self::Homestead,
            "Dao" => Self::Dao,
            "EIP150" => Self::TangerineWhistle,
            "EIP158" => Self::SpuriousDragon,
            "Byzantium" => Self::Byzantium,
            "ConstantinopleFix" => Self::Petersburg,
            "Istanbul" => Self::Istanbul,
            "Berlin" => Self::Berlin,
            "London" => Self::London,
            "ArrowGlacier" => Self::ArrowGlacier,
            "Paris" => Self::Paris,
            "Shanghai" => Self::Shanghai,
            "Cancun" => Self::Cancun,
            "Prague" => Self::Prague,
            "Osaka" => Self::Osaka,
            "BPO1" => Self::Bpo1,
            "BPO2" => Self::Bpo2,
            _ => return None,
        })
    }

    /// The EVM's rules.
    #[must_use]
    pub fn spec(self) -> SpecId {
        match self {
            Self::Frontier => SpecId::FRONTIER,
            Self::Homestead | Self::Dao => SpecId::HOMESTEAD,
            Self::TangerineWhistle => SpecId::TANGERINE,
            Self::SpuriousDragon => SpecId::SPURIOUS_DRAGON,
            Self::Byzantium => SpecId::BYZANTIUM,
            Self::Petersburg => SpecId::PETERSBURG,
            Self::Istanbul => SpecId::ISTANBUL,
            Self::Berlin => SpecId::BERLIN,
            Self::London | Self::ArrowGlacier => SpecId::LONDON,
            Self::Paris => SpecId::MERGE,
            Self::Shanghai => SpecId::SHANGHAI,
            Self::Cancun => SpecId::CANCUN,
            Self::Prague => SpecId::PRAGUE,
            Self::Osaka | Self::Bpo1 | Self::Bpo2 => SpecId::OSAKA,
        }
    }

    /// The blob schedule; `None` before there were blobs.
    #[must_use]
    pub fn blobs(self) -> Option<BlobParams> {
        match self {
            Self::Cancun => Some(BlobParams::cancun()),
            Self::Prague => Some(BlobParams::prague()),
            Self::Osaka => Some(BlobParams::osaka()),
            Self::Bpo1 => Some(BlobParams::bpo1()),
            Self::Bpo2 => Some(BlobParams::bpo2()),
            _ => None,
        }
    }

    /// The subsidy of a block in wei; `None` under proof of stake.
    #[must_use]
    pub fn block_reward(self) -> Option<u128> {
        const ETHER: u128 = 1_000_000_000_000_000_000;
        match self {
            fork if fork >= Self::Paris => None,
            fork if fork >= Self::Petersburg => Some(2 * ETHER),
            fork if fork >= Self::Byzantium => Some(3 * ETHER),
            _ => Some(5 * ETHER),
        }
    }

    /// The EVM's configuration.
    #[must_use]
    pub fn cfg(self, chain_id: u64) -> CfgEnv {
        let mut cfg = sequential::cfg(self.spec(), chain_id);
        if let Some(blobs) = self.blobs() {
            cfg.max_blobs_per_tx = Some(blobs.max_blobs_per_tx);
            cfg.blob_base_fee_update_fraction = Some(update_fraction(&blobs));
        }
        cfg
    }
}

/// The update fraction as revm holds it.
pub(crate) fn update_fraction(blobs: &BlobParams) -> u64 {
    u64::try_from(blobs.update_fraction).unwrap_or(u64::MAX)
}

/// The forks of a test chain: one, or one and its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: Fork,
    next: Option<(Fork, Activation)>,
}

/// What makes the second fork of a network active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activation {
    Number(u64),
    Timestamp(u64),
    /// Total difficulty of the parent block.
    Difficulty(U256),
}

impl Network {
    /// Reads a name such as `Osaka`, `HomesteadToDaoAt5`,
    /// `CancunToPragueAtTime15k` or `ArrowGlacierToParisAtDiffC0000`.
    ///
    /// # Errors
    ///
    /// The name, if it is not understood.
    pub fn parse(name: &str) -> Result<Self, String> {
        let parse = || {
            if let Some(first) = Fork::parse(name) {
                return Some(Self { first, next: None });
            }
            let (first, rest) = name.split_once("To")?;
            let (next, at) = rest.split_once("At")?;
            let activation = Activation::parse(at)?;
            Some(Self {
                first: Fork::parse(first)?,
                next: Some((Fork::parse(next)?, activation)),
            })
        };
        parse().ok_or_else(|| format!("unknown network {name}"))
    }

    /// The rules of the block with this number and timestamp whose parent has
    /// this total difficulty.
    #[must_use]
    pub fn fork(&self, number: u64, timestamp: u64, parent_difficulty: U256) -> Fork {
        match self.next {
            Some((fork, Activation::Number(at))) if number >= at => fork,
            Some((fork, Activation::Timestamp(at))) if timestamp >= at => fork,
            Some((fork, Activation::Difficulty(at))) if parent_difficulty >= at => fork,
            _ => self.first,
        }
    }

    /// The block number of the DAO fork, if the network has one.
    #[must_use]
    pub fn dao_block(&self) -> Option<u64> {
        match self.next {
            Some((Fork::Dao, Activation::Number(at))) => Some(at),
            _ => None,
        }
    }
}

impl Activation {
    fn parse(text: &str) -> Option<Self> {
        if let Some(time) = text.strip_prefix("Time") {
            let thousands = time.strip_suffix('k')?.parse::<u64>().ok()?;
            return Some(Self::Timestamp(thousands * 1000));
        }
        if let Some(difficulty) = text.strip_prefix("Diff") {
            let difficulty = U256::from_str_radix(difficulty, 16).ok()?;
            return Some(Self::Difficulty(difficulty));
        }
        text.parse().ok().map(Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_networks_are_understood() {
        let fork = |name: &str, number, time, difficulty: u64| {
            let network = Network::parse(name).unwrap();
            network.fork(number, time, U256::from(difficulty))
        };
        assert_eq!(fork("Osaka", 0, 0, 0), Fork::Osaka);
        assert_eq!(fork("HomesteadToDaoAt5", 4, 0, 0), Fork::Homestead);
        assert_eq!(fork("HomesteadToDaoAt5", 5, 0, 0), Fork::Dao);
        let name = "CancunToPragueAtTime15k";
        assert_eq!(fork(name, 9, 14_999, 0), Fork::Cancun);
        assert_eq!(fork(name, 9, 15_000, 0), Fork::Prague);
        let name = "ArrowGlacierToParisAtDiffC0000";
        assert_eq!(fork(name, 9, 0, 0xbffff), Fork::ArrowGlacier);
        assert_eq!(fork(name, 9, 0, 0xc0000), Fork::Paris);
        assert!(Network::parse("Utopia").is_err());
    }
}
