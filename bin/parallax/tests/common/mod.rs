//! What the tests of the commands share.
#![allow(dead_code)] // Each test file uses a part of it.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    process::Output,
};

/// What a command wrote to stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// An empty folder of this test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The archive of recorded blocks, where the test data is there.
pub(crate) fn archive() -> Option<PathBuf> {
    let data = std::env::var_os("PARALLAX_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let archive = data.join("mainnet-blocks.tar.zst");
    if archive.exists() {
        return Some(archive);
    }
    println!("skipped: data not found");
    None
}

/// The text of one file in the archive.
pub(crate) fn archived(archive: &Path, name: &str) -> String {
    let plain = zstd::Decoder::new(File::open(archive).unwrap()).unwrap();
    for entry in tar::Archive::new(plain).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().file_name().unwrap() == name {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            return text;
        }
    }
    panic!("{name} is not in the archive");
}
