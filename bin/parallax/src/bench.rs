//! `parallax bench`: the table that says how fast the engine is.
//!
//! ```text
//! rows ─> made-up blocks ─> examine ─────────────> lines ─> table, JSON, HTML
//!         real blocks ────> examine each ─> mean, worst ─┘
//! ```

mod budget;
mod curve;
mod html;
mod json;
mod line;
mod list;
mod machine;
mod measure;
mod progress;
mod real_blocks;
mod report;
mod row;
mod simulation;
mod table;
mod target;

use crate::{
    Outcome, bench_state,
    cli::{BenchArguments, BenchCommand},
};
use eyre::{Result, WrapErr};
pub(crate) use machine::Machine;
use measure::measure;
use parallax_blocks::BlockFiles;
use report::Report;
pub(crate) use row::Row;
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// Runs the command.
pub(crate) fn run(arguments: &BenchArguments) -> Result<Outcome> {
    if let Some(BenchCommand::State(arguments)) = &arguments.command {
        return bench_state::run(arguments);
    }
    if arguments.list {
        write!(io::stdout(), "{}", list::text())?;
        return Ok(Outcome::Verified);
    }
    arguments.check()?;
    // What cannot be opened is said before measuring, not after.
    let blocks = arguments.blocks.as_deref().map(BlockFiles::open);
    let blocks = blocks.transpose()?;
    let json_file = arguments.json.as_deref().map(create).transpose()?;
    let html_file = arguments.html.as_deref().map(create).transpose()?;

    let mut report = Report::new(arguments);
    let measured = measure(arguments, blocks, &mut report);
    // What has been measured is worth printing even if the rest failed.
    for failure in report.lines.iter().flat_map(|line| &line.failures) {
        // If nobody reads this, the exit status still says it.
        let _ = writeln!(io::stderr(), "{failure}");
    }
    write!(io::stdout(), "{}", table::text(&report))?;
    if let Some(file) = json_file {
        replace(file, &json::text(&report)?).wrap_err("cannot write the JSON file")?;
    }
    if let Some(file) = html_file {
        replace(file, &html::page(&report)).wrap_err("cannot write the HTML file")?;
    }
    measured?;
    Ok(if report.lines.iter().all(|line| line.verified) {
        Outcome::Verified
    } else {
        Outcome::CheckFailed
    })
}

/// Opens a file for writing and leaves in it what it has until there is something
/// better.
fn create(path: &Path) -> Result<File> {
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(false).open(path);
    file.wrap_err_with(|| format!("cannot write {}", path.display()))
}

fn replace(mut file: File, text: &str) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    writeln!(file, "{text}")
}
