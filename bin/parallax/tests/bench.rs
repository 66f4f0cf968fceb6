//! `parallax bench` as its users meet it: output, JSON, exit status, errors.

mod common;

use common::{archive, archived, folder, stderr};
use parallax_workload::{Protocol, PublishedArtifacts};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parallax"))
        .arg("bench")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A file name of this test's own.
fn json_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs with `--json`; what the file says and what the terminal shows.
fn measured(name: &str, arguments: &[&str]) -> (Value, String) {
    let file = json_file(name);
    let output = bench(&[arguments, &["--json", file.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    (json, stdout(&output))
}

fn results(json: &Value) -> &[Value] {
    json["results"].as_array().unwrap()
}

fn assert_figures(result: &Value) {
    assert_eq!(result["verified"], true, "{result}");
    for number in [
        "sequential_ms",
        "parallel_ms",
        "speedup",
        "tps",
        "gigagas_per_s",
        "cpu_us_per_tx",
        "sequential_cpu_us_per_tx",
        "cpu_efficiency",
        "runs",
    ] {
        assert!(
            result[number].as_f64().unwrap() > 0.0,
            "{number} of {result}"
        );
    }
    for way in ["sequential", "parallel"] {
        assert!(result["spread"][way].as_f64().unwrap() >= 0.0, "{result}");
    }
    for rate in ["reexecution_rate", "stall_rate"] {
        assert!(result[rate].as_f64().unwrap() >= 0.0, "{result}");
    }
    assert!(result["conflicts"].is_array());
    if result["variant"] == "verify-geometric-mean" {
        assert!(result["p50_commit_us"].is_null() && result["chain_bound_ratio"].is_null());
        return;
    }
    assert!(result["chain_bound_ratio"].as_f64().unwrap() > 0.0);
    let [half, most] = ["p50_commit_us", "p99_commit_us"].map(|key| result[key].as_f64().unwrap());
    assert!(0.0 < half && half <= most, "{result}");
    assert!(result["gas"].as_u64().unwrap() >= 21_000);
}

#[test]
fn made_up_rows_are_measured_and_verified() {
    let arguments = [
        "erc20",
        "mixed",
        "--quick",
        "--txs",
        "30",
        "--runs",
        "2",
        "--workers",
        "1,2",
        "--seed",
        "7",
    ];
    let (json, table) = measured("made-up.json", &arguments);
    let machine = &json["machine"];
    assert!(machine["cores"].as_u64().unwrap() > 0);
    for key in ["cpu", "memory_bytes", "kernel"] {
        assert!(machine.get(key).is_some(), "{key} of {machine}");
    }
    assert!(json.get("commit").is_some());
    assert_eq!(
        (&json["seed"], &json["runs"]),
        (&Value::from(7), &Value::from(2))
    );
    assert_eq!(json["quick"], true);

    let lines: Vec<_> = results(&json)
        .iter()
        .map(|result| (result["workload"].as_str().unwrap(), &result["workers"]))
        .collect();
    let expected = [("erc20", 1), ("erc20", 2), ("mixed", 1), ("mixed", 2)];
    assert_eq!(lines.len(), expected.len());
    for ((workload, workers), expected) in lines.into_iter().zip(expected) {
        assert_eq!((workload, workers.as_u64()), (expected.0, Some(expected.1)));
    }
    for result in results(&json) {
        assert_figures(result);
        assert_eq!(result["txs"], 30);
        assert_eq!(result["variant"], "replay");
        assert!(result["longest_chain"].as_u64().unwrap() > 0);
        // Where the system tells, and a kilobyte may be all it takes.
        assert!(result["peak_mib"].is_null() || result["peak_mib"].as_f64().unwrap() >= 0.0);
    }
    let curve = &json["curves"][0];
    assert_eq!(curve["workload"], "erc20");
    let cores: Vec<_> = curve["points"].as_array().unwrap().iter().collect();
    assert_eq!((cores.len(), &cores[1]["cores"]), (2, &Value::from(2)));
    assert!(cores.iter().all(|point| point["simulated"] == false));
    let target = &results(&json)[1]["target"];
    assert_eq!(
        (&target["speedup"], &target["cpu_efficiency"]),
        (&Value::from(2.2), &Value::from(0.85))
    );
    assert!(target["met"].is_boolean());
    // One worker has none, and neither has the mix.
    assert!(results(&json)[0]["target"].is_null());
    assert!(results(&json)[3]["target"].is_null());

    for words in ["sequential ms", "erc20", "machine", "seed      7", "quick"] {
        assert!(table.contains(words), "{words:?} is not in {table}");
    }
}

#[test]
fn a_larger_block_takes_more_memory() {
    let peak = |name, txs| {
        let small = ["swaps", "--quick", "--runs", "1", "--workers", "1", "--txs"];
        let (json, _) = measured(name, &[&small[..], &[txs]].concat());
        results(&json)[0]["peak_mib"].as_f64()
    };
    let peaks = [
        peak("memory-small.json", "10"),
        peak("memory-large.json", "3000"),
    ];
    let [Some(small), Some(large)] = peaks else {
        eprintln!("skipped: the system does not say how much memory a process takes");
        return;
    };
    assert!(large > small + 1.0, "{small} and {large} MiB");
}

#[test]
fn a_page_is_written() {
    let file = json_file("report.html");
    let arguments = ["chain", "swaps", "--quick", "--txs", "30", "--runs", "1"];
    let page = ["--no-simulate", "--html", file.to_str().unwrap()];
    let output = bench(&[&arguments[..], &page].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = fs::read_to_string(file).unwrap();
    for words in ["<!doctype html>", "chain", "swaps", "seed 1", "</html>"] {
        assert!(page.contains(words), "{words:?} is not in the page");
    }
    // More than one number of workers, for a curve, where there is more than one core.
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(page.contains("id=\"scaling\""), cores > 1);
}

/// A folder of these recorded blocks and the codes that they need.
fn block_folder(name: &str, archive: &Path, numbers: &[u64]) -> PathBuf {
    let folder = folder(name);
    let mut codes: BTreeMap<String, Value> =
        serde_json::from_str(&archived(archive, "codes.json")).unwrap();
    let texts = numbers.iter().map(|number| {
        let name = format!("{number}.json");
        let text = archived(archive, &name);
        fs::write(folder.join(name), &text).unwrap();
        text
    });
    let texts: String = texts.collect();
    codes.retain(|hash, _| texts.contains(hash));
    let codes = serde_json::to_vec(&codes).unwrap();
    fs::write(folder.join("codes.json"), codes).unwrap();
    folder
}

fn real_blocks(blocks: &Path) -> Vec<&str> {
    let blocks = blocks.to_str().unwrap();
    let [row, quick, runs, workers] = ["real-blocks", "--quick", "--runs=1", "--workers=2"];
    vec![row, quick, runs, workers, "--blocks", blocks]
}

#[test]
fn real_blocks_are_measured_in_both_modes() {
    let Some(archive) = archive() else { return };
    let blocks = block_folder("bench", &archive, &[46_147, 3_356_896, 4_369_999]);
    let (json, table) = measured("real-blocks.json", &real_blocks(&blocks));
    let variants: Vec<_> = results(&json)
        .iter()
        .map(|result| result["variant"].as_str().unwrap())
        .collect();
    assert_eq!(
        variants,
        ["geometric-mean", "worst", "verify-geometric-mean"]
    );
    for result in results(&json) {
        assert_figures(result);
        assert_eq!(result["workload"], "real-blocks");
        assert!(result["target"]["met"].is_boolean());
    }
    assert_eq!(results(&json)[0]["txs"], 176 + 22);
    let worst = results(&json)[1]["block"].as_u64().unwrap();
    assert!(table.contains(&format!("worst {worst}")), "{table}");
    let count = "2 measured, 1 have less than 4M gas";
    assert!(table.contains(count), "{table}");
}

#[test]
fn a_wrong_result_has_no_time() {
    let Some(archive) = archive() else { return };
    let blocks = block_folder("bench-wrong", &archive, &[4_369_999]);
    let file = blocks.join("4369999.json");
    let text = fs::read_to_string(&file).unwrap();
    let mut block: Value = serde_json::from_str(&text).unwrap();
    block["header"]["gasUsed"] = Value::from("0x652b98");
    fs::write(file, block.to_string()).unwrap();

    let result = json_file("wrong.json");
    let arguments = [
        real_blocks(&blocks),
        vec!["--json", result.to_str().unwrap()],
    ]
    .concat();
    let output = bench(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let failure = "block 4369999, replay, 2 workers: parallel: gasUsed";
    assert!(stderr(&output).contains(failure), "{}", stderr(&output));
    assert!(stdout(&output).contains("WRONG"));
    let json: Value = serde_json::from_slice(&fs::read(result).unwrap()).unwrap();
    for result in results(&json) {
        assert_eq!(result["verified"], false);
        assert_eq!(result["target"]["met"], false);
        for number in [
            "sequential_ms",
            "parallel_ms",
            "spread",
            "speedup",
            "tps",
            "cpu_us_per_tx",
            "chain_bound_ratio",
            "p50_commit_us",
            "peak_mib",
            "runs",
        ] {
            assert!(result[number].is_null(), "{number} of {result}");
        }
    }
}

#[test]
fn rows_are_listed_with_their_targets() {
    let output = bench(&["--list"]);
    assert_eq!(output.status.code(), Some(0));
    let list = stdout(&output);
    for words in [
        "transfers ",
        "swap-one-pool",
        "real-blocks",
        "1.9x, cpu 0.85",
    ] {
        assert!(list.contains(words), "{words:?} is not in {list}");
    }
}

/// Rows of the table, measured with few transactions.
fn assert_measured(file: &str, rows: &[&str], options: &[&str]) {
    let small = ["--quick", "--txs", "30", "--runs", "2", "--workers", "2"];
    let (json, _) = measured(file, &[rows, &small, options].concat());
    let names: Vec<_> = results(&json)
        .iter()
        .map(|result| result["workload"].as_str().unwrap())
        .collect();
    assert_eq!(names, rows);
    results(&json).iter().for_each(assert_figures);
    assert_eq!(json["left_out"], Value::Array(Vec::new()));
}

#[test]
fn published_contracts_are_measured_and_verified() {
    let artifacts = parallax_workload::PublishedArtifacts::installed();
    for protocol in parallax_workload::protocols() {
        if let Err(error) = protocol.check(&artifacts) {
            eprintln!("skipped: {error}");
            return;
        }
    }
    let rows = ["amm-v2-own", "amm-v2-zipf", "amm-v3-hot", "amm-v4-own"];
    assert_measured("published.json", &rows, &[]);
}

#[test]
fn our_own_protocols_need_nothing_installed() {
    let rows = [
        "orderbook-one",
        "orderbook-64",
        "nft-mint",
        "sharded-amm",
        "insurance-cover",
        "insurance-cover-payout",
    ];
    assert_measured("own.json", &rows, &["--artifacts", "absent"]);
}

#[test]
fn rows_without_their_contracts_are_left_out() {
    let arguments = ["--quick", "--txs", "5", "--runs", "1", "--workers", "1"];
    let absent = ["--artifacts", "absent"];
    let (json, table) = measured("left-out.json", &[&arguments[..], &absent].concat());
    let nowhere = PublishedArtifacts::at("absent");
    let protocols = parallax_workload::protocols().iter();
    let is_own = |protocol: &&Protocol| protocol.check(&nowhere).is_ok();
    let own = protocols.clone().filter(is_own).count();
    // With invalid-first, which is not in the catalogue.
    let rows = parallax_workload::catalogue().len() + 1 + own;
    assert_eq!(results(&json).len(), rows);
    let left_out = json["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), protocols.len() - own);
    assert_eq!(left_out[0]["workload"], "amm-v2-own");
    let line = table
        .lines()
        .find(|line| line.starts_with("left out"))
        .unwrap();
    for words in ["amm-v2-own", "amm-v2-hot", INSTALL] {
        assert!(line.contains(words), "{words:?} is not in {line}");
    }
}

const INSTALL: &str = "npm ci --prefix contracts/third-party";

/// Exit status 2, and a message that contains all of `words`.
fn assert_refused(arguments: &[&str], words: &[&str]) {
    let output = bench(arguments);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr}");
    }
}

#[test]
fn what_cannot_be_measured_is_named() {
    assert_refused(&["transfer"], &["transfer", "unknown row", "erc20-to-one"]);
    assert_refused(&["real-blocks"], &["--blocks"]);
    assert_refused(
        &["amm-v2-hot", "--artifacts", "absent"],
        &["amm-v2-hot", "absent", INSTALL],
    );
    assert_refused(&["--runs", "9"], &["--runs 9", "10", "--quick"]);
    assert_refused(&["--workers", "2,0"], &["--workers", "0"]);
    assert_refused(&["--txs", "0"], &["--txs"]);
    assert_refused(&["--accounts", "0"], &["--accounts", "1..=10000000"]);
    assert_refused(&["--pools", "100001"], &["--pools", "1..=100000"]);
    assert_refused(&["--pools", "many"], &["--pools", "many"]);
    assert_refused(&["--simulate=8,0"], &["--simulate", "0"]);
    assert_refused(
        &["invalid-first", "--simulate", "--quick"],
        &["--simulate", "no such row"],
    );
    assert_refused(&["--simulate", "--no-simulate"], &["cannot be used"]);
    assert_refused(&["--blocks", "absent.tar"], &["absent.tar", "No such file"]);
    assert_refused(
        &["--json", "absent/result.json"],
        &["absent/result.json", "No such file"],
    );
    assert_refused(
        &["--html", "absent/report.html"],
        &["absent/report.html", "No such file"],
    );
}
