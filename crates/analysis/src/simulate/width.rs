//! How many workers may take transactions: `scheduler/width.rs` of the engine, which says
//! why, in simulated time.

/// As in the engine (nanoseconds): what a window must have at least to tell something,
/// and when one of fewer transactions ends.
const SHORTEST: u64 = 60_000;
const FEWEST: usize = 16;
const LONGEST: u64 = 2_000_000;

/// As in the engine: of so many committed transactions one with a conflict is many;
/// windows between two trials, at first and at most; conflicts between two looks.
const MANY: usize = 4;
const REST: u32 = 8;
const LONGEST_REST: u32 = 64;
const LOOK: usize = 4;

/// How far the block was at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) now: u64,
    pub(super) committed: usize,
    pub(super) gas: u64,
}

/// Who may work, and why.
#[derive(Debug)]
pub(super) struct Width {
    all: usize,
    limit: usize,
    conflicts: usize,
    /// When the window began, and how many conflicts there had been.
    start: Option<(Mark, usize)>,
    /// How many may have worked before a trial, and gas in a nanosecond then.
    trial: Option<(usize, f64)>,
    rest: u32,
    next_rest: u32,
}

impl Width {
    pub(super) const fn new(workers: usize) -> Self {
        Self {
            all: workers,
            limit: workers,
            conflicts: 0,
            start: None,
            trial: None,
            rest: 0,
            next_rest: REST,
        }
    }

    pub(super) const fn excludes(&self, worker: usize) -> bool {
        worker >= self.limit
    }

    pub(super) const fn is_narrow(&self) -> bool {
        self.limit < self.all
    }

    /// Whether it is time to look.
    pub(super) const fn conflict(&mut self) -> bool {
        self.conflicts += 1;
        self.conflicts.is_multiple_of(LOOK)
    }

    /// Sees how it goes. Whether more may work than before.
    pub(super) fn look(&mut self, mark: Mark) -> bool {
        if self.all < 2 {
            return false;
        }
        let (start, conflicts) = *self.start.get_or_insert((mark, self.conflicts));
        let (time, committed) = (mark.now - start.now, mark.committed - start.committed);
        if time < SHORTEST || (committed < FEWEST && time < LONGEST) {
            return false;
        }
        let pace = (mark.gas - start.gas) as f64 / time as f64;
        let has_many_conflicts = (self.conflicts - conflicts) * MANY > committed;
        self.start = Some((mark, self.conflicts));
        let before = self.limit;
        self.see(pace, has_many_conflicts);
        self.limit > before
    }

    fn see(&mut self, pace: f64, has_many_conflicts: bool) {
        if let Some((limit, before)) = self.trial.take() {
            let is_narrower = self.limit < limit;
            let good = match is_narrower {
                true => pace >= 0.97 * before,
                false => pace > 1.05 * before,
            };
            if good {
                self.next_rest = REST;
                self.rest = if has_many_conflicts && is_narrower {
                    0
                } else {
                    REST
                };
            } else {
                self.limit = limit;
                self.rest = self.next_rest;
                self.next_rest = (2 * self.next_rest).min(LONGEST_REST);
            }
        } else if self.rest > 0 {
            self.rest -= 1;
            return;
        }
        if self.rest > 0 {
            return;
        }
        let other = match has_many_conflicts && self.limit > 1 {
            true => self.limit / 2,
            false => (2 * self.limit).min(self.all),
        };
        if other != self.limit {
            self.trial = Some((self.limit, pace));
            self.limit = other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of a block that commits `pace(width)` gas in a window.
    fn after(width: &mut Width, windows: u64, pace: impl Fn(usize) -> u64, conflicts: usize) {
        let mut mark = width.start.map_or(
            Mark {
                now: 0,
                committed: 0,
                gas: 0,
            },
            |(mark, _)| mark,
        );
        for _ in 0..windows {
            width.look(mark);
            mark.now += SHORTEST;
            mark.committed += FEWEST;
            mark.gas += pace(width.limit);
            for _ in 0..conflicts {
                width.conflict();
            }
        }
    }

    #[test]
    fn a_chain_is_left_to_one() {
        let mut width = Width::new(16);
        after(&mut width, 8, |width| 1_000 / width as u64, 5);
        assert_eq!(width.limit, 1);
        assert!(width.is_narrow() && width.excludes(1) && !width.excludes(0));
    }

    #[test]
    fn those_who_are_of_use_stay() {
        let mut width = Width::new(16);
        after(&mut width, 3, |width| width as u64, 5);
        assert_eq!(width.limit, 16);
        after(&mut width, 50, |width| width as u64, 0);
        assert_eq!(width.limit, 16);
    }
}
