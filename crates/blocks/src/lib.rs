#![doc = include_str!("../README.md")]

mod checks;
mod codes;
mod decode;
mod error;
mod file;
mod fork;
mod json;
mod limit;
mod receipts;
mod source;
mod state;
mod trie;
mod witness;

pub use checks::{Check, Report, Unchecked, check, report};
pub use error::BlockFileError;
pub use file::{BlockFile, Gap};
pub use receipts::{logs_bloom, receipts, receipts_root};
pub use source::BlockFiles;
pub use state::{ParentState, ParentStateError};
pub use trie::{NodeSet, PartialTrie, TrieError};
pub use witness::{Witness, WitnessError};
