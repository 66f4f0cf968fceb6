//! The recorded mainnet blocks, executed one transaction after the other.

use parallax_blocks::{BlockFile, BlockFiles, Gap, report};
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
    unchecked: Vec<(u64, Gap, String)>,
    state_roots: Vec<u64>,
    witnesses: usize,
}

impl Tally {
    fn count(&mut self, file: &BlockFile) {
        let number = file.number();
        let output = match sequential::replay(&file.block, &file.state, false) {
            Ok(output) => output,
            Err(error) => return self.failed.push(format!("block {number}: {error}")),
        };
        self.witnesses += usize::from(file.witness.is_some());
        let report = report(file, &output);
        for check in report.checks {
            if check.name == "stateRoot" {
                self.state_roots.push(number);
            }
            if !check.passed {
                self.failed.push(format!(
                    "block {number}: {} should be {}, is {}",
                    check.name, check.expected, check.got
                ));
            }
        }
        for gap in report.unchecked {
            assert_eq!(gap.name, "stateRoot");
            self.unchecked.push((number, gap.gap, gap.reason));
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
    println!("unchecked: {:#?}", first.unchecked);
    assert_eq!(first.witnesses, 16);
    assert_eq!(
        first.state_roots,
        [1_150_000, 1_920_000, 15_537_394, 24_628_607, 24_647_140]
    );
    let blocks_with = |gap| {
        let with = first.unchecked.iter().filter(|(_, of, _)| *of == gap);
        with.map(|(number, ..)| *number).collect::<Vec<_>>()
    };
    assert_eq!(
        blocks_with(Gap::Withdrawals),
        [20_852_412, 21_429_063, 21_688_509, 22_188_088, 23_587_691]
    );
    assert_eq!(
        blocks_with(Gap::Neighbour),
        [
            2_675_000, 4_370_000, 9_069_000, 15_050_000, 19_426_587, 21_230_867
        ]
    );
    assert_eq!(blocks_with(Gap::Ommers), [0; 0]);
}
