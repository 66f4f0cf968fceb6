//! Insurance on Etherisc's Generic Insurance Framework, with its fire insurance.

mod artifacts;
mod fire;
mod framework;
mod linker;

use super::{Intent, Stopped};
use crate::{
    PublishedArtifacts,
    rng::Rng,
    world::{SLOT_SECONDS, TIMESTAMP, World},
};
pub(super) use artifacts::ARTIFACTS;
use fire::{FireInsurance, Policy, parent_time};

/// Numbers of fires: one before the block, one in it.
const PAST_FIRE: u64 = 1;
const FIRE: u64 = 2;

/// What a transaction of an ordinary day does.
#[derive(Clone, Copy)]
enum Action {
    /// Someone applies for a policy.
    Apply,
    /// The owner of the product accepts an application.
    Underwrite,
    /// Someone claims and is paid.
    Claim,
}

/// In a hundred transactions.
const ACTIONS: [(u64, Action); 3] = [
    (40, Action::Apply),
    (35, Action::Underwrite),
    (25, Action::Claim),
];

/// An action, and the policy that it is about.
enum Task {
    Apply,
    Underwrite(Policy),
    Claim(Policy),
}

/// Applications, policies and claims, by a different customer in each transaction.
pub(super) fn everyday(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    transactions: usize,
) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    let owner = world.user("deployer", 0);
    let customers: Vec<_> = (0..transactions)
        .map(|index| world.user("customer", index))
        .collect();
    let intents = world.prepare(|setup| {
        let insurance = FireInsurance::open(setup, artifacts, owner)?;
        setup.next_block(SLOT_SECONDS);
        let tasks = customers
            .iter()
            .map(|customer| match rng.weighted(&ACTIONS) {
                Action::Apply => Ok(Task::Apply),
                Action::Underwrite => {
                    let policy = insurance.applied(setup, *customer, &mut rng)?;
                    Ok(Task::Underwrite(policy))
                }
                Action::Claim => {
                    let policy = insurance.insure(setup, *customer, &mut rng)?;
                    Ok(Task::Claim(policy))
                }
            });
        let tasks = tasks.collect::<Result<Vec<_>, Stopped>>()?;
        insurance.perform(setup, insurance.report(PAST_FIRE, parent_time()))?;
        let intents = customers.iter().zip(tasks);
        let intents = intents.map(|(customer, task)| match task {
            Task::Apply => insurance.apply(setup, *customer, &mut rng),
            Task::Underwrite(policy) => Ok(insurance.underwrite(policy, TIMESTAMP)),
            Task::Claim(policy) => Ok(insurance.claim(*customer, policy, PAST_FIRE)),
        });
        intents.collect::<Result<Vec<_>, Stopped>>()
    })?;
    world.send_all(intents);
    Ok(())
}

/// A fire is reported; then everyone who is insured claims.
pub(super) fn payout(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    transactions: usize,
) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    let owner = world.user("deployer", 0);
    let customers: Vec<_> = (1..transactions)
        .map(|index| world.user("customer", index))
        .collect();
    let intents = world.prepare(|setup| {
        let insurance = FireInsurance::open(setup, artifacts, owner)?;
        setup.next_block(SLOT_SECONDS);
        let claims = customers.into_iter().map(|customer| {
            let policy = insurance.insure(setup, customer, &mut rng)?;
            Ok(insurance.claim(customer, policy, FIRE))
        });
        let report = Ok(insurance.report(FIRE, TIMESTAMP));
        let intents = [report].into_iter().chain(claims);
        intents.collect::<Result<Vec<Intent>, Stopped>>()
    })?;
    world.send_all(intents.into_iter().take(transactions));
    Ok(())
}
