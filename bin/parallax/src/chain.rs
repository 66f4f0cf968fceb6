//! `parallax init` and `parallax import`.

use crate::{
    Outcome,
    cli::{DataDirectory, ImportArguments, InitArguments},
    db::progress::{Progress, counting},
};
use eyre::{WrapErr, ensure, eyre};
use parallax_chain::Genesis;
use parallax_node::{Node, NodeConfig, NodeError};
use parallax_state::{History, State};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// The copy of the genesis in a data directory.
const GENESIS: &str = "genesis.json";

/// Runs `parallax init`.
pub(crate) fn init(arguments: &InitArguments) -> eyre::Result<Outcome> {
    let (json, genesis) = read_genesis(&arguments.genesis)?;
    let folder = &arguments.data.datadir;
    let node = open(&arguments.data, genesis, NodeConfig::default())?;
    node.checkpoint()?;
    keep_genesis(folder, &json)?;
    let first = node
        .block(0)?
        .ok_or_else(|| eyre!("there is no first block"))?;
    writeln!(
        io::stdout(),
        "chain {} begins with block {:#x} in {}",
        node.schedule().chain_id(),
        first.hash,
        folder.display()
    )?;
    Ok(Outcome::Verified)
}

/// Reads a genesis in geth's format.
pub(crate) fn read_genesis(path: &Path) -> eyre::Result<(Vec<u8>, Genesis)> {
    let json = fs::read(path).wrap_err_with(|| format!("reading {}", path.display()))?;
    let genesis = Genesis::read(&json).wrap_err_with(|| path.display().to_string())?;
    Ok((json, genesis))
}

pub(crate) fn keep_genesis(folder: &Path, json: &[u8]) -> eyre::Result<()> {
    let path = folder.join(GENESIS);
    fs::write(&path, json).wrap_err_with(|| format!("writing {}", path.display()))
}

/// The genesis of the chain in a folder.
pub(crate) fn kept_genesis(folder: &Path) -> eyre::Result<Genesis> {
    ensure!(
        State::is_at(folder),
        "there is no chain in {}: begin one with `parallax init`",
        folder.display()
    );
    Ok(read_genesis(&folder.join(GENESIS))?.1)
}

/// Opens the chain in a folder, with a bar for how far it has come.
pub(crate) fn open(
    data: &DataDirectory,
    genesis: Genesis,
    mut config: NodeConfig,
) -> eyre::Result<Node> {
    config.state.history = match data.archive {
        true => History::Archive,
        false => History::Blocks(data.history),
    };
    let progress = Progress::new();
    let node = Node::open(&data.datadir, genesis, config, &|step| progress.step(step));
    progress.finish();
    node.wrap_err_with(|| format!("opening {}", data.datadir.display()))
}

/// Runs `parallax import`.
pub(crate) fn import(arguments: &ImportArguments) -> eyre::Result<Outcome> {
    let genesis = kept_genesis(&arguments.data.datadir)?;
    let node = open(&arguments.data, genesis, NodeConfig::default())?;
    for path in &arguments.files {
        let bytes = fs::read(path).wrap_err_with(|| format!("reading {}", path.display()))?;
        let done = import_file(&node, &bytes);
        let (imported, passed) = done.wrap_err_with(|| path.display().to_string())?;
        writeln!(
            io::stdout(),
            "{}: {imported} blocks imported, {passed} were there already",
            path.display()
        )?;
    }
    node.checkpoint()?;
    let head = node.head();
    writeln!(
        io::stdout(),
        "the last block is {} ({:#x})",
        head.number(),
        head.hash
    )?;
    Ok(Outcome::Verified)
}

/// Imports the blocks of a file: how many, and how many were there already.
fn import_file(node: &Node, bytes: &[u8]) -> eyre::Result<(u64, u64)> {
    let bar = counting("importing", bytes.len() as u64);
    let (mut imported, mut passed) = (0, 0);
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let block = take_block(&mut rest).wrap_err_with(|| format!("at byte {at}"))?;
        match node.import(block) {
            Ok(_) => imported += 1,
            Err(NodeError::NotNext { number, .. }) if is_there(node, number, block)? => passed += 1,
            Err(error) => return Err(error).wrap_err_with(|| format!("at byte {at}")),
        }
        bar.inc(block.len() as u64);
    }
    bar.finish_and_clear();
    Ok((imported, passed))
}

/// Whether a block is part of the chain already.
fn is_there(node: &Node, number: u64, rlp: &[u8]) -> eyre::Result<bool> {
    let Some(block) = node.block(number)? else {
        return Ok(false);
    };
    Ok(alloy_rlp::encode(block.to_consensus()) == rlp)
}

/// The first block of some.
fn take_block<'b>(bytes: &mut &'b [u8]) -> eyre::Result<&'b [u8]> {
    let mut inner = *bytes;
    let header = alloy_rlp::Header::decode(&mut inner).wrap_err("not a block")?;
    ensure!(header.list, "not a block: it is no list");
    let length = bytes.len() - inner.len() + header.payload_length;
    let (block, rest) = bytes
        .split_at_checked(length)
        .ok_or_else(|| eyre!("the file ends in the middle of a block"))?;
    *bytes = rest;
    Ok(block)
}
