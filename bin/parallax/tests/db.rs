//! `parallax db` as its users meet it.

mod common;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::Encodable;
use common::{folder, stderr};
use parallax_engine::{AccountChange, StateChanges};
use parallax_state::{Block, History, State, StateConfig};
use revm::state::AccountInfo;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn db(datadir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parallax"))
        .arg("db")
        .arg("--datadir")
        .arg(datadir)
        .args(arguments)
        .output()
        .unwrap()
}

fn json(datadir: &Path, arguments: &[&str]) -> Value {
    let output = db(datadir, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const ALICE: Address = Address::repeat_byte(0xa1);

/// Alice has a balance of 100 + n and n + 1 in slot 7 after block n.
fn made(name: &str, blocks: u64) -> (PathBuf, B256) {
    let datadir = folder(name).join("chain");
    let config = StateConfig {
        history: History::Archive,
        ..StateConfig::default()
    };
    let mut state = State::open(&datadir, config, &|_| ()).unwrap();
    let info = |block: u64| AccountInfo::from_balance(U256::from(100 + block));
    let mut parent = B256::ZERO;
    for block in 0..blocks {
        let changes = StateChanges {
            accounts: vec![AccountChange {
                address: ALICE,
                before: block.checked_sub(1).map(info),
                after: Some(info(block)),
                wiped: false,
                storage: vec![(U256::from(7), U256::from(block), U256::from(block + 1))],
            }],
            contracts: vec![],
        };
        state.apply(&changes).unwrap();
        let root = state.root().unwrap();
        let mut header = Vec::new();
        let items: [&dyn Encodable; 4] = [&parent, &B256::ZERO, &ALICE, &root];
        alloy_rlp::encode_list::<_, dyn Encodable>(&items, &mut header);
        parent = keccak256(&header);
        let block = Block {
            header: &header,
            ..Block::default()
        };
        state.commit(&block).unwrap();
    }
    (datadir, state.last_root())
}

#[test]
fn a_chain_is_looked_after() {
    let (datadir, root) = made("looked-after", 5);
    let root = root.to_string();
    let stats = json(&datadir, &["stats"]);
    assert_eq!(
        (&stats["last-block"], &stats["checkpoint-before-block"]),
        (&4.into(), &0.into())
    );
    assert_eq!(stats["state-root"], *root);
    let verified = json(&datadir, &["verify"]);
    assert_eq!(
        (&verified["blocks"], &verified["accounts"]),
        (&5.into(), &1.into())
    );

    let alice = &ALICE.to_string();
    let account = json(&datadir, &["get", "account", alice]);
    assert_eq!(
        (&account["balance"], &account["nonce"]),
        (&"104".into(), &0.into())
    );
    let before = json(&datadir, &["get", "account", alice, "--block", "1"]);
    assert_eq!(before["balance"], "101");
    let word = json(&datadir, &["get", "slot", alice, "7", "--block", "2"]);
    assert_eq!(word["word"], B256::with_last_byte(3).to_string());
    let proof = json(
        &datadir,
        &["get", "proof", alice, "0x7", "8", "--block", "3"],
    );
    assert_eq!(proof["storageProof"][0]["value"], "0x4");
    assert_eq!(proof["accountProof"].as_array().unwrap().len(), 1);
    let nobody = json(&datadir, &["get", "account", &Address::ZERO.to_string()]);
    assert_eq!(nobody["exists"], false);

    assert_eq!(json(&datadir, &["checkpoint"])["blocks-written"], 5);
    assert_eq!(json(&datadir, &["checkpoint"])["blocks-written"], 0);
    assert_eq!(json(&datadir, &["stats"])["rows-accounts"], 1);
    assert_eq!(
        json(&datadir, &["get", "slot", alice, "7", "--block", "2"]),
        word
    );

    assert_eq!(
        json(&datadir, &["prune", "--blocks", "1"])["states-from-block"],
        3
    );
    let word = json(&datadir, &["get", "slot", alice, "7", "--block", "3"]);
    assert_eq!(word["word"], B256::with_last_byte(4).to_string());
    let output = db(&datadir, &["get", "slot", alice, "7", "--block", "2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("was pruned: it is there from block 3 on"));
    let output = db(&datadir, &["get", "slot", alice, "7", "--block", "9"]);
    assert!(
        stderr(&output).contains("there is no block 9"),
        "{}",
        stderr(&output)
    );
    assert_eq!(json(&datadir, &["verify"])["state-root"], *root);
}

#[test]
fn a_state_moves_to_another_folder() {
    let (datadir, root) = made("moves", 4);
    let root = &root.to_string();
    let file = datadir.with_file_name("state.px");
    let file = file.to_str().unwrap();
    let exported = json(&datadir, &["export", file]);
    assert_eq!(
        (&exported["accounts"], &exported["words"]),
        (&1.into(), &1.into())
    );
    let output = db(&datadir, &["export", file]);
    assert_eq!(output.status.code(), Some(2), "a file is not overwritten");

    let other = datadir.with_file_name("other");
    let output = db(&other, &["import", file, "--root", &B256::ZERO.to_string()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("its root is"),
        "{}",
        stderr(&output)
    );
    let imported = json(&other, &["import", file, "--root", root]);
    assert_eq!(imported["state-root"], **root);
    let output = db(&other, &["import", file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("has a state already"),
        "{}",
        stderr(&output)
    );
    let stats = json(&other, &["stats"]);
    assert_eq!(
        (&stats["last-block"], &stats["states-from-block"]),
        (&3.into(), &3.into())
    );
    assert_eq!(json(&other, &["verify"])["accounts"], 1);

    let damaged = datadir.with_file_name("damaged.px");
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&damaged, bytes).unwrap();
    let third = datadir.with_file_name("third");
    let output = db(&third, &["import", damaged.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("of the snapshot"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&db(&third, &["stats"])).contains("there is no state"));
}

#[test]
fn damage_is_named() {
    let (datadir, _) = made("damage", 6);
    assert_eq!(json(&datadir, &["checkpoint"])["blocks-written"], 6);
    let log = fs::read_dir(datadir.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let journal = log
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "journal"));
    let journal = journal.unwrap();
    let mut bytes = fs::read(&journal).unwrap();
    bytes[300] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let output = db(&datadir, &["verify"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let name = journal.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(stderr(&output).contains(&name), "{}", stderr(&output));
}

#[test]
fn a_folder_without_a_state_is_left_as_it_is() {
    let datadir = folder("nothing-there");
    for command in ["stats", "verify", "checkpoint"] {
        let output = db(&datadir, &[command]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("there is no state in"),
            "{}",
            stderr(&output)
        );
    }
    assert_eq!(fs::read_dir(&datadir).unwrap().count(), 0);
}

#[test]
fn a_state_that_is_open_is_left_alone() {
    let (datadir, _) = made("open", 2);
    let state = State::open(&datadir, StateConfig::default(), &|_| ()).unwrap();
    let output = db(&datadir, &["stats"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("in use by another process"),
        "{}",
        stderr(&output)
    );
    drop(state);
}
