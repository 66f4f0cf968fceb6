//! The catalogue of ordinary blocks.

use std::{fmt, str::FromStr};

/// A kind of ordinary block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Value transfers between pairs of accounts that share nothing.
    Transfers,
    /// Value transfers from many senders to one recipient.
    TransfersToOne,
    /// Value transfers from one sender: a chain of nonces.
    TransfersFromOne,
    /// Transfers of one token between pairs of accounts that share nothing.
    Erc20,
    /// Transfers of one token from many senders to one recipient.
    Erc20ToOne,
    /// Swaps, each in a pool of its own.
    Swaps,
    /// Swaps in one pool by distinct senders.
    SwapOnePool,
    /// Each transaction reads a slot that the one before it wrote.
    Chain,
    /// Every transaction increments the same slot.
    Counter,
    /// Each transaction reads what the one before it writes late, and those behind are
    /// done first.
    AbortCascade,
    /// What transactions write has to be taken back, because an earlier one makes them
    /// revert.
    PublishThenRevert,
    /// Independent transactions, and one of 16.7 million gas behind them.
    LongLast,
    /// Senders and slots that differ in few bits.
    CollidingKeys,
    /// What a busy day looks like: transfers, tokens, approvals, swaps and a few
    /// contracts, all with Zipf popularity.
    Mixed,
}

/// All kinds, from the least conflicts to the most, those that are meant to be hard,
/// and the mix.
#[must_use]
pub fn catalogue() -> &'static [Kind] {
    &[
        Kind::Transfers,
        Kind::TransfersToOne,
        Kind::TransfersFromOne,
        Kind::Erc20,
        Kind::Erc20ToOne,
        Kind::Swaps,
        Kind::SwapOnePool,
        Kind::Chain,
        Kind::Counter,
        Kind::AbortCascade,
        Kind::PublishThenRevert,
        Kind::LongLast,
        Kind::CollidingKeys,
        Kind::Mixed,
    ]
}

impl Kind {
    /// Name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Transfers => "transfers",
            Self::TransfersToOne => "transfers-to-one",
            Self::TransfersFromOne => "transfers-from-one",
            Self::Erc20 => "erc20",
            Self::Erc20ToOne => "erc20-to-one",
            Self::Swaps => "swaps",
            Self::SwapOnePool => "swap-one-pool",
            Self::Chain => "chain",
            Self::Counter => "counter",
            Self::AbortCascade => "abort-cascade",
            Self::PublishThenRevert => "publish-revert",
            Self::LongLast => "long-last",
            Self::CollidingKeys => "colliding-keys",
            Self::Mixed => "mixed",
        }
    }

    /// One line on what its transactions do.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Transfers => "value transfers between independent pairs of accounts",
            Self::TransfersToOne => "value transfers from distinct senders to one recipient",
            Self::TransfersFromOne => "value transfers from one sender to distinct recipients",
            Self::Erc20 => "transfers of one ERC-20 token between independent pairs of holders",
            Self::Erc20ToOne => "transfers of one ERC-20 token from distinct senders to one holder",
            Self::Swaps => "swaps by distinct senders, each in a pool of its own",
            Self::SwapOnePool => "swaps by distinct senders, all in one pool",
            Self::Chain => "each transaction reads the slot that the one before it wrote",
            Self::Counter => "distinct senders increment one storage slot",
            Self::AbortCascade => "each transaction reads what a longer one before it writes last",
            Self::PublishThenRevert => {
                "writers of one slot revert or not as a longer one before them decides last"
            }
            Self::LongLast => "independent transactions, then one of 16.7M gas",
            Self::CollidingKeys => "independent writes by senders and to slots that look alike",
            Self::Mixed => "transfers, tokens, approvals, swaps and counters with Zipf popularity",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown workload {name:?}: known are {}", names())]
pub struct UnknownKind {
    /// The name.
    pub name: String,
}

fn names() -> String {
    let names: Vec<_> = catalogue().iter().map(|kind| kind.name()).collect();
    names.join(", ")
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = catalogue().iter().find(|kind| kind.name() == name);
        found.copied().ok_or_else(|| UnknownKind {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for kind in catalogue() {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        let error = "transfer".parse::<Kind>().unwrap_err();
        assert!(error.to_string().contains("transfers-to-one"), "{error}");
    }
}
