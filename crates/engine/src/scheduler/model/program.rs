//! Made-up transactions, and what they do one after the other.

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(in crate::scheduler) struct Rng(pub(in crate::scheduler) u64);

impl Rng {
    pub(in crate::scheduler) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

pub(in crate::scheduler) const SLOTS: u64 = 4;
/// The first account is the beneficiary.
pub(in crate::scheduler) const ACCOUNTS: usize = 3;
/// What a transaction may use at most, and must find left in the block.
const GAS_LIMIT: u64 = 4;

/// A slot, chosen by the accumulator if `by_data`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheduler) struct Place {
    slot: u64,
    by_data: bool,
}

/// One operation on a transaction's accumulator and the state.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheduler) enum Op {
    /// Adds a slot.
    Load(Place),
    /// Sets a slot to the accumulator plus this.
    Store(Place, u64),
    /// Adds to a balance without looking at it.
    Credit(usize, u64),
    /// Takes from a balance; adds 1 if there is not enough.
    Debit(usize, u64),
    /// Adds a balance.
    Balance(usize),
    /// Skips the next operation if the accumulator is odd.
    SkipIfOdd,
}

/// What an operation can do; the state before the transaction comes from below.
pub(in crate::scheduler) trait Machine {
    /// Why an execution ends early.
    type Stop;
    fn load(&mut self, slot: u64) -> Result<u64, Self::Stop>;
    fn store(&mut self, slot: u64, value: u64) -> Result<(), Self::Stop>;
    fn credit(&mut self, account: usize, amount: u64);
    /// Whether there was enough.
    fn debit(&mut self, account: usize, amount: u64) -> Result<bool, Self::Stop>;
    fn balance(&mut self, account: usize) -> Result<u64, Self::Stop>;
}

/// Runs a transaction; its accumulator at the end.
pub(in crate::scheduler) fn run<M: Machine>(ops: &[Op], machine: &mut M) -> Result<u64, M::Stop> {
    let mut acc = 1_u64;
    let mut skip = false;
    let at = |place: &Place, acc: u64| {
        let by = if place.by_data { acc } else { 0 };
        place.slot.wrapping_add(by) % SLOTS
    };
    for op in ops {
        if std::mem::take(&mut skip) {
            continue;
        }
        match op {
            Op::Load(place) => acc = acc.wrapping_add(machine.load(at(place, acc))?),
            Op::Store(place, plus) => {
                machine.store(at(place, acc), acc.wrapping_add(*plus) & 0xff)?;
            }
            Op::Credit(account, amount) => machine.credit(*account, *amount),
            Op::Debit(account, amount) => {
                acc = acc.wrapping_add(u64::from(!machine.debit(*account, *amount)?));
            }
            Op::Balance(account) => acc = acc.wrapping_add(machine.balance(*account)?),
            Op::SkipIfOdd => skip = acc % 2 == 1,
        }
    }
    Ok(acc)
}

/// Whether a transaction that ended so may be part of a block, and its fee.
pub(in crate::scheduler) fn fee(acc: u64) -> Option<u64> {
    (acc % 8 != 7).then_some(acc % 3)
}

/// Gas used by a transaction, or `None` if it may not be part of the block.
pub(in crate::scheduler) fn gas(acc: u64, left: u64) -> Option<u64> {
    (left >= GAS_LIMIT).then_some(1 + acc % GAS_LIMIT)
}

/// A block of made-up transactions.
#[derive(Clone, Debug)]
pub(in crate::scheduler) struct Block {
    pub(in crate::scheduler) transactions: Vec<Vec<Op>>,
    pub(in crate::scheduler) slots: [u64; SLOTS as usize],
    pub(in crate::scheduler) balances: [u64; ACCOUNTS],
    pub(in crate::scheduler) gas: u64,
}

impl Block {
    pub(in crate::scheduler) fn random(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let count = 2 + rng.below(5);
        let transactions = (0..count).map(|_| random_transaction(&mut rng)).collect();
        Self {
            transactions,
            slots: std::array::from_fn(|_| rng.below(3)),
            balances: std::array::from_fn(|_| rng.below(8)),
            // Sometimes too little for all of them.
            gas: 2 * count + rng.below(3 * count),
        }
    }

    /// The second transaction reads what the first writes, and credits the third
    /// the same whatever it read.
    #[cfg(shuttle)]
    pub(in crate::scheduler) fn slow_teller() -> Self {
        let place = Place {
            slot: 0,
            by_data: false,
        };
        Self {
            transactions: vec![
                vec![Op::Store(place, 0)],
                vec![Op::Load(place), Op::Credit(1, 4)],
                vec![Op::Balance(1)],
            ],
            slots: [0; SLOTS as usize],
            balances: [0; ACCOUNTS],
            gas: 100,
        }
    }

    /// Executes one transaction after the other.
    pub(in crate::scheduler) fn execute(&self) -> Outcome {
        let mut outcome = Outcome {
            included: Vec::new(),
            slots: self.slots,
            balances: self.balances,
        };
        let mut gas_left = self.gas;
        for (tx, ops) in self.transactions.iter().enumerate() {
            let mut after = outcome.clone();
            let Ok(acc) = run(ops, &mut after);
            if let (Some(fee), Some(used)) = (fee(acc), gas(acc, gas_left)) {
                gas_left -= used;
                after.balances[0] += fee;
                after.included.push((tx, acc));
                outcome = after;
            }
        }
        outcome
    }
}

fn random_transaction(rng: &mut Rng) -> Vec<Op> {
    (0..1 + rng.below(5)).map(|_| random_op(rng)).collect()
}

fn random_op(rng: &mut Rng) -> Op {
    let place = Place {
        slot: rng.below(SLOTS),
        by_data: rng.below(3) == 0,
    };
    let account = rng.below(ACCOUNTS as u64) as usize;
    match rng.below(10) {
        0..3 => Op::Load(place),
        3..6 => Op::Store(place, rng.below(3)),
        6 => Op::Credit(account, 1 + rng.below(4)),
        7 => Op::Debit(account, 1 + rng.below(4)),
        8 => Op::Balance(account),
        _ => Op::SkipIfOdd,
    }
}

/// What a block leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scheduler) struct Outcome {
    /// The transactions that are part of the block, and their accumulators.
    pub(in crate::scheduler) included: Vec<(usize, u64)>,
    pub(in crate::scheduler) slots: [u64; SLOTS as usize],
    pub(in crate::scheduler) balances: [u64; ACCOUNTS],
}

impl Machine for Outcome {
    type Stop = std::convert::Infallible;

    fn load(&mut self, slot: u64) -> Result<u64, Self::Stop> {
        Ok(self.slots[slot as usize])
    }

    fn store(&mut self, slot: u64, value: u64) -> Result<(), Self::Stop> {
        self.slots[slot as usize] = value;
        Ok(())
    }

    fn credit(&mut self, account: usize, amount: u64) {
        self.balances[account] += amount;
    }

    fn debit(&mut self, account: usize, amount: u64) -> Result<bool, Self::Stop> {
        let enough = self.balances[account] >= amount;
        if enough {
            self.balances[account] -= amount;
        }
        Ok(enough)
    }

    fn balance(&mut self, account: usize) -> Result<u64, Self::Stop> {
        Ok(self.balances[account])
    }
}
