#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod backend;
mod batch;
mod hasher;
#[cfg(target_arch = "x86_64")]
mod vectors;

pub use backend::Backend;
pub use batch::Batch;
pub use hasher::{Hasher, keccak256_batch, keccak256_fixed};
