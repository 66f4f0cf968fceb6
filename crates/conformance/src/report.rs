//! What running a suite found.

use crate::skips::{self, SKIPS};
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
    /// Cases that are not judged, by their group's place in [`SKIPS`].
    pub skipped: BTreeMap<usize, usize>,
    /// Cases that gave another result: name and difference.
    pub failures: Vec<(String, String)>,
}

impl Report {
    /// Cases found, whatever became of them.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.passed + self.failures.len() + self.skipped.values().sum::<usize>()
    }

    /// Runs a case. One that is listed in [`SKIPS`] has to fail: nothing is skipped that
    /// passes.
    pub fn case(&mut self, name: &str, run: impl FnOnce() -> Result<(), String>) {
        self.judge(name, skips::group(name), run);
    }

    /// Runs a case that has to pass, listed or not.
    pub fn unlisted_case(&mut self, name: &str, run: impl FnOnce() -> Result<(), String>) {
        self.judge(name, None, run);
    }

    fn judge(
        &mut self,
        name: &str,
        group: Option<usize>,
        run: impl FnOnce() -> Result<(), String>,
    ) {
        let _named = NamedOnPanic(name);
        match (run(), group) {
            (Ok(()), None) => self.passed += 1,
            (Err(_), Some(group)) => *self.skipped.entry(group).or_default() += 1,
            (Ok(()), Some(_)) => {
                let difference = "it passes, and is listed as skipped".to_owned();
                self.failures.push((name.to_owned(), difference));
            }
            (Err(difference), None) => self.failures.push((name.to_owned(), difference)),
        }
    }

    /// Adds what another thread found.
    pub fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.passed += other.passed;
        self.failures.extend(other.failures);
        for (group, count) in other.skipped {
            *self.skipped.entry(group).or_default() += count;
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
        for (group, count) in &self.skipped {
            let skip = &SKIPS[*group];
            write!(
                f,
                "\n  skipped {count} of {:?}: {}",
                skip.parts, skip.reason
            )?;
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
