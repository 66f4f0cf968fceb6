//! Measures rows, one after the other.

use super::{
    budget::Budget,
    line::Line,
    progress::Progress,
    real_blocks::RealBlocks,
    report::{LeftOut, Report},
    row::Row,
};
use crate::{
    cli::{BenchArguments, Mode},
    harness::{
        case::Case,
        examine::{Effort, Examiner},
        observe::Observer,
    },
};
use eyre::Result;
use parallax_blocks::BlockFiles;
use parallax_workload::{PublishedArtifacts, Workload};
use std::cell::RefCell;

/// Measures every row, in the order of the table.
pub(crate) fn measure(
    arguments: &BenchArguments,
    mut blocks: Option<BlockFiles>,
    report: &mut Report,
) -> Result<()> {
    let artifacts = arguments.artifacts();
    let mut rows = arguments.chosen_rows();
    report.left_out = leave_out(&mut rows, &artifacts);
    let files = blocks.as_ref().map_or(0, ExactSizeIterator::len);
    let bench = Bench::start(arguments, &rows, files)?;
    let (transactions, seed) = (arguments.transactions(), arguments.seed);
    for row in rows {
        bench.progress.prepare(row.name());
        match row {
            Row::Made(kind) => {
                let workload = parallax_workload::generate(kind, transactions, seed);
                bench.measure_made(row, workload, &mut report.lines);
            }
            Row::Published(protocol) => {
                let workload = protocol.generate(&artifacts, transactions, seed)?;
                bench.measure_made(row, workload, &mut report.lines);
            }
            Row::RealBlocks => {
                if let Some(files) = blocks.take() {
                    bench.measure_real(files, report)?;
                }
            }
        }
    }
    bench.progress.finish();
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

/// Engines, and what is left to do.
struct Bench {
    /// One for each number of workers.
    examiners: Vec<Examiner>,
    observer: Observer,
    budget: RefCell<Budget>,
    progress: Progress,
}

impl Bench {
    fn start(arguments: &BenchArguments, rows: &[Row], files: usize) -> Result<Self> {
        let examiners = arguments
            .workers()
            .into_iter()
            .map(|workers| Examiner::new(Mode::Replay, workers))
            .collect::<Result<Vec<_>>>()?;
        let made = rows.iter().filter(|row| **row != Row::RealBlocks).count();
        // A recorded block is examined in two modes.
        let lines = (made + 2 * files) * examiners.len();
        Ok(Self {
            examiners,
            observer: Observer::new(Mode::Replay)?,
            budget: RefCell::new(Budget::new(arguments, lines)),
            progress: Progress::new(lines, arguments.runs()),
        })
    }

    /// Calls `examine` with what it may take for the next line.
    fn line<T>(&self, name: &str, workers: usize, examine: impl FnOnce(Effort<'_>) -> T) -> T {
        let runs = self.budget.borrow_mut().next();
        let examined = examine(Effort {
            runs,
            detail_runs: self.detail_runs(),
            watch: &|step| self.progress.step(name, workers, step),
        });
        self.progress.line_done();
        examined
    }

    fn detail_runs(&self) -> usize {
        self.budget.borrow().detail_runs()
    }

    /// One made-up block, once for each number of workers.
    fn measure_made(&self, row: Row, workload: Workload, lines: &mut Vec<Line>) {
        let mut case = Case::Generated(Box::new(workload));
        let observation = self.observer.observe(&case, self.detail_runs());
        for examiner in &self.examiners {
            let workers = examiner.workers();
            let examination = self.line(row.name(), workers, |effort| {
                examiner.examine(&mut case, effort)
            });
            let line = Line::made(row, workers, &examination, observation.as_ref());
            lines.push(line);
        }
    }

    /// All recorded blocks. They add to the report even if one cannot be read.
    fn measure_real(&self, files: BlockFiles, report: &mut Report) -> Result<()> {
        let mut real = RealBlocks::new(&self.examiners, &self.observer)?;
        let mut read = Ok(());
        for file in files {
            match file {
                Ok(file) => {
                    let name = format!("block {}", file.number());
                    self.progress.prepare(&name);
                    let line = |workers, examine: &mut dyn FnMut(Effort<'_>) -> _| {
                        self.line(&name, workers, examine)
                    };
                    real.add(file, self.detail_runs(), line);
                }
                Err(error) => {
                    read = Err(error.into());
                    break;
                }
            }
        }
        report.lines.extend(real.lines());
        report.real_blocks = Some(real.count());
        read
    }
}
