//! Block access lists ([EIP-7928](https://eips.ethereum.org/EIPS/eip-7928)).

mod accept;
mod compare;
mod listed;
mod preload;
mod produce;
mod verify;

pub(crate) use accept::accepts;
pub(crate) use compare::first_difference;
pub(crate) use listed::Listed;
pub(crate) use preload::preload;
pub(crate) use produce::produce;
pub(crate) use verify::{Expected, sees_existence};
