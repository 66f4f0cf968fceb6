#![doc = include_str!("../README.md")]

mod advice;
mod bounds;
mod conflicts;
mod costs;
mod known;
mod names;
mod observer;
mod preimages;
mod record;
mod simulate;
mod trace;

pub use advice::{Advice, advise};
pub use bounds::{Bound, Chain, list_schedule, longest_chain, overlapped_chain, speedup_bound};
pub use conflicts::{
    Conflicts, FunctionPair, HotLocation, Removal, conflicts, effect_of_removing, links_of,
};
pub use costs::Costs;
pub use names::{ContractKind, Names};
pub use preimages::{Preimages, SlotName, SlotPart};
pub use record::{Measured, RecordError, Recording, measure_parallel, record, record_stepwise};
pub use simulate::{Segment, SegmentKind, Simulated, simulate};
pub use trace::{Dependency, Function, Touches, Trace, Traced};
