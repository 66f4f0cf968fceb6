//! Finding and reading the archives that hold the suites.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// State tests and blockchain tests of the execution specifications.
pub const EXECUTION_SPEC_TESTS: &str = "execution-spec-tests.tar.zst";

/// Older blockchain tests: valid and invalid blocks, fork transitions.
pub const ETHEREUM_TESTS: &str = "ethereum-tests.tar.zst";

/// A file of a suite.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// Path inside the archive.
    pub path: String,
    /// Contents.
    pub json: Vec<u8>,
}

/// Where an archive lies: in the folder that the environment variable
/// `PARALLAX_DATA` names, or else in `shared/data` beside the repository.
/// `None` if it is not there, which tests report as skipped.
#[must_use]
pub fn archive(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PARALLAX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    path.is_file().then_some(path)
}

/// Unpacks an archive in memory and hands over its JSON files whose path
/// contains one of `folders`, until `visit` returns `false`.
///
/// # Errors
///
/// If the archive cannot be read.
pub fn for_each_file(
    archive: &Path,
    folders: &[&str],
    mut visit: impl FnMut(TestFile) -> bool,
) -> io::Result<()> {
    let mut tar = tar::Archive::new(zstd::Decoder::new(File::open(archive)?)?);
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if !path.ends_with(".json") || !folders.iter().any(|folder| path.contains(folder)) {
            continue;
        }
        let mut json = Vec::with_capacity(entry.size() as usize);
        entry.read_to_end(&mut json)?;
        if !visit(TestFile { path, json }) {
            break;
        }
    }
    Ok(())
}
