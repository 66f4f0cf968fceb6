//! The model itself: events in the order of time, and what each does.

use super::{
    Segment, SegmentKind, Simulated,
    hints::Hints,
    subject,
    transaction::{Status, Transaction},
    worker::{CALM, IN_THE_WAY, LONGEST_NAP, PAYMENT_RUN, Phase, RUN, SHORTEST_NAP, Worker},
};
use crate::{
    bounds::WINDOW,
    trace::{Dependency, Trace},
};
use alloy_primitives::Address;
use parallax_engine::Location;
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
            workers: vec![Worker::new(); cores.min(range.len())],
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
            Phase::Idle(_) => {}
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

    fn callee(&self, tx: usize) -> Option<Address> {
        subject::callee(&self.trace.transactions[tx])
    }

    fn look_for_work(&mut self, worker: usize) {
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

    fn read(&mut self, worker: usize, dependency: Dependency) {
        let tx = self.workers[worker].tx;
        if let Some((subject, last)) = self.hints.touch(&dependency.location, tx) {
            let transactions = &self.trace.transactions;
            // The last one that is not committed and about the same.
            let mut before = (self.committed..tx).rev();
            let call = before.find(|before| subject.covers(&transactions[*before]));
            let others = [last, call].into_iter().flatten();
            self.workers[worker].met_contention = true;
            self.workers[worker].awaited = others
                .filter(|on| !self.transactions[*on].is_stable())
                .collect();
            if !self.workers[worker].awaited.is_empty() {
                let patience = self.trace.costs.patience;
                self.schedule(worker, Phase::Spinning(self.now), patience);
                return;
            }
        }
        self.read_value(worker, dependency);
    }

    /// The worker's transaction has waited at a slot for too long.
    fn blame_slot(&mut self, worker: usize) {
        let tx = self.workers[worker].tx;
        let read = self.transactions[tx].reads;
        let location = self.trace.transactions[tx].dependencies[read].location;
        if self.hints.is_broad(self.trace, tx, &location) {
            self.hints.heat_up_callee(self.trace, tx);
        }
    }

    fn read_value(&mut self, worker: usize, dependency: Dependency) {
        let writer = &self.transactions[dependency.on];
        let must_wait = writer.has_published || matches!(dependency.location, Location::Nonce(_));
        if must_wait && !writer.is_stable() {
            self.put_aside(worker, dependency.on);
            return;
        }
        self.transactions[self.workers[worker].tx].reads += 1;
        self.go_on(worker);
    }

    fn first_awaited(&self, worker: usize) -> usize {
        let awaited = self.workers[worker].awaited.iter();
        let unstable = awaited.filter(|on| !self.transactions[**on].is_stable());
        unstable.max().copied().unwrap_or(self.committed)
    }

    fn stop_waiting(&mut self, worker: usize, since: u64) {
        let tx = self.workers[worker].tx;
        self.result.segments.push(Segment {
            worker,
            tx,
            start: since,
            end: self.now,
            kind: SegmentKind::Waiting,
        });
    }

    /// Lets the worker's transaction wait until `on` is done, unless it is.
    fn put_aside(&mut self, worker: usize, on: usize) {
        let state = &mut self.workers[worker];
        state.calm = 0;
        state.in_the_way += 1;
        let tx = state.tx;
        self.result.put_aside += 1;
        if self.workers[worker].phase != Phase::Claiming {
            self.add_segment(worker, SegmentKind::PutAside);
        }
        if self.transactions[on].is_stable() {
            self.transactions[tx].status = Status::Ready;
            self.ready.insert(tx);
        } else {
            self.transactions[tx].status = Status::Stalled;
            self.transactions[on].waiters.push(tx);
        }
        self.schedule(worker, Phase::Stalling, self.trace.costs.stall);
    }

    fn add_segment(&mut self, worker: usize, kind: SegmentKind) {
        let state = &self.workers[worker];
        self.transactions[state.tx].segment = Some(self.result.segments.len());
        self.result.segments.push(Segment {
            worker,
            tx: state.tx,
            start: state.started,
            end: self.now,
            kind,
        });
    }

    fn publish(&mut self, worker: usize) {
        let (tx, is_final) = (self.workers[worker].tx, self.workers[worker].is_final);
        let transaction = &mut self.transactions[tx];
        transaction.has_published = true;
        let stale = transaction.stale.filter(|_| !is_final);
        transaction.status = Status::Done;
        self.tell(worker, tx);
        if let Some(read) = stale {
            self.transactions[tx].status = Status::Running;
            self.note_conflict(tx, read);
            self.repeat(worker);
            return;
        }
        self.release_waiting();
        let state = &mut self.workers[worker];
        state.in_the_way = 0;
        state.calm = match std::mem::take(&mut state.met_contention) {
            true => 0,
            false => state.calm + 1,
        };
        if state.calm >= CALM {
            state.nap = SHORTEST_NAP;
        }
        state.was_payment = self.trace.transactions[tx].is_payment;
        let waiters = std::mem::take(&mut self.transactions[tx].waiters);
        let woken = waiters.len();
        for waiter in waiters {
            self.transactions[waiter].status = Status::Ready;
            self.ready.insert(waiter);
        }
        self.wake_sleepers(woken.saturating_sub(1));
        self.end_of_round(worker);
    }

    /// Executes the worker's transaction again, which has read something stale.
    fn repeat(&mut self, worker: usize) {
        let state = &mut self.workers[worker];
        state.calm = 0;
        let (phase, tx) = (state.phase, state.tx);
        if phase == Phase::Running {
            self.add_segment(worker, SegmentKind::Wasted);
        } else {
            self.mark_wasted(tx);
        }
        self.execute(worker);
    }

    fn mark_wasted(&mut self, tx: usize) {
        if let Some(segment) = self.transactions[tx].segment {
            self.result.segments[segment].kind = SegmentKind::Wasted;
        }
    }

    /// What `tx` has published invalidates what others have read before.
    fn tell(&mut self, worker: usize, tx: usize) {
        for index in 0..self.readers[tx].len() {
            let (reader, read) = self.readers[tx][index];
            let transaction = &mut self.transactions[reader];
            if transaction.reads <= read {
                continue;
            }
            match transaction.status {
                Status::Running => {
                    transaction.stale = transaction.stale.or(Some(read));
                    if self.workers[worker].calm < CALM {
                        self.suspect(reader);
                    }
                }
                Status::Done => {
                    transaction.status = Status::Ready;
                    transaction.reads = 0;
                    self.ready.insert(reader);
                    self.mark_wasted(reader);
                    self.workers[worker].calm = 0;
                    self.note_conflict(reader, read);
                    self.wake_sleepers(1);
                }
                Status::Ready | Status::Stalled | Status::Committed => {}
            }
        }
    }

    /// Lets a running transaction look at its reads at once: it loads something every
    /// few instructions.
    fn suspect(&mut self, tx: usize) {
        let runs = |worker: &Worker| worker.phase == Phase::Running && worker.tx == tx;
        if let Some(worker) = self.workers.iter().position(runs) {
            let state = &mut self.workers[worker];
            state.is_suspect = true;
            self.schedule(worker, Phase::Running, 0);
        }
    }

    fn note_conflict(&mut self, tx: usize, read: usize) {
        let dependency = &self.trace.transactions[tx].dependencies[read];
        if self.hints.note_conflict(self.trace, tx, dependency) {
            self.hints.heat_up_callee(self.trace, tx);
        }
    }

    /// Workers that wait at a slot go on if those are done that they wait for.
    fn release_waiting(&mut self) {
        for worker in 0..self.workers.len() {
            let state = &self.workers[worker];
            let Phase::Spinning(since) = state.phase else {
                continue;
            };
            if state
                .awaited
                .iter()
                .all(|on| self.transactions[*on].is_stable())
            {
                self.stop_waiting(worker, since);
                let tx = self.workers[worker].tx;
                let read = self.transactions[tx].reads;
                self.read_value(worker, self.trace.transactions[tx].dependencies[read]);
            }
        }
    }

    /// Commits what is done, unless somebody else is at it, and goes on.
    fn end_of_round(&mut self, worker: usize) {
        if self.is_head_done() && !self.is_committing {
            self.is_committing = true;
            self.schedule(worker, Phase::Committing, self.trace.costs.commit);
            return;
        }
        let head_waits = self.committed == self.end
            || self.transactions[self.committed].status == Status::Ready
            || self.is_head_done();
        let state = &mut self.workers[worker];
        if state.in_the_way >= IN_THE_WAY && state.claimed.is_empty() && !head_waits {
            state.in_the_way = 0;
            let nap = state.nap;
            state.nap = (nap * 2).min(LONGEST_NAP);
            self.schedule(worker, Phase::Waking, nap);
            return;
        }
        self.look_for_work(worker);
    }

    fn commit(&mut self, worker: usize) {
        self.transactions[self.committed].status = Status::Committed;
        self.committed += 1;
        if self.is_head_done() {
            self.schedule(worker, Phase::Committing, self.trace.costs.commit);
            return;
        }
        self.is_committing = false;
        if self.committed >= self.noted + self.window / 4 {
            self.noted = self.committed;
            self.wake_sleepers(1);
        }
        self.end_of_round(worker);
    }

    /// Wakes so many that sleep, if there is something to do. Each that is woken wakes
    /// the next in its turn, which takes as long.
    fn wake_sleepers(&mut self, most: usize) {
        let there = self
            .ready
            .range(..self.limit())
            .take(self.workers.len())
            .count();
        let mut left = most.min(there);
        for worker in 0..self.workers.len() {
            if left == 0 {
                break;
            }
            if let Phase::Idle(since) = self.workers[worker].phase
                && since + self.trace.costs.look < self.now
            {
                self.schedule(worker, Phase::Waking, self.trace.costs.wake);
                left -= 1;
            }
        }
    }

    /// Whoever looks for work and does not sleep yet sees it at once.
    fn let_lookers_look(&mut self) {
        if !self.is_work_there() {
            return;
        }
        for worker in 0..self.workers.len() {
            if let Phase::Idle(since) = self.workers[worker].phase
                && since + self.trace.costs.look >= self.now
            {
                self.schedule(worker, Phase::Waking, 0);
            }
        }
    }
}
