//! What `parallax bench` says beyond what it measures, and blocks of other sizes and
//! modes.

mod common;

use common::stderr;
use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// Runs with `--json` on small blocks; what the file says and what the terminal shows.
fn measured(name: &str, arguments: &[&str]) -> (Value, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_parallax"))
        .args(["bench", "--quick", "--runs", "1", "--json"])
        .arg(&file)
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    (json, String::from_utf8(output.stdout).unwrap())
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json[key].as_array().unwrap()
}

fn cores(simulation: &Value) -> Vec<u64> {
    let points = list(simulation, "points").iter();
    points
        .map(|point| point["cores"].as_u64().unwrap())
        .collect()
}

#[test]
fn simulated_curves_stand_beside_what_was_measured() {
    let arguments = ["chain", "swaps", "--txs=40", "--workers=1,3", "--simulate"];
    let (json, table) = measured("simulated.json", &arguments);
    let simulated = list(&json, "simulated");
    assert_eq!(simulated.len(), 2);
    for simulation in simulated {
        assert_eq!(cores(simulation), [1, 2, 3, 4, 8, 16, 32, 64, 128]);
        assert_eq!(
            (&simulation["txs"], &simulation["runs"]),
            (&40.into(), &3.into())
        );
        for point in list(simulation, "points") {
            let [ms, speedup] = ["ms", "speedup"].map(|key| point[key].as_f64().unwrap());
            let sequential = simulation["sequential_ms"].as_f64().unwrap();
            assert!((ms * speedup / sequential - 1.0).abs() < 1e-9, "{point}");
        }
    }
    let predictions = list(&json, "predictions").iter().map(|prediction| {
        let [predicted, measured, error] =
            ["predicted_ms", "measured_ms", "error"].map(|key| prediction[key].as_f64().unwrap());
        assert!(
            (predicted / measured - 1.0 - error).abs() < 1e-9,
            "{prediction}"
        );
        (
            prediction["workload"].as_str().unwrap(),
            prediction["workers"].as_u64().unwrap(),
        )
    });
    let predictions: Vec<_> = predictions.collect();
    assert_eq!(
        predictions,
        [("swaps", 1), ("swaps", 3), ("chain", 1), ("chain", 3)]
    );
    let points = list(&list(&json, "curves")[0], "points");
    assert_eq!(points.len(), 2 + 9);
    for words in [
        "simulated speed-up on cores",
        "predicted and measured",
        "not measured",
    ] {
        assert!(table.contains(words), "{words:?} is not in {table}");
    }
}

#[test]
fn nothing_is_simulated_unless_wanted() {
    let (json, table) = measured("not-simulated.json", &["chain", "--txs=10", "--workers=1"]);
    assert!(list(&json, "simulated").is_empty() && list(&json, "predictions").is_empty());
    assert!(!table.contains("simulated"), "{table}");
}

#[test]
fn pages_have_simulated_curves_by_default() {
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulated.html");
    let common = [
        "swaps",
        "--txs=20",
        "--workers=1",
        "--html",
        page.to_str().unwrap(),
    ];
    for (option, simulated) in [("--simulate=6", vec![1, 2, 6]), ("--no-simulate", vec![])] {
        let (json, _) = measured("page.json", &[&common[..], &[option]].concat());
        assert_eq!(
            list(&json, "simulated").first().map_or(vec![], cores),
            simulated
        );
        let page = fs::read_to_string(&page).unwrap();
        assert_eq!(page.contains("(simulated)"), !simulated.is_empty());
    }
    measured("page.json", &common);
    let page = fs::read_to_string(&page).unwrap();
    assert!(page.contains("128 cores") && page.contains("How well the model predicts"));
}

#[test]
fn an_invalid_transaction_first_is_built() {
    let arguments = [
        "invalid-first",
        "chain",
        "--txs=30",
        "--workers=2",
        "--simulate",
    ];
    let (json, _) = measured("invalid-first.json", &arguments);
    let result = &list(&json, "results")[1];
    assert_eq!(
        (&result["workload"], &result["variant"]),
        (&"invalid-first".into(), &"build".into())
    );
    assert_eq!(
        (&result["txs"], &result["verified"]),
        (&31.into(), &true.into())
    );
    assert_eq!(result["target"]["speedup"], 0.97);
    // A trace is recorded by replaying, which would fail.
    let simulated = list(&json, "simulated");
    assert_eq!(
        (simulated.len(), &simulated[0]["workload"]),
        (1, &"chain".into())
    );
}

#[test]
fn sizes_reach_the_generators() {
    let row = ["erc20", "--txs=5", "--workers=1"];
    let (json, table) = measured(
        "sizes.json",
        &[&row[..], &["--accounts=3000", "--pools=7"]].concat(),
    );
    assert_eq!(
        (&json["accounts"], &json["pools"]),
        (&3000.into(), &7.into())
    );
    assert!(table.contains("at least 3000 accounts, 7 pools"), "{table}");
    let (json, _) = measured("sizes.json", &row);
    assert!(json["accounts"].is_null() && json["pools"].is_null());
}
