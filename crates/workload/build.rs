//! Gives the library a digest of everything that its blocks are made by, so that
//! nothing made by other sources is taken for its own (see `snapshot.rs`).

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

/// Sources, contracts that are embedded, versions of dependencies.
const INPUTS: [&str; 4] = ["build.rs", "src", "../../contracts/out", "../../Cargo.lock"];

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for input in INPUTS {
        println!("cargo:rerun-if-changed={input}");
        collect(Path::new(input), &mut files)?;
    }
    files.sort();
    // Its keys are fixed. Should another toolchain hash in another way, snapshots
    // are made anew.
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    println!(
        "cargo:rustc-env=PARALLAX_WORKLOAD_SOURCES={:016x}",
        hasher.finish()
    );
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
    Ok(())
}
