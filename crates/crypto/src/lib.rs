#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod backend;
mod batch;
mod fixed;
mod hasher;
mod lanes;
mod order;
mod sponge;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use backend::Backend;
pub use batch::Batch;
pub use hasher::{Hasher, keccak256_batch, keccak256_fixed};
