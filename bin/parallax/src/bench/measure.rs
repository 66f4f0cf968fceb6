//! Measures rows, one after the other.

use super::{
    budget::Budget,
    line::Line,
    progress::Progress,
    real_blocks::RealBlocks,
    report::{LeftOut, Report},
    row::Row,
    simulation::Simulation,
};
use crate::{
    cli::{BenchArguments, Mode},
    harness::{
        case::Case,
        examine::{Effort, Examiner},
        observe::Observer,
    },
};
use eyre::{Result, WrapErr};
use parallax_analysis::RecordError;
use parallax_blocks::BlockFiles;
use parallax_workload::{PublishedArtifacts, Workload};
use std::{cell::RefCell, time::Duration};

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
    let (size, seed) = (arguments.size(), arguments.seed);
    for row in rows {
        bench.progress.prepare(row.name());
        match row.make(&artifacts, size, seed)? {
            Some(workload) => bench.measure_made(row, workload, report)?,
            None => {
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

/// Engines for blocks that are executed in one mode.
struct Engines {
    /// One for each number of workers.
    examiners: Vec<Examiner>,
    observer: Observer,
}

impl Engines {
    fn start(mode: Mode, workers: &[usize]) -> Result<Self> {
        let examiners = workers.iter().map(|workers| Examiner::new(mode, *workers));
        Ok(Self {
            examiners: examiners.collect::<Result<_>>()?,
            observer: Observer::new(mode)?,
        })
    }
}

/// Engines, and what is left to do.
struct Bench {
    workers: Vec<usize>,
    replay: Engines,
    /// None if nothing is to be simulated.
    simulated_cores: Vec<usize>,
    budget: RefCell<Budget>,
    progress: Progress,
}

impl Bench {
    fn start(arguments: &BenchArguments, rows: &[Row], files: usize) -> Result<Self> {
        let workers = arguments.workers();
        let simulated_cores = arguments.simulated_cores();
        let count = |is: fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
        let made = count(|row| *row != Row::RealBlocks);
        let traces = match simulated_cores.as_slice() {
            [] => 0,
            _ => count(|row| row.is_traceable()),
        };
        // A recorded block is examined in two modes.
        let lines = (made + 2 * files) * workers.len() + traces;
        Ok(Self {
            replay: Engines::start(Mode::Replay, &workers)?,
            workers,
            simulated_cores,
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

    /// One made-up block, once for each number of workers, and simulated.
    fn measure_made(&self, row: Row, workload: Workload, report: &mut Report) -> Result<()> {
        let other;
        let engines = match row.mode() {
            Mode::Replay => &self.replay,
            mode => {
                other = Engines::start(mode, &self.workers)?;
                &other
            }
        };
        let mut case = Case::Generated(Box::new(workload));
        let observation = engines.observer.observe(&case, self.detail_runs());
        let first = report.lines.len();
        for examiner in &engines.examiners {
            let workers = examiner.workers();
            let examination = self.line(row.name(), workers, |effort| {
                examiner.examine(&mut case, effort)
            });
            let line = Line::made(row, workers, &examination, observation.as_ref());
            report.lines.push(line);
        }
        if let Case::Generated(workload) = &case
            && row.is_traceable()
            && !self.simulated_cores.is_empty()
        {
            let simulation = self.simulate(row, workload, &mut report.lines[first..])?;
            report.simulated.extend(simulation);
        }
        Ok(())
    }

    /// What the model makes of a block, unless one of its results is wrong. To record a
    /// trace is one more way to execute it, which may turn out wrong as well.
    fn simulate(
        &self,
        row: Row,
        workload: &Workload,
        lines: &mut [Line],
    ) -> Result<Option<Simulation>> {
        self.progress.record(row.name());
        let times = lines.iter().map(|line| Some(line.figures?.sequential_ms));
        let times: Option<Vec<f64>> = times.collect();
        let Some(times) = times else {
            return Ok(None);
        };
        let sequential_ms = times.iter().sum::<f64>() / times.len().max(1) as f64;
        let executing = Duration::from_secs_f64(sequential_ms / 1e3);
        let runs = self.budget.borrow_mut().next_recordings(executing);
        let simulated = Simulation::of(
            row.name(),
            workload,
            runs,
            sequential_ms,
            &self.simulated_cores,
        );
        self.progress.line_done();
        match simulated {
            Err(error @ RecordError::Wrong(_)) => {
                for line in lines {
                    line.refute(format!("{}, trace: {error}", row.name()));
                }
                Ok(None)
            }
            simulated => simulated
                .map(Some)
                .wrap_err_with(|| format!("cannot simulate {}", row.name())),
        }
    }

    /// All recorded blocks. They add to the report even if one cannot be read.
    fn measure_real(&self, files: BlockFiles, report: &mut Report) -> Result<()> {
        let mut real = RealBlocks::new(&self.replay.examiners, &self.replay.observer)?;
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
