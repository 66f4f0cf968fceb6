//! What was recorded, and how far from it is too far.

use parallax_workload::Kind;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, process::Command};

/// By how much a ratio may grow, with the compiler that made the record.
const TOLERANCE: f64 = 0.03;

/// The same with another compiler, which may treat both sides differently.
const TOLERANCE_OF_COMPILERS: f64 = 0.10;

/// What instruction counts depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setting {
    architecture: String,
    /// Valgrind shows programs one of a few processors, whatever the real one is:
    /// this is what they differ in.
    avx2: bool,
    compiler: String,
}

/// Recorded ratios.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Baseline {
    pub(crate) setting: Setting,
    transactions: usize,
    /// Instructions of the engine by those of plain revm, for each kind of block.
    ratios: BTreeMap<String, f64>,
}

impl Setting {
    /// This machine's.
    pub(crate) fn here() -> Self {
        let compiler = Command::new("rustc").arg("--version").output();
        Self {
            architecture: std::env::consts::ARCH.to_owned(),
            avx2: has_avx2(),
            compiler: compiler.map_or_else(
                |_| "unknown".to_owned(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            ),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = if self.avx2 { "with" } else { "without" };
        write!(f, "{} {with} AVX2", self.architecture)
    }
}

impl Baseline {
    /// Without ratios.
    pub(crate) fn empty(setting: Setting, transactions: usize) -> Self {
        Self {
            setting,
            transactions,
            ratios: BTreeMap::new(),
        }
    }

    /// Adds the ratio of a kind of block, to four digits.
    pub(crate) fn add(&mut self, kind: Kind, ratio: f64) {
        let rounded = (ratio * 1e4).round() / 1e4;
        self.ratios.insert(kind.name().to_owned(), rounded);
    }

    /// Whether its blocks have so many transactions.
    pub(crate) fn is_of(&self, transactions: usize) -> bool {
        self.transactions == transactions
    }

    /// The ratio of a kind of block.
    pub(crate) fn ratio(&self, kind: Kind) -> Option<f64> {
        self.ratios.get(kind.name()).copied()
    }

    /// By how much ratios may grow there; `None` if the record says nothing about it.
    pub(crate) fn tolerance_in(&self, setting: &Setting) -> Option<f64> {
        let recorded = &self.setting;
        if (&recorded.architecture, recorded.avx2) != (&setting.architecture, setting.avx2) {
            return None;
        }
        Some(if recorded.compiler == setting.compiler {
            TOLERANCE
        } else {
            TOLERANCE_OF_COMPILERS
        })
    }
}

/// How a ratio compares with the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    More,
    Less,
}

impl Verdict {
    pub(crate) fn of(before: f64, now: f64, tolerance: f64) -> Self {
        match now / before - 1.0 {
            change if change > tolerance => Self::More,
            change if change < -tolerance => Self::Less,
            _ => Self::Same,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "as recorded",
            Self::More => "MORE WORK than recorded",
            Self::Less => "less work than recorded: record it, to keep it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(architecture: &str, avx2: bool, compiler: &str) -> Setting {
        Setting {
            architecture: architecture.to_owned(),
            avx2,
            compiler: compiler.to_owned(),
        }
    }

    #[test]
    fn more_is_a_failure_and_less_is_not() {
        assert_eq!(Verdict::of(0.8, 0.82, TOLERANCE), Verdict::Same);
        assert_eq!(Verdict::of(0.8, 0.83, TOLERANCE), Verdict::More);
        assert_eq!(Verdict::of(0.8, 0.77, TOLERANCE), Verdict::Less);
    }

    #[test]
    fn a_record_is_about_its_setting() {
        let baseline = Baseline::empty(setting("x86_64", true, "rustc 1"), 10);
        let tolerance = |architecture, avx2, compiler| {
            baseline.tolerance_in(&setting(architecture, avx2, compiler))
        };
        assert_eq!(tolerance("x86_64", true, "rustc 1"), Some(TOLERANCE));
        assert_eq!(
            tolerance("x86_64", true, "rustc 2"),
            Some(TOLERANCE_OF_COMPILERS)
        );
        assert_eq!(tolerance("x86_64", false, "rustc 1"), None);
        assert_eq!(tolerance("aarch64", false, "rustc 1"), None);
    }

    #[test]
    fn records_are_read_back() {
        let mut baseline = Baseline::empty(Setting::here(), 10);
        baseline.add(Kind::Erc20, 0.712_345);
        let text = serde_json::to_string(&baseline).unwrap();
        let read: Baseline = serde_json::from_str(&text).unwrap();
        assert_eq!(read.setting, baseline.setting);
        assert_eq!(read.ratio(Kind::Erc20), Some(0.7123));
        assert_eq!(read.ratio(Kind::Swaps), None);
        assert!(read.is_of(10) && !read.is_of(11));
    }
}
