//! The forks, and what each of them changes.

use alloy_eips::eip7840::BlobParams;
use revm::primitives::hardfork::SpecId;
use std::fmt;

/// A set of rules, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Petersburg's rules: what was different was taken back before it could happen on
    /// mainnet.
    Constantinople,
    /// Constantinople with its fix.
    Petersburg,
    /// 2019.
    Istanbul,
    /// Delays the difficulty bomb.
    MuirGlacier,
    /// 2021.
    Berlin,
    /// EIP-1559.
    London,
    /// Delays the difficulty bomb.
    ArrowGlacier,
    /// Delays the difficulty bomb.
    GrayGlacier,
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
    /// As Bpo2, unless a genesis says how many blobs.
    Bpo3,
    /// As [`Fork::Bpo3`].
    Bpo4,
    /// As [`Fork::Bpo3`].
    Bpo5,
}

impl Fork {
    /// Reads a name as the official test suites have it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Frontier" => Self::Frontier,
            "Homestead" => Self::Homestead,
            "Dao" => Self::Dao,
            "EIP150" => Self::TangerineWhistle,
            "EIP158" => Self::SpuriousDragon,
            "Byzantium" => Self::Byzantium,
            "Constantinople" => Self::Constantinople,
            "ConstantinopleFix" => Self::Petersburg,
            "Istanbul" => Self::Istanbul,
            "MuirGlacier" => Self::MuirGlacier,
            "Berlin" => Self::Berlin,
            "London" => Self::London,
            "ArrowGlacier" => Self::ArrowGlacier,
            "GrayGlacier" => Self::GrayGlacier,
            "Paris" => Self::Paris,
            "Shanghai" => Self::Shanghai,
            "Cancun" => Self::Cancun,
            "Prague" => Self::Prague,
            "Osaka" => Self::Osaka,
            "BPO1" => Self::Bpo1,
            "BPO2" => Self::Bpo2,
            "BPO3" => Self::Bpo3,
            "BPO4" => Self::Bpo4,
            "BPO5" => Self::Bpo5,
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
            Self::Constantinople | Self::Petersburg => SpecId::PETERSBURG,
            Self::Istanbul | Self::MuirGlacier => SpecId::ISTANBUL,
            Self::Berlin => SpecId::BERLIN,
            Self::London | Self::ArrowGlacier | Self::GrayGlacier => SpecId::LONDON,
            Self::Paris => SpecId::MERGE,
            Self::Shanghai => SpecId::SHANGHAI,
            Self::Cancun => SpecId::CANCUN,
            Self::Prague => SpecId::PRAGUE,
            Self::Osaka | Self::Bpo1 | Self::Bpo2 | Self::Bpo3 | Self::Bpo4 | Self::Bpo5 => {
                SpecId::OSAKA
            }
        }
    }

    /// The blobs of mainnet; `None` before there were any.
    #[must_use]
    pub fn blobs(self) -> Option<BlobParams> {
        match self {
            Self::Cancun => Some(BlobParams::cancun()),
            Self::Prague => Some(BlobParams::prague()),
            Self::Osaka => Some(BlobParams::osaka()),
            Self::Bpo1 => Some(BlobParams::bpo1()),
            Self::Bpo2 | Self::Bpo3 | Self::Bpo4 | Self::Bpo5 => Some(BlobParams::bpo2()),
            _ => None,
        }
    }

    /// The subsidy of a block in wei; `None` under proof of stake.
    #[must_use]
    pub fn block_reward(self) -> Option<u128> {
        const ETHER: u128 = 1_000_000_000_000_000_000;
        match self {
            fork if fork >= Self::Paris => None,
            fork if fork >= Self::Constantinople => Some(2 * ETHER),
            fork if fork >= Self::Byzantium => Some(3 * ETHER),
            _ => Some(5 * ETHER),
        }
    }
}

impl fmt::Display for Fork {
    /// As in messages: the name in English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
