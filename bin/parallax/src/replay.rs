//! `parallax replay`: blocks executed both ways, one line for each.

mod json;
mod summary;
mod table;

use crate::{
    Outcome,
    cli::ReplayArguments,
    harness::{
        case::Cases,
        examine::{Effort, Examination, Examiner},
        observe::Observer,
    },
};
use eyre::Result;
use indicatif::{ProgressBar, ProgressStyle};
use parallax_blocks::BlockFileError;
use std::io::{self, Write};
use summary::Summary;

/// Runs the command.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<Outcome> {
    let mut summary = Summary::new(arguments.workers());
    match examine(arguments, &mut summary) {
        // Whoever reads has had enough; what was found so far still counts.
        Err(error) if !crate::is_broken_pipe(&error) => Err(error),
        _ => Ok(summary.outcome()),
    }
}

fn examine(arguments: &ReplayArguments, summary: &mut Summary) -> Result<()> {
    let cases = Cases::open(&arguments.paths, arguments.transactions as usize);
    let examiner = Examiner::new(arguments.mode, arguments.workers())?;
    let observer = Observer::new(arguments.mode)?;
    let progress = progress_bar(cases.len());
    if !arguments.json {
        progress.suspend(|| writeln!(io::stdout(), "{}", table::header()))?;
    }
    for case in cases {
        match case {
            Ok(mut case) => {
                let effort = Effort::times(arguments.runs.into());
                let mut examination = examiner.examine(&mut case, effort);
                if examination.timing.is_some()
                    && let Some(observation) = observer.observe(&case, 1)
                {
                    examination.stats.longest_chain = observation.longest_chain();
                }
                summary.add(&examination);
                progress.suspend(|| print(&examination, arguments.json))?;
            }
            Err(error) => {
                summary.unusable += 1;
                progress.suspend(|| print_unusable(&error, arguments.json))?;
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    if arguments.json {
        writeln!(io::stdout(), "{}", json::summary(summary)?)?;
    } else {
        writeln!(io::stdout(), "{}", table::footer(summary))?;
    }
    Ok(())
}

fn print(examination: &Examination, json: bool) -> Result<()> {
    if json {
        writeln!(io::stdout(), "{}", json::block(examination)?)?;
    } else {
        writeln!(io::stdout(), "{}", table::row(examination))?;
    }
    for failure in examination.verdict.failures() {
        let label = &examination.label;
        // If nobody reads this, the exit status still says it.
        let _ = writeln!(io::stderr(), "block {label}: {failure}");
    }
    for gap in &examination.verdict.unchecked {
        tracing::info!(block = %examination.label, "{} not checked: {}", gap.name, gap.reason);
    }
    Ok(())
}

fn print_unusable(error: &BlockFileError, json: bool) -> Result<()> {
    if json {
        writeln!(io::stdout(), "{}", json::unusable(error)?)?;
    } else {
        writeln!(io::stdout(), "{}", table::unusable(error))?;
    }
    // If nobody reads this, the exit status still says it.
    let _ = writeln!(io::stderr(), "error: {error}");
    Ok(())
}

/// On stderr, and only where that is a terminal.
fn progress_bar(blocks: usize) -> ProgressBar {
    let bar = ProgressBar::new(blocks as u64);
    match ProgressStyle::with_template("{pos}/{len} blocks {wide_bar} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
