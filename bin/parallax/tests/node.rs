//! The node as a process: start, stop, kill, and what comes from people who mean no good.

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A node that runs.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_parallax"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = out.lines().map(Result::unwrap);
        let address = lines.find_map(|line| {
            let address = line.strip_prefix("Listening on ")?;
            Some(address.parse().unwrap())
        });
        Self {
            child,
            address: address.expect("it does not say where it listens"),
        }
    }

    fn dev(folder: &Path, more: &[&str]) -> Self {
        let folder = folder.to_str().unwrap();
        let arguments = ["dev", "-p", "0", "-q", "--datadir", folder];
        Self::start(&[&arguments[..], more].concat())
    }

    /// What comes back for a request as it is: status and body.
    fn raw(&self, head: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let length = body.len();
        write!(
            stream,
            "{head}content-length: {length}\r\nconnection: close\r\n\r\n"
        )?;
        // Whoever refuses does not read on.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status.unwrap_or(0), body.to_owned()))
    }

    fn post(&self, body: &[u8]) -> (u16, String) {
        let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
        self.raw(head, body).unwrap()
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, body) = self.post(request.to_string().as_bytes());
        serde_json::from_str(&body).unwrap_or_default()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let done = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(done.success());
    }

    /// Ends it as an operator does.
    fn stop(mut self) {
        self.signal("-TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The second of the accounts that everybody knows.
const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn payment(value: u64) -> Value {
    let from = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    json!([{ "from": from, "to": BOB, "value": format!("{value:#x}"), "gas": "0x5208" }])
}

#[test]
fn it_stops_when_told_and_goes_on_after() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(folder.path(), &[]);
    let hash = node.call("eth_sendTransaction", &payment(7))["result"].clone();
    let receipt = node.call("eth_getTransactionReceipt", &json!([hash]))["result"].clone();
    assert_eq!(receipt["status"], "0x1");
    // Nobody else may have it open.
    let second = Command::new(env!("CARGO_BIN_EXE_parallax"))
        .args([
            "dev",
            "-p",
            "0",
            "--datadir",
            folder.path().to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another process"), "{said}");
    node.stop();
    let node = Running::dev(folder.path(), &[]);
    let again = node.call("eth_getTransactionReceipt", &json!([hash]))["result"].clone();
    assert_eq!(again, receipt);
    node.stop();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Running::dev(one.path(), &[]);
    let port = node.address.port().to_string();
    let other = Command::new(env!("CARGO_BIN_EXE_parallax"))
        .args([
            "dev",
            "-p",
            &port,
            "--datadir",
            two.path().to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2));
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
}

/// How often the node is killed; `PARALLAX_SEEDS` says otherwise.
fn kills() -> u64 {
    let wanted = std::env::var("PARALLAX_SEEDS").ok();
    wanted.map_or(4, |wanted| {
        wanted.parse().expect("PARALLAX_SEEDS is no number")
    })
}

#[test]
fn nothing_that_was_acknowledged_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let acknowledged = Mutex::new(Vec::new());
    for kill in 0..kills() {
        let node = Running::dev(folder.path(), &[]);
        for (hash, block) in &*acknowledged.lock().unwrap() {
            let receipt = node.call("eth_getTransactionReceipt", &json!([hash]));
            assert_eq!(receipt["result"]["blockHash"], *block, "kill {kill}");
        }
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let Ok(hash) = send(&node) else { return };
                        let receipt = receipt(&node, &hash);
                        if let Some(block) = receipt {
                            acknowledged.lock().unwrap().push((hash, block));
                        }
                    }
                });
            }
            // Another moment each time.
            thread::sleep(Duration::from_millis(60 + 37 * (kill % 7)));
            node.signal("-KILL");
            is_over.store(true, Ordering::Relaxed);
        });
    }
    let node = Running::dev(folder.path(), &[]);
    let acknowledged = acknowledged.into_inner().unwrap();
    println!(
        "{} kills, {} blocks acknowledged",
        kills(),
        acknowledged.len()
    );
    assert!(!acknowledged.is_empty());
    for (hash, block) in &acknowledged {
        let receipt = node.call("eth_getTransactionReceipt", &json!([hash]));
        assert_eq!(receipt["result"]["blockHash"], *block);
    }
    node.stop();
    let verified = Command::new(env!("CARGO_BIN_EXE_parallax"))
        .args(["db", "--datadir", folder.path().to_str().unwrap(), "verify"])
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

fn exchange(node: &Running, method: &str, params: &Value) -> std::io::Result<Value> {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let (_, body) = node.raw(head, request.to_string().as_bytes())?;
    Ok(serde_json::from_str(&body).unwrap_or_default())
}

fn send(node: &Running) -> std::io::Result<String> {
    let answer = exchange(node, "eth_sendTransaction", &payment(1))?;
    Ok(answer["result"].as_str().unwrap_or_default().to_owned())
}

fn receipt(node: &Running, hash: &str) -> Option<Value> {
    let answer = exchange(node, "eth_getTransactionReceipt", &json!([hash])).ok()?;
    let block = answer["result"]["blockHash"].clone();
    block.is_string().then_some(block)
}

/// Whether it still does what it is there for.
fn is_alive(node: &Running) {
    let begun = Instant::now();
    assert_eq!(node.call("eth_chainId", &json!([]))["result"], "0x7a69");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn what_is_no_request_gets_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(folder.path(), &[]);
    let code = |body: &str| {
        let (status, answer) = node.post(body.as_bytes());
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["error"]["code"].as_i64().unwrap_or_default()
    };
    let deep = "[".repeat(100_000);
    let cases = [
        ("", -32700),
        ("{", -32700),
        ("[]", -32600),
        (&deep, -32700),
        ("1", -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_nothing"}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_call"}"#, -32602),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12"]}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["ten"]}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0xff"]}"#,
            -32602,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(code(body), expected, "{body:.80}");
    }
    // A notification gets nothing.
    let (status, body) = node.post(br#"{"jsonrpc":"2.0","method":"eth_chainId"}"#);
    assert_eq!((status, body.as_str()), (204, ""));
    // Bytes that are no text, and more than there may be.
    assert!(node.post(&[0xff, 0xfe]).1.contains("-32700"));
    assert_eq!(node.post(&vec![b' '; 20 << 20]).0, 413);
    let many = format!("[{}]", vec!["1"; 10_001].join(","));
    assert_eq!(code(&many), -32600);
    is_alive(&node);
}

#[test]
fn people_who_mean_no_good_do_not_keep_it_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::dev(folder.path(), &[]);
    // Connections that say nothing, or half of something.
    let mut idle: Vec<_> = (0..300)
        .map(|_| TcpStream::connect(node.address).unwrap())
        .collect();
    for stream in idle.iter_mut().take(100) {
        stream
            .write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-le")
            .unwrap();
    }
    is_alive(&node);
    // A loop that never ends: it costs what a call may cost.
    let endless = json!([{ "data": "0x5b600056", "gas": "0xffffffffff" }]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = node.call("eth_call", &endless);
                let message = answer["error"]["message"].as_str().unwrap_or_default();
                assert!(message.starts_with("out of gas"), "{answer}");
            });
        }
        is_alive(&node);
    });
    // Signatures that are nobody's.
    let wrong = format!("0x02{}", "f8".repeat(60));
    let one =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [wrong] });
    let batch = Value::Array(vec![one; 500]).to_string();
    let (_, answers) = node.post(batch.as_bytes());
    let answers: Vec<Value> = serde_json::from_str(&answers).unwrap();
    assert_eq!(answers.len(), 500);
    assert!(
        answers
            .iter()
            .all(|answer| answer["error"]["code"] == -32602)
    );
    is_alive(&node);
    drop(idle);
    node.stop();
}

#[test]
fn pages_by_other_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let genesis = folder.path().join("genesis.json");
    let json = json!({
        "config": { "chainId": 31337, "homesteadBlock": 0, "terminalTotalDifficulty": 0 },
        "difficulty": "0x0", "gasLimit": "0x1c9c380", "timestamp": "0x0", "nonce": "0x0",
        "extraData": "0x", "mixHash": format!("0x{}", "0".repeat(64)),
        "coinbase": format!("0x{}", "0".repeat(40)), "alloc": {},
    });
    fs::write(&genesis, json.to_string()).unwrap();
    let chain = folder.path().join("chain");
    let chain = chain.to_str().unwrap();
    let begun = Command::new(env!("CARGO_BIN_EXE_parallax"))
        .args(["init", "--datadir", chain, genesis.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(begun.status.success(), "{begun:?}");
    let node = Running::start(&["node", "--datadir", chain, "--http.port", "0"]);
    let request = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let as_host = |host: &str| {
        let head = format!("POST / HTTP/1.1\r\nhost: {host}\r\n");
        node.raw(&head, request).unwrap().0
    };
    assert_eq!(as_host("evil.example"), 403);
    assert_eq!(as_host("localhost:8545"), 200);
    assert_eq!(as_host("127.0.0.1"), 200);
    assert_eq!(as_host("[::1]:8545"), 200);
    // What developers may do is not there.
    let answer = node.call("anvil_setBalance", &json!([BOB, "0x1"]));
    assert_eq!(answer["error"]["code"], -32601);
    node.stop();
}
