//! One block: executed both ways, checked, compared and timed.

use super::{
    case::{Case, Label},
    compare::compare,
    executor::Executor,
    measure::{Timing, measure},
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
    /// Absent if one of the executions failed.
    pub(crate) timing: Option<Timing>,
    /// What the parallel execution took.
    pub(crate) stats: Stats,
}

/// Examines blocks in one mode with one engine.
pub(crate) struct Examiner {
    executor: Executor,
    runs: usize,
}

impl Examiner {
    pub(crate) fn new(mode: Mode, workers: usize, runs: usize) -> Result<Self> {
        Ok(Self {
            executor: Executor::new(mode, workers)?,
            runs,
        })
    }

    /// Executes, checks and times a block.
    pub(crate) fn examine(&self, case: Case) -> Examination {
        match case {
            Case::Recorded(mut file) => {
                let label = Label::Number(file.number());
                let first = self.executor.sequential(&file.block, &file.state);
                file.state.translate();
                let report = |output: &BlockOutput| report(&file, output);
                self.examine_block(label, &file.block, &file.state, first, report)
            }
            Case::Generated(workload) => {
                let label = Label::Name(workload.name);
                let first = self.executor.sequential(&workload.block, &workload.state);
                let nothing = |_: &BlockOutput| Report::default();
                self.examine_block(label, &workload.block, &workload.state, first, nothing)
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
        let list = sequential.access_list.clone().unwrap_or_default();
        match self.executor.parallel(block, &list, db) {
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
        let timing = self.time(block, &list, db).and_then(|timing| {
            examination.stats.longest_chain = self.executor.longest_chain(block, db)?;
            Ok(timing)
        });
        match timing {
            Ok(timing) => examination.timing = Some(timing),
            Err(error) => {
                // It worked a moment ago, with the same block on the same state.
                let finding = Finding::not_executed(Of::Both, &error);
                verdict.findings.push(finding);
            }
        }
        examination
    }

    fn time<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        list: &BlockAccessList,
        db: &DB,
    ) -> Result<Timing, EngineError<DB::Error>> {
        measure(
            self.runs,
            || self.executor.baseline(block, db),
            || self.executor.parallel(block, list, db),
        )
    }
}

/// With the changes in an order of their own, to be comparable.
fn sorted(mut output: BlockOutput) -> BlockOutput {
    output.changes.sort();
    output
}
