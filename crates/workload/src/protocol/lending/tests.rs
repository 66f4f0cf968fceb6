use super::*;
use crate::SetupError;

/// A market on a chain of its own, or nothing where the code is not installed.
fn with_market<L: Lender>(assets: usize, test: impl FnOnce(&Market<L>, &mut Setup, &mut Rng)) {
    let artifacts = PublishedArtifacts::installed();
    if let Err(error) = artifacts.check(L::ARTIFACTS) {
        eprintln!("skipped: {error}");
        return;
    }
    let mut world = World::new(7);
    let owner = world.address("deployer", 0);
    let mut rng = Rng::new(8);
    world
        .prepare(|setup| {
            let market = Market::<L>::open(setup, &artifacts, owner, assets, &mut rng)?;
            setup.next_block(SLOT_SECONDS);
            test(&market, setup, &mut rng);
            Ok::<(), Stopped>(())
        })
        .unwrap();
}

fn user(index: u8) -> Address {
    Address::repeat_byte(index + 1)
}

/// From one asset to eight, everything can be done.
fn any_number_of_assets<L: Lender>() {
    for assets in [1, 2, 8] {
        with_market::<L>(assets, |market, setup, rng| {
            for index in 0..30 {
                let errand = market.errand(setup, user(index), rng).unwrap();
                market.lender().perform(setup, errand).unwrap();
            }
        });
    }
}

/// Only a fall of the price makes a loan unsafe.
fn safe_loans_are_not_liquidated<L: Lender>() -> Option<SetupError> {
    let mut refused = None;
    with_market::<L>(2, |market, setup, rng| {
        let loan = market.risky_loan(setup, user(0), FALLING, rng).unwrap();
        let liquidation = market.liquidation(setup, user(1), &loan, rng).unwrap();
        let early = market.lender().perform(setup, liquidation.clone());
        let Err(Stopped::Setup(error)) = early else {
            panic!("{early:?}");
        };
        refused = Some(error);
        let fall = market.fall(FALLING, FALL.0);
        setup.call(fall.from, fall.to, fall.data).unwrap();
        market.lender().perform(setup, liquidation).unwrap();
    });
    refused
}

#[test]
fn aave_has_any_number_of_assets() {
    any_number_of_assets::<Aave>();
}

#[test]
fn venus_has_any_number_of_assets() {
    any_number_of_assets::<Venus>();
}

#[test]
fn aave_reverts_early_liquidations() {
    if let Some(error) = safe_loans_are_not_liquidated::<Aave>() {
        assert!(matches!(error, SetupError::Failed { .. }), "{error}");
    }
}

#[test]
fn venus_refuses_early_liquidations() {
    if let Some(error) = safe_loans_are_not_liquidated::<Venus>() {
        assert!(matches!(error, SetupError::Refused { .. }), "{error}");
    }
}
