//! The official conformance tests of Ethereum's JSON-RPC: requests on a chain of 54 blocks
//! from Frontier to Osaka, and what has to come back.

use parallax_chain::Genesis;
use parallax_node::{Node, NodeConfig};
use parallax_rpc::{Api, ApiConfig, Handled, Wallet};
use parallax_state::History;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many there are; another number means that some were not found.
const TESTS: usize = 135;

/// Where the archive lies: in the folder that the environment variable `PARALLAX_DATA`
/// names, or else in `shared/data` beside the repository.
fn archive() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("PARALLAX_DATA").map_or_else(beside, PathBuf::from);
    Some(folder.join("execution-apis.tar.zst")).filter(|path| path.is_file())
}

fn unpack(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut tar = tar::Archive::new(zstd::Decoder::new(File::open(archive).unwrap()).unwrap());
    let entries = tar.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let path = path.trim_start_matches("./").trim_start_matches("tests/");
        let path = path.to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (path, bytes)
    });
    entries.collect()
}

fn import(files: &BTreeMap<String, Vec<u8>>, folder: &Path) -> Api {
    let genesis = Genesis::read(&files["genesis.json"]).unwrap();
    let mut config = NodeConfig::default();
    config.state.history = History::Archive;
    let node = Node::open(folder, genesis, config, &|_| ()).unwrap();
    let mut rest = &files["chain.rlp"][..];
    while !rest.is_empty() {
        let mut inner = rest;
        let header = alloy_rlp::Header::decode(&mut inner).unwrap();
        let length = rest.len() - inner.len() + header.payload_length;
        let (block, after) = rest.split_at(length);
        node.import(block).unwrap();
        rest = after;
    }
    Api::new(Arc::new(node), ApiConfig::default(), Wallet::default())
}

/// Messages are for people: they may differ.
fn forget_messages(got: &mut Value, expected: &mut Value) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (key, expected) in expected.iter_mut() {
                let Some(got) = got.get_mut(key) else {
                    continue;
                };
                if key == "error" {
                    if got.get("message").is_some() && expected.get("message").is_some() {
                        got["message"] = Value::Null;
                        expected["message"] = Value::Null;
                    }
                } else {
                    forget_messages(got, expected);
                }
            }
        }
        (Value::Array(got), Value::Array(expected)) => {
            let pairs = got.iter_mut().zip(expected);
            pairs.for_each(|(got, expected)| forget_messages(got, expected));
        }
        _ => {}
    }
}

/// Where two values differ first.
fn difference(got: &Value, expected: &Value, path: &str) -> Option<String> {
    match (got, expected) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            keys.into_iter()
                .find_map(|key| match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => difference(a, b, &format!("{path}.{key}")),
                    (None, _) => Some(format!("{path}.{key}: missing")),
                    (_, None) => Some(format!("{path}.{key}: extra")),
                })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            let mut pairs = pairs.map(|(i, (a, b))| difference(a, b, &format!("{path}[{i}]")));
            pairs.find_map(|found| found)
        }
        _ if got == expected => None,
        _ => Some(format!("{path}: {got:.80} instead of {expected:.80}")),
    }
}

/// A test of which only the form of the answer counts.
fn form(got: &Value, expected: &Value) -> Option<String> {
    let Some(result) = got.get("result") else {
        return Some(format!("no result: {got}"));
    };
    let kind = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    let wanted = kind(&expected["result"]);
    let found = kind(result);
    let differs = wanted != 0 && found != 0 && wanted != found;
    differs.then(|| format!("result: {result:.80} instead of {:.80}", expected["result"]))
}

fn run(api: &Api, text: &str) -> Option<String> {
    let header = text.lines().take_while(|line| line.starts_with("//"));
    let has_form_only = header
        .clone()
        .any(|line| line[2..].trim().starts_with("speconly:"));
    let mut answer = None;
    for line in text.lines() {
        if let Some(request) = line.strip_prefix(">>") {
            let Handled::Answer(text) = api.handle(request.trim()) else {
                return Some("no answer".to_owned());
            };
            answer = Some(serde_json::from_str::<Value>(&text).unwrap());
        } else if let Some(expected) = line.strip_prefix("<<") {
            let mut expected: Value = serde_json::from_str(expected.trim()).unwrap();
            let mut got = answer.take()?;
            let found = if has_form_only && got.get("error").is_none() {
                form(&got, &expected)
            } else {
                forget_messages(&mut got, &mut expected);
                difference(&got, &expected, "")
            };
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

#[test]
fn answers_are_as_the_specification_says() {
    let Some(archive) = archive() else {
        writeln!(std::io::stderr(), "skipped: data not found").unwrap();
        return;
    };
    let files = unpack(&archive);
    let folder = tempfile::tempdir().unwrap();
    let api = import(&files, folder.path());
    let tests = files.iter().filter(|(path, _)| path.ends_with(".io"));
    let mut failures = Vec::new();
    let mut count = 0;
    for (path, text) in tests {
        count += 1;
        let text = std::str::from_utf8(text).unwrap();
        if let Some(found) = run(&api, text) {
            failures.push(format!("{path}: {found}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(count, TESTS);
}
