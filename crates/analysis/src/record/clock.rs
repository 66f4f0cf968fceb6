//! What it costs to wait, to ask for the time and to wake somebody, on this machine.

use super::nanos;
use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Instant,
};

/// Time that so many looks take.
pub(super) fn looks(count: u32) -> u64 {
    let mut times = [0; 5].map(|_: u64| {
        let started = Instant::now();
        for _ in 0..count {
            std::hint::spin_loop();
        }
        nanos(started.elapsed())
    });
    times.sort_unstable();
    times[2]
}

/// Time that reading the clock takes.
pub(super) fn clock() -> u64 {
    const READS: u32 = 1000;
    let started = Instant::now();
    for _ in 0..READS {
        std::hint::black_box(Instant::now());
    }
    nanos(started.elapsed() / READS)
}

/// Time from waking a sleeping thread to its being awake: half a round trip.
pub(super) fn wake() -> u64 {
    const ROUNDS: u32 = 200;
    let (turn, moved) = (Mutex::new(0), Condvar::new());
    let pass = |own: u32| {
        for _ in 0..ROUNDS {
            let guard = turn.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = moved.wait_while(guard, |turn| *turn % 2 != own);
            *waited.unwrap_or_else(PoisonError::into_inner) += 1;
            moved.notify_one();
        }
    };
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| pass(1));
        pass(0);
    });
    nanos(started.elapsed() / (2 * ROUNDS))
}
