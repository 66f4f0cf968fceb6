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

/// A good block, one with a wrong header and one that is no JSON.
#[test]
fn a_failed_check_counts_more_than_unusable_input() {
    let Some(archive) = archive() else { return };
    let folder = folder("mixed");
    let good = archived(&archive, "46147.json");
    let mut wrong: Value = serde_json::from_str(&good).unwrap();
    wrong["header"]["gasUsed"] = Value::from("0x5209");
    fs::write(folder.join("1.json"), "{").unwrap();
    fs::write(folder.join("2.json"), wrong.to_string()).unwrap();
    fs::write(folder.join("3.json"), &good).unwrap();

    let output = replay(&["--json", "--runs", "1", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 4);
    assert!(lines[0]["file"].as_str().unwrap().ends_with("1.json"));
    assert!(lines[0]["error"].as_str().unwrap().contains("EOF"));
    let verified = [0, 1, 2].map(|line: usize| lines[line]["verified"].as_bool());
    assert_eq!(verified, [Some(false), Some(false), Some(true)]);
    let counts = ["blocks", "verified", "failed", "unusable"];
    let counts = counts.map(|name| lines[3]["summary"][name].as_u64().unwrap());
    assert_eq!(counts, [3, 1, 1, 1]);

    fs::remove_file(folder.join("2.json")).unwrap();
    let absent = folder.join("absent.json");
    let paths = [absent.to_str().unwrap(), folder.to_str().unwrap()];
    let output = replay(&[&["--runs", "1"][..], &paths].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("1.json: JSON: EOF"), "{table}");
    assert!(table.contains("absent.json: No such file"), "{table}");
    let summary = "3 blocks, 1 verified, 0 failed, 2 unusable";
    assert!(table.contains(summary), "{table}");
}

/// Blocks with a witness: one that suffices, one without withdrawals, one without
/// the neighbour of a removed key.
#[test]
fn state_roots_that_are_not_checked_are_counted() {
    let Some(archive) = archive() else { return };
    let folder = folder("state-roots");
    for name in [
        "1150000.json",
        "21429063.json",
        "2675000.json",
        "codes.json",
    ] {
        fs::write(folder.join(name), archived(&archive, name)).unwrap();
    }
    let output = replay(&["--runs", "1", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    for words in [
        "stateRoot checked in 1 of 3 blocks with a witness",
        "not in 1: the withdrawals are not in the file",
        "not in 1: the witness lacks the neighbour of a removed key",
    ] {
        assert!(table.contains(words), "{words:?} is not in {table}");
    }
}

/// Exit status 2 and one line that contains all of `words`.
fn assert_unusable(path: &Path, words: &[&str]) {
    let output = replay(&["--runs", "1", path.to_str().unwrap()]);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    // What the operating system says stands there once.
    assert!(stderr.matches("os error").count() <= 1, "{stderr}");
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
    #[cfg(unix)]
    assert_unusable(
        Path::new("/dev/zero"),
        &["/dev/zero", "neither a file nor a folder"],
    );

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

/// Zeros compress so well that a small file can fill any memory.
#[test]
fn what_unpacks_to_too_much_is_refused() {
    let folder = folder("too-large");
    let sparse = folder.join("1.json");
    let file = File::create(&sparse).unwrap();
    file.set_len((256 << 20) + 1).unwrap();
    assert_unusable(&sparse, &["1.json", "larger than 256 MiB"]);

    let packed = folder.join("bomb.tar.zst");
    let encoder = zstd::Encoder::new(File::create(&packed).unwrap(), 1).unwrap();
    let mut archive = tar::Builder::new(encoder.auto_finish());
    let mut header = tar::Header::new_gnu();
    header.set_size((256 << 20) + 1);
    let zeros = std::io::repeat(0).take((256 << 20) + 1);
    archive.append_data(&mut header, "7.json", zeros).unwrap();
    drop(archive.into_inner().unwrap());
    assert_unusable(&packed, &["bomb.tar.zst: 7.json", "larger than 256 MiB"]);
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
