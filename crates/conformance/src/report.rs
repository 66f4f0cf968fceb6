//! What running a suite found.

use crate::skips;
use std::{collections::BTreeMap, fmt};

/// Failures that [`Report`] prints.
const SHOWN: usize = 30;

/// Counts of a suite, and its failures.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Files read.
    pub files: usize,
    /// Cases that gave the expected result.
    pub passed: usize,
    /// Cases that were not run, by reason (see [`skips`]).
    pub skipped: BTreeMap<&'static str, usize>,
    /// Cases that gave another result: name and difference.
    pub failures: Vec<(String, String)>,
}

impl Report {
    /// Cases found, whatever became of them.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.passed + self.failures.len() + self.skipped.values().sum::<usize>()
    }

    /// Runs a case, unless it is listed in [`skips`].
    pub fn case(&mut self, name: &str, run: impl FnOnce() -> Result<(), String>) {
        if let Some(reason) = skips::reason(name) {
            *self.skipped.entry(reason).or_default() += 1;
            return;
        }
        let _named = NamedOnPanic(name);
        match run() {
            Ok(()) => self.passed += 1,
            Err(difference) => self.failures.push((name.to_owned(), difference)),
        }
    }

    /// Adds what another thread found.
    pub fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.passed += other.passed;
        self.failures.extend(other.failures);
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
    }

    /// For tests: prints the report, and fails unless there were cases and all
    /// of them passed or were skipped.
    ///
    /// # Panics
    ///
    /// If a case failed or there was none.
    pub fn assert_passed(&self, suite: &str) {
        println!("{suite}: {self}");
        assert!(self.failures.is_empty(), "{suite}: {self}");
        assert!(self.passed > 0, "{suite}: no cases found");
    }
}

/// Says which case an executor panicked in.
struct NamedOnPanic<'a>(&'a str);

impl Drop for NamedOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the executor panicked in {}", self.0);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cases in {} files: {} passed, {} skipped, {} failed",
            self.cases(),
            self.files,
            self.passed,
            self.skipped.values().sum::<usize>(),
            self.failures.len()
        )?;
        for (reason, count) in &self.skipped {
            write!(f, "\n  skipped {count}: {reason}")?;
        }
        for (name, difference) in self.failures.iter().take(SHOWN) {
            write!(f, "\n  failed {name}: {difference}")?;
        }
        let more = self.failures.len().saturating_sub(SHOWN);
        if more > 0 {
            write!(f, "\n  and {more} more")?;
        }
        Ok(())
    }
}
