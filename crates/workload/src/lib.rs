#![doc = include_str!("../README.md")]

mod abi;
pub mod adversarial;
mod artifact;
pub mod asm;
mod generate;
mod kind;
mod layout;
mod protocol;
mod published;
mod rng;
mod setup;
mod state;
mod workload;
mod world;

pub use abi::Call;
pub use artifact::{Artifact, Contract};
pub use generate::generate;
pub use kind::{Kind, UnknownKind, catalogue};
pub use layout::{Pair, RING_SIZE, Reserves, array_slot, mapping_slot, pair, token};
pub use protocol::{Cover, Markets, Pools, Protocol, ProtocolError, UnknownProtocol, protocols};
pub use published::{ArtifactError, CreationCode, INSTALL_COMMAND, PublishedArtifacts};
pub use setup::{Setup, SetupError};
pub use state::MemoryState;
pub use workload::Workload;
