//! Instructions of one execution of a block.
//!
//! Valgrind counts those of a whole process. What a process does besides executing
//! the block is the same whether it does so once or more often:
//!
//! ```text
//! (instructions of 1 + N rounds - instructions of 1 round) / N
//! ```
//!
//! The first round, in which caches are filled, is in neither.

use parallax_engine::{Engine, EngineConfig, sequential};
use parallax_workload::{Kind, generate};
use std::{
    env, io,
    process::{Command, Stdio},
    str::FromStr,
};

/// Rounds that are counted.
const ROUNDS: u64 = 3;

/// Who executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Plain revm.
    Revm,
    /// The engine, on one worker.
    Engine,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Revm => "revm",
            Self::Engine => "engine",
        }
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Revm, Self::Engine]
            .into_iter()
            .find(|way| way.name() == name)
            .ok_or_else(|| format!("neither revm nor engine: {name}"))
    }
}

/// Why there is no count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountError {
    /// It cannot be started.
    #[error("valgrind cannot be started: {0}")]
    NoValgrind(io::Error),
    /// It could, and failed.
    #[error("valgrind has failed:\n{0}")]
    Failed(String),
    /// Its report has changed.
    #[error("valgrind does not say how many instructions there were:\n{0}")]
    NoCount(String),
}

/// Executes a block so often.
pub(crate) fn execute(
    kind: Kind,
    way: Way,
    transactions: usize,
    rounds: usize,
) -> Result<(), String> {
    let workload = generate(kind, transactions, 1);
    let (block, state) = (&workload.block, &workload.state);
    let engine = Engine::new(EngineConfig {
        workers: 1,
        ..EngineConfig::default()
    });
    let engine = engine.map_err(|error| error.to_string())?;
    for _ in 0..rounds {
        let failed = match way {
            Way::Revm => sequential::replay_bundle(block, state, false).err(),
            Way::Engine => engine.replay(block, state).err(),
        };
        if let Some(error) = failed {
            return Err(format!("{kind}: {error}"));
        }
    }
    Ok(())
}

/// Whether valgrind is here.
pub(crate) fn is_possible() -> Result<(), CountError> {
    let version = Command::new("valgrind").arg("--version").output();
    version.map(|_| ()).map_err(CountError::NoValgrind)
}

/// Instructions that one execution takes.
pub(crate) fn count(kind: Kind, way: Way) -> Result<u64, CountError> {
    let once = of_process(kind, way, 1)?;
    let often = of_process(kind, way, 1 + ROUNDS)?;
    Ok(often.saturating_sub(once) / ROUNDS)
}

fn of_process(kind: Kind, way: Way, rounds: u64) -> Result<u64, CountError> {
    let program = env::current_exe().map_err(CountError::NoValgrind)?;
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        .arg(program)
        .args(["execute", kind.name(), way.name(), &rounds.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(CountError::NoValgrind)?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(CountError::Failed(report));
    }
    instructions(&report).ok_or(CountError::NoCount(report))
}

/// The number in `==1234== I refs:  5,678`.
fn instructions(report: &str) -> Option<u64> {
    let line = report.lines().find_map(|line| {
        let (name, value) = line.split_once("refs:")?;
        name.trim_end().ends_with(" I").then_some(value)
    })?;
    line.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        let report = "==7== Cachegrind, a tool\n==7== I   refs:      1,234,567\n==7== D refs: 8\n";
        assert_eq!(instructions(report), Some(1_234_567));
        assert_eq!(instructions("==7== I refs: 12"), Some(12));
        assert_eq!(instructions("==7== LL refs: 12"), None);
    }

    #[test]
    fn both_ways_execute() {
        for way in [Way::Revm, Way::Engine] {
            assert_eq!(way.name().parse(), Ok(way));
            assert_eq!(execute(Kind::Mixed, way, 20, 2), Ok(()));
        }
        assert!("geth".parse::<Way>().is_err());
    }
}
