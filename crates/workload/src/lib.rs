#![doc = include_str!("../README.md")]

mod abi;
pub mod adversarial;
mod artifact;
pub mod asm;
mod generate;
mod kind;
mod layout;
mod mainnet;
mod protocol;
mod published;
mod rng;
mod setup;
mod size;
mod snapshot;
mod state;
mod workload;
mod world;

pub use abi::Call;
pub use artifact::{Artifact, Contract};
pub use generate::{generate, invalid_first};
pub use kind::{Kind, UnknownKind, catalogue};
pub use layout::{Pair, RING_SIZE, Reserves, array_slot, mapping_slot, pair, token};
pub use mainnet::MAINNET_CODES;
pub use protocol::{
    Cover, Day, Lending, Markets, Pools, Protocol, ProtocolError, Transfers, UnknownProtocol,
    protocols,
};
pub use published::{ArtifactError, CreationCode, INSTALL_COMMAND, PublishedArtifacts};
pub use setup::{Setup, SetupError};
pub use size::Size;
pub use snapshot::Snapshots;
pub use state::MemoryState;
pub use workload::Workload;
