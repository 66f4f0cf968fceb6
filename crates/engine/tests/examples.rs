//! The examples run, so that they cannot rot.

#[path = "../examples/build_block.rs"]
mod build_block;
#[path = "../examples/custom_database.rs"]
mod custom_database;
#[path = "../examples/custom_precompile.rs"]
mod custom_precompile;
#[path = "../examples/replay_block.rs"]
mod replay_block;

#[test]
fn builds_a_block() {
    build_block::main().expect("the example runs");
}

#[test]
fn uses_a_custom_database() {
    custom_database::main().expect("the example runs");
}

#[test]
fn uses_a_custom_precompile() {
    custom_precompile::main().expect("the example runs");
}

#[test]
fn replays_a_block() {
    replay_block::main().expect("the example runs");
}
