//! Large states are prepared once, and blocks on them are the same each time.

use crate::chain::{SEED, run};
use parallax_workload::{Pools, Protocol, PublishedArtifacts, Size, Snapshots, Workload};
use std::{fs, path::PathBuf};

fn assert_same(one: &Workload, other: &Workload) {
    assert_eq!(one.block.transactions, other.block.transactions);
    assert_eq!(one.state.len(), other.state.len());
    for (address, info, storage) in one.state.accounts() {
        assert_eq!(other.state.account(address), Some(info), "{address}");
        for (slot, value) in storage {
            assert_eq!(other.state.storage(address, *slot), *value);
        }
    }
}

/// Removed at the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_kept_state_is_the_one_that_was_made() {
    let name = format!("parallax-scale-{}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    let none = PublishedArtifacts::installed().with_snapshots(None);
    let size = Size::new(40).accounts(80_000).pools(500);
    for protocol in [
        Protocol::AmmV2(Pools::Zipf),
        Protocol::AmmV3(Pools::Zipf),
        Protocol::AmmV4(Pools::Own),
        Protocol::Day(parallax_workload::Day::Defi),
        Protocol::Arbitrage,
    ] {
        if let Err(error) = protocol.check(&none) {
            eprintln!("skipped: {error}");
            continue;
        }
        // Of its own: some prepare the same.
        let snapshots = folder.0.join(protocol.name());
        let kept =
            PublishedArtifacts::installed().with_snapshots(Some(Snapshots::at(snapshots.clone())));
        let files = || fs::read_dir(&snapshots).map_or(0, Iterator::count);
        let before = files();
        let [made, first, again] = [&none, &kept, &kept]
            .map(|artifacts| protocol.generate(artifacts, size, SEED).unwrap());
        assert!(made.state.len() >= 80_000);
        assert_same(&made, &first);
        assert_same(&made, &again);
        assert_eq!(files(), before + 1, "{protocol}");
        run(&again);
    }
}

/// Long: `cargo test --release -p parallax-workload --test protocols -- --ignored`.
#[test]
#[ignore = "takes a minute and two gigabytes"]
fn a_million_accounts_and_ten_thousand_pools() {
    let artifacts = PublishedArtifacts::installed();
    let size = Size::new(1_000).accounts(1_000_000).pools(10_000);
    for protocol in [
        Protocol::Day(parallax_workload::Day::Mainnet),
        Protocol::AmmV2(Pools::Zipf),
        Protocol::Erc20(parallax_workload::Transfers::Usdt),
    ] {
        if let Err(error) = protocol.check(&artifacts) {
            eprintln!("skipped: {error}");
            continue;
        }
        for _ in 0..2 {
            let started = std::time::Instant::now();
            let workload = protocol.generate(&artifacts, size, SEED).unwrap();
            println!("{protocol}: {:?}", started.elapsed());
            assert!(workload.state.len() >= 1_000_000);
            run(&workload);
        }
    }
}
