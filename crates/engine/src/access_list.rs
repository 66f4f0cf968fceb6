//! Block access lists ([EIP-7928](https://eips.ethereum.org/EIPS/eip-7928)).

mod produce;

pub(crate) use produce::produce;
