//! Whether executing a block has become more work than it was:
//!
//! ```text
//! cargo run --release -p parallax-workload --example guard -- check docs/guard.json
//! cargo run --release -p parallax-workload --example guard -- record docs/guard.json
//! ```
//!
//! Counts the instructions that valgrind sees for a few fixed blocks, on plain revm and
//! on the engine with one worker, and compares their ratio with the recorded one. No
//! time is measured, so it does not matter what else the machine does. Needs
//! `valgrind`; without it, or where the record says nothing about this processor, it
//! prints `skipped:` and why, and succeeds. `docs/benchmarks.md` says more.

mod baseline;
mod count;

use baseline::{Baseline, Setting, Verdict};
use count::{CountError, Way, count, execute};
use parallax_workload::Kind;
use std::{error::Error, fs, path::Path, process::ExitCode};

/// That of the binary, which this is about.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Payments, calls of a token, deep calls, a chain of reads, a bit of everything. On
/// one worker a hot block is like any other.
const KINDS: [Kind; 5] = [
    Kind::Transfers,
    Kind::Erc20,
    Kind::Swaps,
    Kind::Chain,
    Kind::Mixed,
];

/// Enough for payments to be settled together, as in a real block.
const TRANSACTIONS: usize = 600;

const USAGE: &str = "usage: guard check FILE | guard record FILE";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["check", file] => check(Path::new(file)),
        ["record", file] => record(Path::new(file)),
        // What valgrind runs.
        ["execute", kind, way, rounds] => run(kind, way, rounds),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(kind: &str, way: &str, rounds: &str) -> Result<bool, Box<dyn Error>> {
    execute(kind.parse()?, way.parse()?, TRANSACTIONS, rounds.parse()?)?;
    Ok(true)
}

/// Instructions of the engine for each of plain revm.
fn ratio(kind: Kind) -> Result<f64, CountError> {
    let revm = count(kind, Way::Revm)?;
    let engine = count(kind, Way::Engine)?;
    Ok(engine as f64 / revm as f64)
}

fn check(file: &Path) -> Result<bool, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let recorded: Baseline = serde_json::from_str(&text)?;
    if !recorded.is_of(TRANSACTIONS) {
        return Err("the record is of blocks of another size: record it".into());
    }
    let setting = Setting::here();
    let Some(tolerance) = recorded.tolerance_in(&setting) else {
        println!(
            "skipped: recorded for {}, this is {setting}",
            recorded.setting
        );
        return Ok(true);
    };
    if let Err(error) = count::is_possible() {
        println!("skipped: {error}");
        return Ok(true);
    }
    println!(
        "instructions, engine by plain revm; may be {:.0} % more",
        tolerance * 100.0
    );
    let mut is_good = true;
    for kind in KINDS {
        let Some(before) = recorded.ratio(kind) else {
            println!("{kind:12} has no recorded ratio: record it");
            is_good = false;
            continue;
        };
        let now = ratio(kind)?;
        let verdict = Verdict::of(before, now, tolerance);
        println!("{kind:12} recorded {before:.4}, now {now:.4}  {verdict}");
        is_good &= verdict != Verdict::More;
    }
    Ok(is_good)
}

fn record(file: &Path) -> Result<bool, Box<dyn Error>> {
    let mut baseline = Baseline::empty(Setting::here(), TRANSACTIONS);
    for kind in KINDS {
        let ratio = ratio(kind)?;
        println!("{kind:12} {ratio:.4}");
        baseline.add(kind, ratio);
    }
    let text = serde_json::to_string_pretty(&baseline)?;
    fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(true)
}
