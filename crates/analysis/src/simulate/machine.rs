//! The model itself: events in the order of time, and what each does.

mod commit;
mod publish;
mod reads;

use super::{
    SegmentKind, Simulated,
    hints::Hints,
    subject,
    transaction::{Status, Transaction},
    width::{Mark, Width},
    worker::{CALM, PAYMENT_RUN, Phase, RUN, Worker},
};
use crate::{bounds::WINDOW, trace::Trace};
use alloy_primitives::Address;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
    ops::Range,
};

/// When, in which order of those at the same time, for which worker and generation.
type Event = Reverse<(u64, u64, usize, u32)>;

pub(super) struct Machine<'t> {
    trace: &'t Trace,
    end: usize,
    window: usize,
    now: u64,
    transactions: Vec<Transaction>,
    /// Who reads what each transaction writes, and which of its dependencies that is.
    readers: Vec<Vec<(usize, usize)>>,
    ready: BTreeSet<usize>,
    committed: usize,
    /// The committed prefix when sleepers were last told of it.
    noted: usize,
    is_committing: bool,
    gas_committed: u64,
    width: Width,
    workers: Vec<Worker>,
    events: BinaryHeap<Event>,
    sequence: u64,
    hints: Hints,
    result: Simulated,
}

impl<'t> Machine<'t> {
    /// Everything before `range` is committed.
    pub(super) fn new(trace: &'t Trace, range: Range<usize>, cores: usize, now: u64) -> Self {
        let mut readers = vec![Vec::new(); trace.transactions.len()];
        for tx in range.clone() {
            for (read, dependency) in trace.transactions[tx].dependencies.iter().enumerate() {
                readers[dependency.on].push((tx, read));
            }
        }
        let workers = cores.min(range.len());
        let mut transactions = vec![Transaction::default(); trace.transactions.len()];
        for before in &mut transactions[..range.start] {
            before.status = Status::Committed;
        }
        Self {
            trace,
            end: range.end,
            window: WINDOW * cores,
            now,
            transactions,
            readers,
            ready: range.clone().collect(),
            committed: range.start,
            noted: range.start,
            is_committing: false,
            gas_committed: 0,
            width: Width::new(workers),
            workers: vec![Worker::new(); workers],
            events: BinaryHeap::new(),
            sequence: 0,
            hints: Hints::default(),
            result: Simulated::default(),
        }
    }

    /// Runs to the end, adds what happened to `simulated` and says when it ended.
    pub(super) fn run(mut self, simulated: &mut Simulated) -> u64 {
        for worker in 0..self.workers.len() {
            let delay = if worker == 0 {
                0
            } else {
                self.trace.costs.wake
            };
            self.schedule(worker, Phase::Waking, delay);
        }
        while self.committed < self.end {
            let Some(Reverse((time, _, worker, generation))) = self.events.pop() else {
                // Nobody was told of what is left; whoever looks next finds it.
                self.wake_sleepers(usize::MAX);
                continue;
            };
            if self.workers[worker].generation != generation {
                continue;
            }
            self.now = time;
            self.step(worker);
            self.let_lookers_look();
        }
        simulated.executions += self.result.executions;
        simulated.repeated += self.result.repeated;
        simulated.put_aside += self.result.put_aside;
        simulated.segments.append(&mut self.result.segments);
        self.now
    }

    fn schedule(&mut self, worker: usize, phase: Phase, delay: u64) {
        let state = &mut self.workers[worker];
        state.phase = phase;
        state.generation += 1;
        self.sequence += 1;
        let event = (self.now + delay, self.sequence, worker, state.generation);
        self.events.push(Reverse(event));
    }

    fn step(&mut self, worker: usize) {
        match self.workers[worker].phase {
            Phase::Waking => self.look_for_work(worker),
            Phase::Claiming => self.begin(worker),
            Phase::Running => self.advance(worker),
            Phase::Spinning(since) => {
                self.stop_waiting(worker, since);
                let on = self.first_awaited(worker);
                self.blame_slot(worker);
                self.put_aside(worker, on);
            }
            Phase::Publishing => self.publish(worker),
            Phase::Stalling => self.end_of_round(worker),
            Phase::Committing => self.commit(worker),
            Phase::Idle(_) | Phase::Away => {}
        }
    }

    fn limit(&self) -> usize {
        (self.committed + self.window).min(self.end)
    }

    fn is_work_there(&self) -> bool {
        self.ready.range(..self.limit()).next().is_some()
            || (self.is_head_done() && !self.is_committing)
    }

    fn is_head_done(&self) -> bool {
        self.committed < self.end && self.transactions[self.committed].status == Status::Done
    }

    /// A transaction had to wait or to be repeated.
    fn count_conflict(&mut self) {
        if self.width.conflict() {
            self.look_at_width();
        }
    }

    /// Sees whether those who are away should come back, or others go.
    fn look_at_width(&mut self) {
        let mark = Mark {
            now: self.now,
            committed: self.committed,
            gas: self.gas_committed,
        };
        if !self.width.look(mark) {
            return;
        }
        for worker in 0..self.workers.len() {
            if self.workers[worker].phase == Phase::Away && !self.width.excludes(worker) {
                self.schedule(worker, Phase::Waking, self.trace.costs.wake);
            }
        }
    }

    fn callee(&self, tx: usize) -> Option<Address> {
        subject::callee(&self.trace.transactions[tx])
    }

    fn look_for_work(&mut self, worker: usize) {
        if self.width.excludes(worker) && self.workers[worker].claimed.is_empty() {
            self.workers[worker].phase = Phase::Away;
            // It may have been woken in place of another.
            self.wake_sleepers(1);
            return;
        }
        let next = self.workers[worker].claimed.pop_front();
        match next.or_else(|| self.claim(worker)) {
            Some(tx) => {
                self.workers[worker].tx = tx;
                self.schedule(worker, Phase::Claiming, self.trace.costs.claim);
            }
            None if self.is_head_done() && !self.is_committing => self.end_of_round(worker),
            None => self.workers[worker].phase = Phase::Idle(self.now),
        }
    }

    /// Takes the lowest ready transaction, and a few that follow if all is calm.
    fn claim(&mut self, worker: usize) -> Option<usize> {
        let limit = self.limit();
        let tx = *self.ready.range(..limit).next()?;
        self.ready.remove(&tx);
        let state = &mut self.workers[worker];
        let most = match state.calm {
            _ if state.was_payment => PAYMENT_RUN,
            CALM.. => RUN,
            _ => 1,
        };
        let sender = self.trace.transactions[tx].sender;
        for next in tx + 1..(tx + most).min(limit) {
            if self.trace.transactions[next].sender == sender {
                break;
            }
            if self.ready.remove(&next) {
                state.claimed.push_back(next);
            }
        }
        Some(tx)
    }

    fn begin(&mut self, worker: usize) {
        let tx = self.workers[worker].tx;
        let is_final = self.committed == tx;
        self.transactions[tx].status = Status::Running;
        match self.predecessor(tx) {
            Some(on) if !is_final => self.put_aside(worker, on),
            _ => self.execute(worker),
        }
    }

    /// Whom a transaction had better wait for.
    fn predecessor(&mut self, tx: usize) -> Option<usize> {
        let sender = self.trace.transactions[tx].sender;
        let before_sender = self.hints.start_as_sender(sender, tx);
        let callee = self.callee(tx);
        let before_callee = callee.and_then(|callee| self.hints.start_as_callee(callee, tx));
        let head = self.committed;
        let before_callee = before_callee.filter(|before| *before >= head && head < tx);
        let before = before_sender
            .into_iter()
            .chain(before_callee.map(|_| head))
            .filter(|before| !self.transactions[*before].is_stable())
            .max();
        if let (None, Some(callee)) = (before, callee) {
            self.hints.cool_down(callee);
        }
        before
    }

    /// Starts an execution of the worker's transaction.
    fn execute(&mut self, worker: usize) {
        let state = &mut self.workers[worker];
        state.started = self.now;
        state.done = 0;
        state.is_suspect = false;
        state.is_final = self.committed == state.tx;
        let transaction = &mut self.transactions[state.tx];
        self.result.executions += 1;
        self.result.repeated += u64::from(transaction.incarnation > 0);
        transaction.incarnation += 1;
        transaction.reads = 0;
        transaction.stale = None;
        self.go_on(worker);
    }

    /// Executes up to the next read, or the end.
    fn go_on(&mut self, worker: usize) {
        let state = &mut self.workers[worker];
        let traced = &self.trace.transactions[state.tx];
        let mut all = traced.nanos as f64;
        if !state.is_final {
            all *= self.trace.costs.speculation;
        }
        let next = traced
            .dependencies
            .get(self.transactions[state.tx].reads)
            .filter(|_| !state.is_final);
        let target = (all * next.map_or(1.0, |next| next.read_at)) as u64;
        state.target = target.max(state.done);
        let delay = state.target - state.done;
        self.schedule(worker, Phase::Running, delay);
    }

    fn advance(&mut self, worker: usize) {
        let state = &mut self.workers[worker];
        state.done = state.target;
        let (tx, is_final) = (state.tx, state.is_final);
        if let Some(read) = self.transactions[tx].stale.filter(|_| state.is_suspect) {
            // It was asked to look at its reads, and has.
            self.note_conflict(tx, read);
            self.repeat(worker);
            return;
        }
        let read = self.transactions[tx].reads;
        let dependencies = &self.trace.transactions[tx].dependencies;
        match dependencies.get(read).filter(|_| !is_final) {
            Some(dependency) => self.read(worker, *dependency),
            None => {
                self.add_segment(worker, SegmentKind::Executed);
                self.schedule(worker, Phase::Publishing, self.trace.costs.publish);
            }
        }
    }
}
