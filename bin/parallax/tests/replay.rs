//! The binary as its users meet it: output, exit status, errors.

mod common;

use common::{archive, archived, folder, stderr};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    process::{Command, Output},
};

fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parallax"))
        .arg("replay")
        .args(arguments)
        .output()
        .unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn without_a_path_it_makes_blocks_up() {
    let output = replay(&[
        "--json",
        "--runs",
        "1",
        "--workers",
        "2",
        "--transactions",
        "20",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = json_lines(&output);
    let (summary, blocks) = lines.split_last().unwrap();
    assert!(blocks.len() > 3);
    for block in blocks {
        assert!(block["block"].is_string());
        assert_eq!(block["txs"], 20);
        assert!(block["gas"].as_u64().unwrap() >= 20 * 21_000);
        assert_eq!(block["verified"], true, "{block}");
        assert!(!block["checks"].as_array().unwrap().is_empty());
        for number in ["sequential_ms", "parallel_ms", "speedup", "cpu_efficiency"] {
            assert!(block[number].as_f64().unwrap() > 0.0, "{number} of {block}");
        }
        assert!(block["reexecutions"].is_u64());
    }
    let summary = &summary["summary"];
    assert_eq!(summary["blocks"], blocks.len());
    assert_eq!(summary["verified"], blocks.len());
    assert_eq!(summary["failed"], 0);
    assert_eq!(summary["workers"], 2);
    assert!(summary["geomean_speedup"].as_f64().unwrap() > 0.0);
    assert!(summary["min_speedup"].as_f64().unwrap() > 0.0);
}

#[test]
fn every_mode_verifies_made_up_blocks() {
    for mode in ["replay", "verify", "build"] {
        let output = replay(&["--mode", mode, "--runs", "1", "--transactions", "10"]);
        assert_eq!(output.status.code(), Some(0), "{mode}: {}", stderr(&output));
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(table.contains("sequential ms"), "{table}");
        assert!(table.contains(" 0 failed"), "{table}");
    }
}

/// A contract with storage is destroyed in this block, which plain revm's access
/// list does not tell.
#[test]
fn a_recorded_block_of_before_cancun_is_verified() {
    let Some(archive) = archive() else { return };
    let folder = folder("verified");
    for name in ["116525.json", "codes.json"] {
        fs::write(folder.join(name), archived(&archive, name)).unwrap();
    }
    let output = replay(&["--mode", "verify", "--runs", "1", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn recorded_blocks_are_checked_against_their_headers() {
    let Some(archive) = archive() else { return };
    let folder = folder("recorded");
    for number in [46_147, 19_910_734] {
        let text = archived(&archive, &format!("{number}.json"));
        fs::write(folder.join(format!("{number}.json")), text).unwrap();
    }
    let output = replay(&["--json", "--runs", "2", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["block"], 46_147);
    let checks = lines[0]["checks"].as_array().unwrap();
    for of in ["sequential", "parallel"] {
        for name in ["gasUsed", "logsBloom"] {
            let found = checks
                .iter()
                .any(|check| check["name"] == name && check["of"] == of);
            assert!(found, "{of} {name}");
        }
    }
    assert_eq!(lines[2]["summary"]["verified"], 2);
}

#[test]
fn a_wrong_header_is_named() {
    let Some(archive) = archive() else { return };
    let text = archived(&archive, "46147.json");
    let wrong = text.replace(r#""gasUsed": "0x5208""#, r#""gasUsed": "0x5209""#);
    let wrong = wrong.replace(r#""gasUsed":"0x5208""#, r#""gasUsed":"0x5209""#);
    assert_ne!(text, wrong);
    let file = folder("tampered").join("46147.json");
    fs::write(&file, wrong).unwrap();
    let output = replay(&["--json", "--runs", "1", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = stderr(&output);
    assert!(
        stderr.contains("block 46147: parallel: gasUsed: expected 21001, got 21000"),
        "{stderr}"
    );
    let lines = json_lines(&output);
    assert_eq!(lines[0]["verified"], false);
    assert_eq!(lines[1]["summary"]["failed"], 1);
}

/// Exit status 2 and one line that contains all of `words`.
fn assert_unusable(path: &Path, words: &[&str]) {
    let output = replay(&["--runs", "1", path.to_str().unwrap()]);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr}");
    }
}

#[test]
fn unusable_input_is_named_in_one_line() {
    let folder = folder("unusable");
    assert_unusable(
        &folder.join("absent.json"),
        &["absent.json", "No such file"],
    );
    assert_unusable(&folder, &["unusable", "no <number>.json"]);

    let cases: [(&str, &[u8], &[&str]); 6] = [
        ("1.json", b"{\"header\": {", &["1.json", "EOF"]),
        ("2.json", b"[]", &["2.json"]),
        ("3.json", b"\xff\xfe\x00", &["3.json"]),
        (
            "4.json",
            br#"{"header": {"gasUsed": "many"}}"#,
            &["4.json", "header"],
        ),
        ("5.tar.zst", b"\x28\xb5\x2f\xfd\x04\x00", &["5.tar.zst"]),
        ("6.tar", b"not a tar", &["6.tar"]),
    ];
    for (name, content, words) in cases {
        let file = folder.join(name);
        fs::write(&file, content).unwrap();
        assert_unusable(&file, words);
    }
}

#[test]
fn a_truncated_archive_is_named() {
    let Some(archive) = archive() else { return };
    let mut start = Vec::new();
    let file = File::open(archive).unwrap();
    file.take(100_000).read_to_end(&mut start).unwrap();
    let cut = folder("truncated").join("cut.tar.zst");
    fs::write(&cut, start).unwrap();
    assert_unusable(&cut, &["cut.tar.zst"]);
}

#[test]
fn broken_transactions_are_named() {
    let Some(archive) = archive() else { return };
    let text = archived(&archive, "46147.json");
    let mut block: Value = serde_json::from_str(&text).unwrap();
    block["txs"][0] = Value::from("0xf867");
    let file = folder("broken-transaction").join("46147.json");
    fs::write(&file, block.to_string()).unwrap();
    assert_unusable(&file, &["46147.json", "txs[0]", "EIP-2718"]);
}

#[test]
fn missing_codes_are_named() {
    let Some(archive) = archive() else { return };
    let file = folder("no-codes").join("2688148.json");
    fs::write(&file, archived(&archive, "2688148.json")).unwrap();
    assert_unusable(&file, &["codes.json", "the file is missing"]);
}

#[test]
fn nonsense_on_the_command_line_is_refused() {
    for arguments in [
        &["--workers", "0"][..],
        &["--runs", "0"],
        &["--mode", "guess"],
    ] {
        let output = replay(arguments);
        assert_eq!(output.status.code(), Some(2));
    }
    let help = replay(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("Examples:")
    );
}
