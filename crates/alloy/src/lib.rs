#![doc = include_str!("../README.md")]

mod conditions;
mod executor;
mod factory;
mod parent;
mod run;
mod write_back;

pub use executor::ParallelBlockExecutor;
pub use factory::ParallelBlockExecutorFactory;
pub use parent::{ParentState, Served, Shared, SharedDatabase, StateReader};
pub use run::{Fallback, LastRun, Run};
