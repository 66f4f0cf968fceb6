//! The reader of block files must answer any bytes with blocks or errors.
//!
//! The bytes are a block file, an archive (found by its first bytes) or, after
//! an `A`, an uncompressed archive; after a `C`, the codes beside a good block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parallax_blocks::BlockFiles;
use std::{fs, path::Path, path::PathBuf, sync::LazyLock};

const GOOD: &str = include_str!("../seeds/block_file/empty.json");

/// A folder of this process's own.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("parallax-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
});

fuzz_target!(|bytes: &[u8]| {
    let block = FOLDER.join("1.json");
    let codes = FOLDER.join("codes.json");
    let _ = fs::remove_file(&codes);
    match bytes.split_first() {
        Some((b'A', archive)) => read(&FOLDER.join("1.tar"), archive),
        Some((b'C', text)) => {
            fs::write(&codes, text).expect("written");
            read(&block, GOOD.as_bytes());
        }
        _ => read(&block, bytes),
    }
});

fn read(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
    let Ok(files) = BlockFiles::open(path) else {
        return;
    };
    for file in files {
        match file {
            Ok(file) => drop(format!("{file:?}")),
            Err(error) => drop(error.to_string()),
        }
    }
}
