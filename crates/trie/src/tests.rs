//! Against alloy-trie, which makes each root anew.

mod model;
mod proofs;
mod shapes;
