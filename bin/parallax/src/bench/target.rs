//! What a line of the table aims at.

use super::row::Row;
use parallax_workload::{Day, Kind, Lending, Markets, Pools, Protocol, Transfers};
use std::fmt;

/// At least this much. Targets are those for two workers; more may not do worse.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Target {
    pub(crate) speedup: f64,
    pub(crate) cpu_efficiency: Option<f64>,
}

impl Target {
    /// Whether these figures reach it.
    pub(crate) fn is_met(&self, speedup: f64, cpu_efficiency: f64) -> bool {
        let efficient = self
            .cpu_efficiency
            .is_none_or(|target| cpu_efficiency >= target);
        speedup >= self.speedup && efficient
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.speedup)?;
        match self.cpu_efficiency {
            Some(efficiency) => write!(f, ", cpu {efficiency}"),
            None => Ok(()),
        }
    }
}

/// What a made-up block aims at; recorded ones have targets line by line.
pub(super) fn of_made_up(row: Row) -> Option<Target> {
    match row {
        Row::Made(kind) => of_made(kind),
        Row::Published(protocol) => of_published(protocol),
        Row::InvalidFirst => Some(Target {
            speedup: 0.97,
            cpu_efficiency: None,
        }),
        Row::RealBlocks => None,
    }
}

fn of_published(protocol: Protocol) -> Option<Target> {
    let (speedup, cpu_efficiency) = match protocol {
        Protocol::AmmV2(pools) | Protocol::AmmV3(pools) | Protocol::AmmV4(pools) => match pools {
            Pools::Own => (1.9, Some(0.8)),
            Pools::Hot => (0.97, None),
            Pools::Zipf08 | Pools::Zipf | Pools::Zipf12 => return None,
        },
        Protocol::Erc20(Transfers::Usdt | Transfers::Usdc | Transfers::OpenZeppelin) => {
            (1.9, Some(0.8))
        }
        Protocol::Day(Day::Defi) => (1.6, None),
        Protocol::Day(Day::Mainnet) => (1.5, None),
        // Bots race for the same pools; the fee of every transfer goes to one owner.
        Protocol::Arbitrage | Protocol::Erc20(Transfers::Fee) => (0.97, None),
        Protocol::Erc20(Transfers::Airdrop | Transfers::Treasury) => return None,
        // Liquidators of one collateral wait for one another.
        Protocol::Aave(Lending::Liquidations) | Protocol::Venus(Lending::Liquidations) => {
            (0.97, None)
        }
        Protocol::Aave(Lending::Everyday) | Protocol::Venus(Lending::Everyday) => return None,
        Protocol::ShardedAmm => (1.9, Some(0.8)),
        Protocol::OrderBook(Markets::One)
        | Protocol::NftMint
        | Protocol::Insurance(_)
        | Protocol::Gif(_) => (0.97, None),
        Protocol::OrderBook(Markets::Many) => return None,
    };
    Some(Target {
        speedup,
        cpu_efficiency,
    })
}

fn of_made(kind: Kind) -> Option<Target> {
    /// Blocks whose transactions share nothing waste no work.
    const INDEPENDENT: Option<f64> = Some(0.85);
    let (speedup, cpu_efficiency) = match kind {
        Kind::Transfers => (6.0, INDEPENDENT),
        Kind::TransfersToOne => (4.0, None),
        Kind::TransfersFromOne => (3.0, None),
        Kind::Erc20 => (2.2, INDEPENDENT),
        Kind::Erc20ToOne => (1.5, None),
        Kind::Swaps => (1.9, INDEPENDENT),
        Kind::SwapOnePool
        | Kind::Chain
        | Kind::Counter
        | Kind::AbortCascade
        | Kind::PublishThenRevert
        | Kind::LongLast
        | Kind::CollidingKeys => (0.97, None),
        Kind::Mixed => return None,
    };
    Some(Target {
        speedup,
        cpu_efficiency,
    })
}

/// Recorded blocks in replay mode, geometric mean.
pub(super) const REAL_MEAN: Target = Target {
    speedup: 1.5,
    cpu_efficiency: REAL_CPU_EFFICIENCY,
};

/// The recorded block with the least speed-up.
pub(super) const REAL_WORST: Target = Target {
    speedup: 0.97,
    cpu_efficiency: None,
};

/// Recorded blocks in verify mode, geometric mean.
pub(super) const REAL_VERIFY_MEAN: Target = Target {
    speedup: 1.8,
    cpu_efficiency: REAL_CPU_EFFICIENCY,
};

const REAL_CPU_EFFICIENCY: Option<f64> = Some(0.75);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_figures_count() {
        let target = Target {
            speedup: 1.9,
            cpu_efficiency: Some(0.85),
        };
        assert!(target.is_met(1.9, 0.85));
        assert!(!target.is_met(1.8, 1.0));
        assert!(!target.is_met(2.0, 0.8));
        assert_eq!(target.to_string(), "1.9x, cpu 0.85");
    }
}
