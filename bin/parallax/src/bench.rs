//! `parallax bench`: the table that says how fast the engine is.
//!
//! ```text
//! rows ─> made-up blocks ─> examine ─────────────> lines ─> table, JSON
//!         real blocks ────> examine each ─> mean, worst ─┘
//! ```

mod json;
mod line;
mod list;
mod machine;
mod real_blocks;
mod report;
mod row;
mod table;
mod target;

use crate::{
    Outcome,
    cli::{BenchArguments, Mode},
    harness::{case::Case, examine::Examiner},
};
use eyre::{Result, WrapErr};
use indicatif::{ProgressBar, ProgressStyle};
use line::Line;
use parallax_blocks::BlockFiles;
use parallax_workload::{PublishedArtifacts, Workload};
use real_blocks::RealBlocks;
use report::{LeftOut, Report};
pub(crate) use row::Row;
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// Runs the command.
pub(crate) fn run(arguments: &BenchArguments) -> Result<Outcome> {
    if arguments.list {
        write!(io::stdout(), "{}", list::text())?;
        return Ok(Outcome::Verified);
    }
    arguments.check()?;
    // What cannot be opened is said before measuring, not after.
    let blocks = arguments.blocks.as_deref().map(BlockFiles::open);
    let blocks = blocks.transpose()?;
    let json_file = arguments.json.as_deref().map(create).transpose()?;

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

/// Measures every row, in the order of the table.
fn measure(
    arguments: &BenchArguments,
    mut blocks: Option<BlockFiles>,
    report: &mut Report,
) -> Result<()> {
    let examiners = arguments
        .workers()
        .into_iter()
        .map(|workers| Examiner::new(Mode::Replay, workers, arguments.runs()))
        .collect::<Result<Vec<_>>>()?;
    let artifacts = arguments.artifacts();
    let mut rows = arguments.chosen_rows();
    report.left_out = leave_out(&mut rows, &artifacts);
    let steps = rows.len() + blocks.as_ref().map_or(0, ExactSizeIterator::len);
    let progress = progress_bar(steps);
    let (transactions, seed) = (arguments.transactions(), arguments.seed);
    for row in rows {
        match row {
            Row::Made(kind) => {
                progress.set_message(row.name());
                let workload = parallax_workload::generate(kind, transactions, seed);
                measure_made(row, workload, &examiners, &mut report.lines);
            }
            Row::Published(protocol) => {
                progress.set_message(row.name());
                let workload = protocol.generate(&artifacts, transactions, seed)?;
                measure_made(row, workload, &examiners, &mut report.lines);
            }
            Row::RealBlocks => {
                let mut real = RealBlocks::new(&examiners)?;
                for file in blocks.take().into_iter().flatten() {
                    let file = file?;
                    progress.set_message(format!("block {}", file.number()));
                    real.add(file);
                    progress.inc(1);
                }
                report.lines.extend(real.lines());
                report.real_blocks = Some(real.count());
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

/// Takes out the rows whose published code is not installed.
fn leave_out(rows: &mut Vec<Row>, artifacts: &PublishedArtifacts) -> Vec<LeftOut> {
    let mut left_out = Vec::new();
    rows.retain(|row| {
        let Row::Published(protocol) = row else {
            return true;
        };
        let Err(error) = protocol.check(artifacts) else {
            return true;
        };
        left_out.push(LeftOut {
            workload: row.name(),
            reason: error.to_string(),
        });
        false
    });
    left_out
}

/// One made-up block, once for each number of workers.
fn measure_made(row: Row, workload: Workload, examiners: &[Examiner], lines: &mut Vec<Line>) {
    let mut case = Case::Generated(Box::new(workload));
    for examiner in examiners {
        let examination = examiner.examine(&mut case);
        lines.push(Line::made(row, examiner.workers(), &examination));
    }
}

/// On stderr, and only where that is a terminal.
fn progress_bar(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    match ProgressStyle::with_template("{pos}/{len} {msg} {wide_bar} {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
