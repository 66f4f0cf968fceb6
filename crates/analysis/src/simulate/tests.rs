//! Made-up traces whose schedules can be worked out by hand.

use super::*;
use crate::{
    costs::Costs,
    trace::{Dependency, Function, Traced},
};
use alloy_primitives::{Address, U256};
use parallax_engine::Location;

fn nanos(simulated: &Simulated) -> u64 {
    simulated.elapsed.as_nanos() as u64
}

/// Calls of one contract that read and write one slot.
fn hot_slot(count: usize, nanos: u64, read_at: f64) -> Trace {
    let location = Location::Slot(Address::repeat_byte(9), U256::ONE);
    let mut trace = Trace::of(&vec![(nanos, &[][..]); count]);
    for tx in 0..count {
        trace.transactions[tx].function = Some(Function {
            contract: Address::repeat_byte(9),
            selector: None,
        });
        let on = tx.checked_sub(1);
        trace.transactions[tx].dependencies = on
            .map(|on| Dependency {
                on,
                location,
                read_at,
                written_at: 1.0,
                reader: None,
            })
            .into_iter()
            .collect();
    }
    trace
}

/// Lets each transaction call a contract of its own.
fn apart(mut trace: Trace) -> Trace {
    for tx in &mut trace.transactions {
        tx.function = Some(Function {
            contract: tx.sender,
            selector: None,
        });
    }
    trace
}

#[test]
fn independent_transactions_scale() {
    let trace = Trace::of(&[(100, &[][..]); 64]);
    for cores in [1, 2, 4, 8, 64] {
        let simulated = simulate(&trace, cores);
        assert_eq!(nanos(&simulated), 6400 / cores as u64, "{cores} cores");
        assert_eq!((simulated.executions, simulated.repeated), (64, 0));
    }
}

#[test]
fn every_operation_costs() {
    let mut trace = Trace::of(&[(100, &[][..]); 10]);
    trace.costs = Costs {
        claim: 1,
        publish: 20,
        commit: 5,
        block: 1000,
        gather: 600,
        ..Costs::NONE
    };
    assert_eq!(nanos(&simulate(&trace, 1)), 1000 + 10 * 126 + 600);
}

#[test]
fn speculation_costs_only_ahead_of_the_head() {
    let mut trace = Trace::of(&[(100, &[][..]); 2]);
    trace.costs.speculation = 1.5;
    assert_eq!(nanos(&simulate(&trace, 1)), 200);
    assert_eq!(nanos(&simulate(&trace, 2)), 150);
}

#[test]
fn a_chain_of_one_sender_waits_instead_of_repeating() {
    let mut trace = Trace::of(&[(100, &[][..]); 8]);
    for tx in 0..8 {
        trace.transactions[tx].sender = Address::repeat_byte(1);
        trace.transactions[tx].dependencies = (tx > 0)
            .then(|| Dependency {
                on: tx.saturating_sub(1),
                location: Location::Nonce(Address::repeat_byte(1)),
                read_at: 0.0,
                written_at: 0.0,
                reader: None,
            })
            .into_iter()
            .collect();
    }
    for cores in [1, 2, 4] {
        let simulated = simulate(&trace, cores);
        assert_eq!(nanos(&simulated), 800, "{cores} cores");
        assert_eq!(simulated.repeated, 0, "{cores} cores");
    }
}

#[test]
fn a_stale_read_runs_again() {
    // 1 reads at once what 0 writes at its end, which is earlier than its own.
    let trace = Trace::of(&[(100, &[]), (300, &[(0, 0.0)])]);
    let simulated = simulate(&trace, 2);
    assert_eq!((simulated.executions, simulated.repeated), (3, 1));
    // It is asked to look at what it has read as soon as 0 is done.
    assert_eq!(nanos(&simulated), 400);
    let kinds: Vec<_> = simulated
        .segments
        .iter()
        .map(|segment| (segment.tx, segment.start, segment.end, segment.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (0, 0, 100, SegmentKind::Executed),
            (1, 0, 100, SegmentKind::Wasted),
            (1, 100, 400, SegmentKind::Executed),
        ]
    );
}

#[test]
fn a_read_after_the_writer_is_none_the_worse() {
    let trace = Trace::of(&[(100, &[]), (300, &[(0, 0.5)])]);
    let simulated = simulate(&trace, 2);
    assert_eq!((nanos(&simulated), simulated.repeated), (300, 0));
}

#[test]
fn a_diamond_is_done_in_three_steps_and_a_wait() {
    let trace = apart(Trace::of(&[
        (100, &[]),
        (100, &[(0, 0.9)]),
        (100, &[(0, 0.9)]),
        (100, &[(1, 0.9), (2, 0.9)]),
    ]));
    assert_eq!(nanos(&simulate(&trace, 1)), 400);
    let simulated = simulate(&trace, 4);
    // 1, 2 and 3 read before 0 is done: all run again at 100. What 0 has written is
    // contended by then, so that 2 waits at it from 190 to 200 for 1, which has touched
    // it before, and is done at 210. 3 is put aside for 2, and runs from 210.
    assert_eq!(nanos(&simulated), 310);
    assert_eq!((simulated.repeated, simulated.put_aside), (4, 1));
}

#[test]
fn a_hot_slot_becomes_contended_and_overlaps() {
    // Read in the middle: with waiting at the slot each adds half of its time.
    let trace = hot_slot(2000, 1000, 0.5);
    assert_eq!(nanos(&simulate(&trace, 1)), 2_000_000);
    let two = simulate(&trace, 2);
    // Now and then it is tried whether one alone were as fast.
    assert!(nanos(&two) < 1_150_000, "{}", nanos(&two));
    assert!(two.repeated <= 6, "{}", two.repeated);
    // More cores cannot help: the chain of halves stays.
    let many = simulate(&trace, 16);
    assert!(nanos(&many) >= 1_000_000, "{}", nanos(&many));
}

#[test]
fn a_hot_slot_that_is_read_first_stays_serial() {
    let trace = hot_slot(100, 1000, 0.0);
    for cores in [2, 8] {
        let simulated = simulate(&trace, cores);
        assert!(nanos(&simulated) >= 100_000);
        assert!(nanos(&simulated) <= 110_000, "{}", nanos(&simulated));
    }
}

#[test]
fn runs_of_payments_are_shared() {
    let mut trace = Trace::of(&[(100, &[][..]); 400]);
    for payment in &mut trace.transactions {
        payment.is_payment = true;
    }
    trace.costs.payment = 10;
    trace.costs.wake = 7;
    assert_eq!(nanos(&simulate(&trace, 1)), 4000);
    assert_eq!(nanos(&simulate(&trace, 4)), 1000 + 3 * 7);
    trace.transactions[200] = Traced {
        is_payment: false,
        ..trace.transactions[200].clone()
    };
    assert_eq!(nanos(&simulate(&trace, 1)), 40_000, "no run is long enough");
}

#[test]
fn the_same_trace_gives_the_same_result() {
    let trace = hot_slot(300, 777, 0.3);
    for cores in [1, 3, 16, 128] {
        assert_eq!(simulate(&trace, cores), simulate(&trace, cores));
    }
    assert_eq!(simulate(&Trace::default(), 4).elapsed, Duration::ZERO);
}

#[test]
fn calls_of_one_contract_about_different_things_do_not_wait() {
    // Two markets of one contract, by turns; each call needs the one before of its own.
    let mut trace = hot_slot(200, 1000, 0.5);
    for tx in 0..200 {
        let market = tx as u64 % 2 + 1;
        trace.transactions[tx].about = vec![market | 1 << 63];
        for dependency in &mut trace.transactions[tx].dependencies {
            dependency.location = Location::Slot(Address::repeat_byte(9), U256::from(market));
            dependency.on = tx.saturating_sub(2);
        }
    }
    trace.transactions[1].dependencies.clear();
    let one_market = simulate(&hot_slot(200, 1000, 0.5), 4);
    let two_markets = simulate(&trace, 4);
    // Two chains of 100 halves, side by side, instead of one of 200.
    assert!(nanos(&two_markets) < 70_000, "{}", nanos(&two_markets));
    assert!(nanos(&one_market) >= 100_000, "{}", nanos(&one_market));
}
