//! `parallax analyze` as its users meet it: text, JSON, page, exit status, errors.

mod common;

use common::{archive, folder, stderr};
use serde_json::Value;
use std::{
    fs,
    process::{Command, Output, Stdio},
};

fn analyze(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parallax"))
        .arg("analyze")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The objects that `--json` prints, one for each block.
fn found(arguments: &[&str]) -> Vec<Value> {
    let output = analyze(&[arguments, &["--json", "--runs", "1"]].concat());
    let lines = stdout(&output);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn one_pool_is_named_as_the_culprit() {
    let blocks = found(&["swap-one-pool", "--txs", "40"]);
    let block = &blocks[0];
    assert_eq!(block["txs"], 40);
    assert_eq!(
        block["chain"]["transactions"], 40,
        "each swap needs the price"
    );
    let names: Vec<_> = block["locations"].as_array().unwrap().iter().collect();
    let reserves = names
        .iter()
        .find(|location| {
            location["name"]
                .as_str()
                .unwrap()
                .starts_with("reserves of Exchange")
        })
        .unwrap();
    assert_eq!(reserves["waits"], 39);
    assert_eq!(reserves["on_chain"], 39);
    assert_eq!(
        (&reserves["touched"], &reserves["written"]),
        (&40.into(), &40.into())
    );
    // The pool's own balances are in the way as well.
    let balances = names.iter().filter(|location| {
        let name = location["name"].as_str().unwrap();
        name.starts_with("balance of Exchange") && name.contains(" in Token ")
    });
    assert_eq!(balances.count(), 2);
    let problem = block["advice"][0]["problem"].as_str().unwrap();
    assert!(
        problem.starts_with("39 of 40 transactions wait for the "),
        "{problem}"
    );
    assert!(
        block["advice"][0]["remedy"]
            .as_str()
            .unwrap()
            .contains("several pools")
    );
    for bound in block["bounds"].as_array().unwrap() {
        assert!(number(&bound["whole"]) < 1.05, "{bound}");
        assert!(number(&bound["overlapped"]) >= number(&bound["whole"]) - 1e-9);
    }
    let pair = &block["functions"][0];
    assert!(
        pair["reader"].as_str().unwrap().ends_with(".swap"),
        "{pair}"
    );
    assert_eq!(
        (&pair["reader"], &pair["count"]),
        (&pair["writer"], &39.into())
    );
}

#[test]
fn independent_transfers_are_parallel() {
    let block = &found(&["erc20", "--txs", "60"])[0];
    assert_eq!(block["independent"], 60);
    assert_eq!(block["locations"], Value::Array(Vec::new()));
    assert_eq!(block["advice"], Value::Array(Vec::new()));
    // A machine that is busy elsewhere can make one of them long.
    assert!(number(&block["bounds"][1]["whole"]) > 1.0);
    let simulated = block["simulated"].as_array().unwrap();
    assert_eq!((simulated.len(), &simulated[7]["cores"]), (8, &128.into()));
    for cost in ["publish", "block", "speculation"] {
        assert!(number(&block["costs"][cost]) >= 0.0, "{cost}");
    }
    for time in ["sequential_ms", "one_worker_ms", "executing_ms"] {
        assert!(number(&block[time]) > 0.0, "{time}");
    }
}

#[test]
fn a_counter_is_told_what_to_do() {
    let text = stdout(&analyze(&["counter", "--txs", "30", "--runs", "1"]));
    for words in [
        "counter: 30 transactions",
        "longest chain: 30 transactions",
        "29 of 30 transactions wait for the count of Counter",
        "split the counter",
        "engine, simulated",
        "hottest locations",
        "who waits for whom",
        ".increment",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

#[test]
fn the_page_has_all_blocks_and_stands_alone() {
    let page = folder("analyze").join("report.html");
    let arguments = ["erc20-to-one", "chain", "--txs", "20", "--runs", "1"];
    let html = ["--html", page.to_str().unwrap()];
    stdout(&analyze(&[&arguments[..], &html].concat()));
    let text = fs::read_to_string(page).unwrap();
    assert!(text.starts_with("<!doctype html>"));
    for words in [
        "\"block\":\"erc20-to-one\"",
        "\"block\":\"chain\"",
        "\"segments\":[[",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("src="), "it loads something");
}

#[test]
fn the_page_is_written_though_nobody_reads_on() {
    let page = folder("analyze-unread").join("report.html");
    let arguments = ["erc20-to-one", "chain", "--txs", "20", "--runs", "1"];
    let mut running = Command::new(env!("CARGO_BIN_EXE_parallax"))
        .arg("analyze")
        .args(arguments)
        .args(["--html", page.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(running.stdout.take());
    let output = running.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
    let text = fs::read_to_string(page).unwrap();
    assert!(text.contains("\"block\":\"chain\""), "{text}");
}

#[test]
fn recorded_blocks_are_chosen_by_number() {
    let Some(archive) = archive() else { return };
    let archive = archive.to_str().unwrap();
    let blocks = found(&[archive, "--block", "4369999"]);
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0]["block"], "block 4369999");
    assert!(number(&blocks[0]["gas"]) > 4e6);
    let none = analyze(&[archive, "--block", "1"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("--block"), "{}", stderr(&none));
}

#[test]
fn mistakes_are_explained() {
    for (arguments, message) in [
        (
            &["no-such-file.json"][..],
            "neither a file or folder nor a workload",
        ),
        (&["no-such-file.json"][..], "swap-one-pool"),
        (&["real-blocks"][..], "give the path"),
        (&["erc20", "--block", "7"][..], "none are given"),
        (&[env!("CARGO_MANIFEST_DIR")][..], "no <number>.json in it"),
        (
            &["erc20", "--html", "/no/such/folder/page.html"][..],
            "cannot write",
        ),
        (
            &["amm-v2-own", "--artifacts", "/no/such/folder"][..],
            "npm ci",
        ),
    ] {
        let output = analyze(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&output);
        assert!(
            said.starts_with("error: ") && said.contains(message),
            "{said}"
        );
    }
    assert_eq!(analyze(&[]).status.code(), Some(2));
}

#[test]
fn published_pools_are_named() {
    let output = analyze(&["amm-v2-hot", "--txs", "12", "--runs", "1", "--json"]);
    if stderr(&output).contains("npm ci") {
        println!("skipped: published contracts are not installed");
        return;
    }
    let block: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let names = block["locations"].to_string();
    for name in ["reserves of V2 pair 0x", "balance of V2 pair 0x"] {
        assert!(names.contains(name), "{name} is not in {names}");
    }
    assert_eq!(block["failed"], 0);
}
