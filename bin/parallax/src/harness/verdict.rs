//! All that was checked about a block.

use parallax_blocks::{Check, Report, Unchecked};
use std::fmt;

/// Whose result a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Of {
    /// Plain revm's, against the header.
    Sequential,
    /// The parallel engine's, against the header.
    Parallel,
    /// The parallel engine's, against plain revm's.
    Both,
}

/// A check and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) of: Of,
    pub(crate) name: &'static str,
    /// Where they differ, expected and got.
    pub(crate) difference: Option<(String, String)>,
}

impl Finding {
    pub(crate) fn passed(&self) -> bool {
        self.difference.is_none()
    }

    /// The execution itself did not succeed.
    pub(crate) fn not_executed(of: Of, error: &impl fmt::Display) -> Self {
        Self {
            of,
            name: "execution",
            difference: Some(("a result".to_owned(), error.to_string())),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.of {
            Of::Sequential => "sequential",
            Of::Parallel => "parallel",
            Of::Both => "parallel against sequential",
        };
        write!(f, "{of}: {}: ", self.name)?;
        match &self.difference {
            None => f.write_str("passed"),
            Some((expected, got)) => write!(f, "expected {expected}, got {got}"),
        }
    }
}

/// All findings about a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) findings: Vec<Finding>,
    pub(crate) unchecked: Vec<Unchecked>,
}

impl Verdict {
    pub(crate) fn verified(&self) -> bool {
        self.findings.iter().all(Finding::passed)
    }

    pub(crate) fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.passed())
    }

    /// How many checks passed.
    pub(crate) fn passed(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.passed())
            .count()
    }

    /// Adds the comparison of one result with the header.
    pub(crate) fn add_report(&mut self, of: Of, report: Report) {
        self.findings
            .extend(report.checks.into_iter().map(|check| from_check(of, check)));
        // What a file does not allow is the same for both results.
        self.unchecked = report.unchecked;
    }
}

fn from_check(of: Of, check: Check) -> Finding {
    Finding {
        of,
        name: check.name,
        difference: (!check.passed).then_some((check.expected, check.got)),
    }
}
