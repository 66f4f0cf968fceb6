//! One block: executed both ways, checked, compared and timed.

use super::{
    case::{Case, Label},
    compare::compare,
    details::{Details, details},
    executor::Executor,
    measure::{Runs, Timing, measure},
    verdict::{Finding, Of, Verdict},
};
use crate::cli::Mode;
use alloy_eip7928::BlockAccessList;
use eyre::Result;
use parallax_blocks::{Report, report};
use parallax_engine::{Block, BlockOutput, EngineError, Stats};
use revm::DatabaseRef;

/// What was found out about a block.
pub(crate) struct Examination {
    pub(crate) label: Label,
    pub(crate) transactions: usize,
    pub(crate) gas: u64,
    pub(crate) verdict: Verdict,
    /// Absent if one of the executions failed or a check did.
    pub(crate) timing: Option<Timing>,
    /// What the first parallel execution took.
    pub(crate) stats: Stats,
    /// Repeated executions of transactions per timed run.
    pub(crate) mean_reexecutions: f64,
    /// Absent without times, and unless asked for.
    pub(crate) details: Option<Details>,
}

/// How to examine a block.
#[derive(Clone, Copy)]
pub(crate) struct Effort<'a> {
    /// Timed runs of each way.
    pub(crate) runs: Runs,
    /// Executions for [`Details`]; 0: none are wanted.
    pub(crate) detail_runs: usize,
    /// Told of every step, while no clock runs.
    pub(crate) watch: &'a dyn Fn(Step),
}

impl Effort<'_> {
    /// Times and nothing else, watched by nobody.
    pub(crate) fn times(runs: usize) -> Self {
        Self {
            runs: Runs::exactly(runs),
            detail_runs: 0,
            watch: &|_| (),
        }
    }
}

/// What an examination does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Both ways run once and are compared.
    Check,
    /// Both ways are timed, for the so-manieth time.
    Run(usize),
    /// Untimed executions.
    Details,
}

/// Examines blocks in one mode with one engine.
pub(crate) struct Examiner {
    executor: Executor,
}

impl Examiner {
    /// Starts an engine.
    pub(crate) fn new(mode: Mode, workers: usize) -> Result<Self> {
        Ok(Self {
            executor: Executor::new(mode, workers)?,
        })
    }

    /// One like it for another mode.
    pub(crate) fn for_mode(&self, mode: Mode) -> Result<Self> {
        Self::new(mode, self.workers())
    }

    /// Threads of its engine.
    pub(crate) fn workers(&self) -> usize {
        self.executor.workers()
    }

    /// Executes, checks and times a block.
    pub(crate) fn examine(&self, case: &mut Case, effort: Effort<'_>) -> Examination {
        (effort.watch)(Step::Check);
        match case {
            Case::Recorded(file) => {
                let label = Label::Number(file.number());
                let first = self.executor.sequential(&file.block, &file.state);
                file.state.translate();
                let report = |output: &BlockOutput| report(file, output);
                self.examine_block(label, &file.block, &file.state, first, report, effort)
            }
            Case::Generated(workload) => {
                let label = Label::Name(workload.name.clone());
                let first = self.executor.sequential(&workload.block, &workload.state);
                let nothing = |_: &BlockOutput| Report::default();
                let (block, state) = (&workload.block, &workload.state);
                self.examine_block(label, block, state, first, nothing, effort)
            }
        }
    }

    /// `first` is the sequential execution, which has warmed the block up.
    fn examine_block<DB>(
        &self,
        label: Label,
        block: &Block,
        db: &DB,
        first: Result<BlockOutput, EngineError<DB::Error>>,
        report: impl Fn(&BlockOutput) -> Report,
        effort: Effort<'_>,
    ) -> Examination
    where
        DB: DatabaseRef + Sync,
    {
        let mut examination = Examination {
            label,
            transactions: block.transactions.len(),
            gas: 0,
            verdict: Verdict::default(),
            timing: None,
            stats: Stats::default(),
            mean_reexecutions: 0.0,
            details: None,
        };
        let verdict = &mut examination.verdict;
        let sequential = match first {
            Ok(output) => sorted(output),
            Err(error) => {
                let finding = Finding::not_executed(Of::Sequential, &error);
                verdict.findings.push(finding);
                return examination;
            }
        };
        examination.gas = sequential.gas_used;
        verdict.add_report(Of::Sequential, report(&sequential));
        let list = sequential.access_list.as_ref().unwrap_or(&NO_LIST);
        match self.executor.parallel(block, list, db) {
            Ok(parallel) => {
                let parallel = sorted(parallel);
                verdict.add_report(Of::Parallel, report(&parallel));
                verdict.findings.extend(compare(&sequential, &parallel));
                examination.stats = parallel.stats;
            }
            Err(error) => {
                let finding = Finding::not_executed(Of::Parallel, &error);
                verdict.findings.push(finding);
                return examination;
            }
        }
        if verdict.verified()
            && let Err(error) = self.time(&mut examination, &sequential, block, db, effort)
        {
            // It worked a moment ago, with the same block on the same state.
            let finding = Finding::not_executed(Of::Both, &error);
            examination.verdict.findings.push(finding);
        }
        examination
    }

    /// Times a block of which both results are right. Both ways have run once,
    /// which was their warm-up. The last result must still be `expected`.
    fn time<DB: DatabaseRef + Sync>(
        &self,
        examination: &mut Examination,
        expected: &BlockOutput,
        block: &Block,
        db: &DB,
        effort: Effort<'_>,
    ) -> Result<(), EngineError<DB::Error>> {
        let list = expected.access_list.as_ref().unwrap_or(&NO_LIST);
        let mut reexecutions = 0;
        let (timing, last) = measure(
            effort.runs,
            |run| (effort.watch)(Step::Run(run)),
            || self.executor.baseline(block, db),
            || {
                let output = self.executor.parallel(block, list, db)?;
                reexecutions += output.stats.reexecutions;
                Ok(output)
            },
        )?;
        let differences = last.map(|last| compare(expected, &sorted(last)));
        let findings = &mut examination.verdict.findings;
        findings.extend(
            differences
                .into_iter()
                .flatten()
                .filter(|finding| !finding.passed()),
        );
        if examination.verdict.verified() {
            examination.mean_reexecutions = reexecutions as f64 / timing.runs() as f64;
            examination.timing = Some(timing);
            if effort.detail_runs > 0 {
                (effort.watch)(Step::Details);
                let details = details(&self.executor, block, list, db, effort.detail_runs);
                examination.details = Some(details);
            }
        }
        Ok(())
    }
}

/// What verify mode does not get to see in the other modes.
static NO_LIST: BlockAccessList = Vec::new();

/// With the changes in an order of their own, to be comparable.
fn sorted(mut output: BlockOutput) -> BlockOutput {
    output.changes.sort();
    output
}
