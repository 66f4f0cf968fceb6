#![doc = include_str!("../README.md")]

mod archive;
mod bytes;
mod error;
mod files;
mod frame;
mod journal;
mod log;
mod parts;
#[cfg(all(test, feature = "faults"))]
mod tests;

pub use error::{Damage, LogError};
#[cfg(feature = "faults")]
pub use files::sim::{Fault, SimDisk};
pub use files::{Disk, Files, LogFile};
pub use log::{Log, LogConfig, Verified};
pub use parts::{Kind, Parts};
