//! Parametric cover: many policies, one pool of capital.

mod pool;

use super::Stopped;
use crate::{
    Setup, SetupError,
    rng::{Rng, Zipf},
    world::{SLOT_SECONDS, World},
};
use alloy_primitives::Address;
use pool::{CoverPool, Risk, Sales};

/// Risks that cover is sold for; some are more popular than others.
const RISKS: usize = 16;

/// What somebody does on an ordinary day.
#[derive(Clone, Copy)]
enum Action {
    /// Buys cover for a season to come.
    Buy,
    /// Adds the premium that a risk has earned to the capital.
    Accrue,
    /// Claims for a risk that has occurred.
    Claim,
}

/// In a hundred transactions.
const ACTIONS: [(u64, Action); 3] = [(65, Action::Buy), (10, Action::Accrue), (25, Action::Claim)];

/// Cover is bought, premiums accrue, claims are paid, by a different customer in
/// each transaction.
pub(super) fn everyday(world: &mut World, transactions: usize) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    let [owner, oracle] = ["deployer", "oracle"].map(|role| world.user(role, 0));
    let customers: Vec<_> = (0..transactions)
        .map(|index| (world.user("customer", index), rng.weighted(&ACTIONS)))
        .collect();
    let intents = world.prepare(|setup| {
        let pool = CoverPool::open(setup, owner, oracle)?;
        let day = Day::begin(setup, pool, &customers, &mut rng)?;
        let customers = customers.iter().zip(&day.tasks);
        let intents = customers.map(|((customer, _), task)| match task {
            Task::Buy(risk) => day.pool.buy(setup, *customer, *risk, &mut rng),
            Task::Accrue(risk) => Ok(day.pool.accrue(*customer, *risk)),
            Task::Claim(risk) => Ok(day.pool.claim(*customer, *risk)),
        });
        intents.collect::<Result<Vec<_>, SetupError>>()
    })?;
    world.send_all(intents);
    Ok(())
}

/// An action, and the risk that it is about.
enum Task {
    Buy(Risk),
    Accrue(Risk),
    Claim(Risk),
}

/// The pool and what everyone is going to do with it.
struct Day {
    pool: CoverPool,
    tasks: Vec<Task>,
}

impl Day {
    /// Does what has to have happened before.
    fn begin(
        setup: &mut Setup,
        pool: CoverPool,
        customers: &[(Address, Action)],
        rng: &mut Rng,
    ) -> Result<Self, SetupError> {
        let popularity = Zipf::new(RISKS);
        let coming = (0..RISKS)
            .map(|_| pool.open_risk(setup, Sales::Open, customers.len()))
            .collect::<Result<Vec<_>, _>>()?;
        let occurred = pool.open_risk(setup, Sales::Closing, customers.len())?;
        let tasks = customers.iter().map(|(customer, action)| match action {
            Action::Buy => Ok(Task::Buy(coming[popularity.rank(rng)])),
            Action::Accrue => {
                // Accruing twice in a block would add nothing.
                let risk = pool.open_risk(setup, Sales::Closing, 1)?;
                pool.cover(setup, pool.owner, risk, rng)?;
                Ok(Task::Accrue(risk))
            }
            Action::Claim => {
                pool.cover(setup, *customer, occurred, rng)?;
                Ok(Task::Claim(occurred))
            }
        });
        let tasks = tasks.collect::<Result<Vec<_>, SetupError>>()?;
        setup.next_block(SLOT_SECONDS);
        pool.perform(setup, pool.report(occurred))?;
        for task in &tasks {
            // The first time costs more.
            if let Task::Accrue(risk) = task {
                pool.perform(setup, pool.accrue(pool.owner, *risk))?;
            }
        }
        Ok(Self { pool, tasks })
    }
}

/// The oracle reports an event; then everyone who is covered claims.
pub(super) fn payout(world: &mut World, transactions: usize) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    let [owner, oracle] = ["deployer", "oracle"].map(|role| world.user(role, 0));
    let customers: Vec<_> = (1..transactions)
        .map(|index| world.user("customer", index))
        .collect();
    let intents = world.prepare(|setup| {
        let pool = CoverPool::open(setup, owner, oracle)?;
        let risk = pool.open_risk(setup, Sales::Closing, customers.len())?;
        for customer in &customers {
            pool.cover(setup, *customer, risk, &mut rng)?;
        }
        let claims = customers.iter().map(|customer| pool.claim(*customer, risk));
        let intents: Vec<_> = [pool.report(risk)].into_iter().chain(claims).collect();
        Ok::<_, SetupError>(intents)
    })?;
    world.send_all(intents.into_iter().take(transactions));
    Ok(())
}
