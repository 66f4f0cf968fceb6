//! The recorded mainnet blocks, executed one transaction after the other.

use parallax_blocks::{BlockFile, BlockFiles, report};
use parallax_engine::sequential;
use std::path::PathBuf;

/// The archive, where the test data is there.
fn archive() -> Option<PathBuf> {
    let folder = std::env::var_os("PARALLAX_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let archive = folder.join("mainnet-blocks.tar.zst");
    if archive.exists() {
        return Some(archive);
    }
    println!("skipped: data not found");
    None
}

#[derive(Default)]
struct Tally {
    failed: Vec<String>,
    unchecked: Vec<String>,
    state_roots: usize,
}

impl Tally {
    fn count(&mut self, file: &BlockFile) {
        let number = file.number();
        let output = match sequential::replay(&file.block, &file.state, false) {
            Ok(output) => output,
            Err(error) => return self.failed.push(format!("block {number}: {error}")),
        };
        let report = report(file, &output);
        for check in report.checks {
            self.state_roots += usize::from(check.name == "stateRoot");
            if !check.passed {
                self.failed.push(format!(
                    "block {number}: {} should be {}, is {}",
                    check.name, check.expected, check.got
                ));
            }
        }
        for gap in report.unchecked {
            self.unchecked
                .push(format!("block {number}: {}: {}", gap.name, gap.reason));
        }
    }
}

#[test]
fn every_block_gives_what_its_header_says() {
    let Some(archive) = archive() else { return };
    let mut first = Tally::default();
    let mut again = Tally::default();
    let (mut blocks, mut transactions) = (0, 0);
    for file in BlockFiles::open(&archive).unwrap() {
        let mut file = file.unwrap();
        blocks += 1;
        transactions += file.block.transactions.len();
        first.count(&file);
        // The same with the keys that the first run has met.
        file.state.translate();
        again.count(&file);
    }
    assert!(first.failed.is_empty(), "{}", first.failed.join("\n"));
    assert_eq!(first.failed, again.failed);
    assert_eq!(first.unchecked, again.unchecked);
    assert_eq!((blocks, transactions), (56, 13_097));
    println!("unchecked:\n{}", first.unchecked.join("\n"));
    assert_eq!((first.state_roots, first.unchecked.len()), (5, 11));
}
