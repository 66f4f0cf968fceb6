//! One execution: run, publish, tell, check.

use super::{CALM, Worker};
use crate::{
    ids::index_of,
    outcome::TxOutcome,
    run::Run,
    scheduler::Log,
    stats::Span,
    view::Mode,
    vm::{Failure, Interruption, Verdict},
    writes::Write,
};
use revm::{DatabaseRef, context::result::InvalidTransaction};
use std::time::Instant;

impl<DB: DatabaseRef> Worker<'_, DB> {
    pub(crate) fn attempt(
        &mut self,
        tx: usize,
        incarnation: u32,
        mode: Mode,
    ) -> Result<Verdict<DB::Error>, Interruption> {
        let run = self.run;
        self.looks_at_credits = run.memory.may_overflow();
        self.stats.executions += 1;
        self.stats.repeated += u64::from(incarnation > 0);
        let started = run.config.record_timelines.then(Instant::now);
        if run.is_out_of_gas(tx) {
            // Whatever it would do: it is not going to be committed.
            self.effects.clear();
            let reason = InvalidTransaction::CallerGasLimitMoreThanBlock;
            return Ok(Err(Failure::Invalid(reason).into()));
        }
        let ended = self.vm.execute(
            &run.block.transactions[tx],
            index_of(tx),
            mode,
            Some(run.scheduler.transaction(tx)),
            &mut self.effects,
            run.request.access_list,
        );
        self.stats.plain_transfers += u64::from(ended.is_ok() && self.vm.was_plain_transfer());
        if let Some(started) = started {
            self.stats.spans.push(Span {
                tx,
                incarnation,
                start: started.duration_since(run.started),
                end: run.started.elapsed(),
            });
        }
        ended
    }

    /// Makes the results of an execution visible and tells readers of what it
    /// changed.
    pub(super) fn publish(&mut self, tx: usize, incarnation: u32, verdict: Verdict<DB::Error>) {
        let run = self.run;
        let scheduler = run.scheduler;
        let fee = match &verdict {
            Ok((_, fee)) => *fee,
            Err(_) => Run::<DB>::NO_FEE,
        };
        let before = scheduler.log(tx);
        let mut changed = [0u64; 8];
        // Nobody has relied on what a first fee was before: while it is not known it
        // counts as zero where that suffices, and is waited for elsewhere.
        if scheduler.last_fee(tx) != fee {
            changed[run.fee_bit / 64] |= 1 << (run.fee_bit % 64);
        }
        let effects = &self.effects;
        let log = self.arenas.log(
            &effects.reads,
            &effects.writes,
            &effects.accesses,
            self.looks_at_credits,
        );
        self.publish_writes(tx, log.writes(), before, &mut changed);
        self.put(tx, verdict);
        scheduler.finish(tx, incarnation, log, fee);
        self.tell(tx, &changed);
    }

    /// Puts how `tx`, which this worker runs, has ended where the caller will
    /// find it.
    pub(crate) fn put(&self, tx: usize, verdict: Verdict<DB::Error>) {
        let ended = verdict.map(|(result, _)| TxOutcome {
            index: tx,
            tx_type: self.run.block.transactions[tx].tx_type,
            result,
            cumulative_gas_used: 0,
        });
        // SAFETY: this worker runs the transaction.
        unsafe { self.run.results.put(tx, ended) };
    }

    fn publish_writes(
        &self,
        tx: usize,
        writes: &[Write],
        before: Option<&Log>,
        changed: &mut [u64; 8],
    ) {
        let index = index_of(tx);
        let mut mark = |write: &Write| {
            let bit = write.target.bit();
            changed[bit / 64] |= 1 << (bit % 64);
        };
        for write in writes {
            if write
                .target
                .location()
                .publish(index, &write.value, &self.arenas.nodes)
            {
                mark(write);
            }
        }
        for write in before.map_or(&[][..], Log::writes) {
            // Still the old value: the new incarnation has not written here.
            if write.target.location().withdraw(index, &write.value) {
                mark(write);
            }
        }
    }

    /// Invalidates transactions above `tx` that read what has changed.
    pub(crate) fn tell(&mut self, tx: usize, changed: &[u64; 8]) {
        let run = self.run;
        let mut invalidated = Vec::new();
        run.scheduler.push(
            tx,
            changed,
            self.calm < CALM,
            |read, reader| read.holds(index_of(reader), &run.fees),
            |reader, read| invalidated.push((reader, *read)),
        );
        for (reader, read) in invalidated {
            self.calm = 0;
            self.note_conflict(reader, &read);
        }
    }

    pub(super) fn own_reads_hold(&mut self, tx: usize) -> bool {
        let run = self.run;
        let index = index_of(tx);
        let reads = run.scheduler.log(tx).map_or(&[][..], Log::reads);
        match reads.iter().find(|read| !read.holds(index, &run.fees)) {
            None => true,
            Some(read) => {
                let read = *read;
                self.note_conflict(tx, &read);
                false
            }
        }
    }
}
