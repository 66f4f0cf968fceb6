//! Programs that people use with Ethereum, pointed at `parallax dev`: what is in
//! `clients/test`, run by Node.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn clients_that_people_use() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients");
    if !folder.join("node_modules").is_dir() {
        let skipped = "skipped: clients not found: npm ci --prefix clients";
        writeln!(std::io::stdout(), "{skipped}").unwrap();
        return;
    }
    let done = Command::new("npm")
        .args(["test", "--silent"])
        .current_dir(folder)
        .env("PARALLAX_BIN", env!("CARGO_BIN_EXE_parallax"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{out}");
    assert!(out.contains("# fail 0"), "{out}");
}
