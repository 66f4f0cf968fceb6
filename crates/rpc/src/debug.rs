//! The methods of `debug_`, `txpool_`, `testing_`.

mod pool;
mod raw;
mod testing;
mod trace;
