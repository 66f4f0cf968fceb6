//! Full disks, syncs that fail, flipped bits.

use super::{Blocks, CONFIG, Random, parts};
use crate::{Damage, Fault, Files, Kind, Log, LogConfig, LogError, LogFile, Parts, SimDisk};

/// A log of some blocks, all acknowledged, with archives and journals.
fn some(disk: &SimDisk, count: u64) -> Blocks {
    let mut random = Random(count);
    let mut log = Log::open(disk.clone(), CONFIG).unwrap();
    let mut blocks = Blocks::new();
    for number in 0..count {
        let block = random.block();
        assert_eq!(log.commit(&parts(&block)).unwrap(), number);
        blocks.insert(number, block);
        if number == count / 2 {
            log.compact().unwrap();
            log.sync().unwrap();
        }
    }
    blocks
}

fn all_of(log: &Log<SimDisk>, blocks: &Blocks) {
    for (number, block) in blocks {
        for (kind, part) in Kind::ALL.into_iter().zip(block) {
            assert_eq!(&log.get(*number, kind).unwrap(), part);
        }
    }
}

#[test]
fn after_a_failure_nothing_more_is_written() {
    for fault in [Fault::Full, Fault::Sync] {
        for left in 0..12 {
            let disk = SimDisk::new(left);
            let mut log = Log::open(disk.clone(), CONFIG).unwrap();
            let mut random = Random(left);
            let mut blocks = Blocks::new();
            disk.fail(fault, left);
            let error = loop {
                let block = random.block();
                match log.commit(&parts(&block)) {
                    Ok(number) => blocks.insert(number, block),
                    Err(error) => break error,
                };
            };
            assert!(matches!(error, LogError::Io { .. }), "{error}");
            disk.heal();
            let stopped = log.commit(&parts(&random.block()));
            assert!(matches!(stopped, Err(LogError::Stopped)));
            assert!(matches!(log.compact(), Err(LogError::Stopped)));
            all_of(&log, &blocks);
            drop(log);
            disk.crash();
            let log = Log::open(disk, CONFIG).unwrap();
            assert!(log.next() >= blocks.len() as u64);
            all_of(&log, &blocks);
        }
    }
}

#[test]
fn a_compaction_that_fails_leaves_everything_as_it_was() {
    let mut failed = 0;
    for (fault, left, second) in
        (0..120).map(|n| ([Fault::Full, Fault::Sync][n % 2], n / 2 % 20, n % 3))
    {
        let disk = SimDisk::new((left * 3 + second) as u64);
        let blocks = some(&disk, 30);
        let mut log = Log::open(disk.clone(), CONFIG).unwrap();
        disk.fail(fault, left as u64);
        failed += usize::from(log.compact().is_err());
        disk.heal();
        all_of(&log, &blocks);
        log.verify(&mut |_| {}).unwrap();
        drop(log);
        // The next process finds what is not durable, and does not come far.
        disk.fail(Fault::Sync, second as u64);
        drop(Log::open(disk.clone(), CONFIG));
        disk.crash();
        all_of(&Log::open(disk.clone(), CONFIG).unwrap(), &blocks);
    }
    assert!((20..120).contains(&failed), "{failed}");
}

/// Whether a log with damage somewhere is served as if it had none.
fn is_served_wrongly(disk: &SimDisk, blocks: &Blocks) -> bool {
    let config = LogConfig {
        at_least: blocks.len() as u64,
        ..CONFIG
    };
    let log = match Log::open(disk.clone(), config) {
        Ok(log) => log,
        Err(LogError::Damaged { .. } | LogError::Lost { .. } | LogError::Gap { .. }) => {
            return false;
        }
        Err(error) => panic!("{error}"),
    };
    let mut found = 0;
    for (number, block) in blocks {
        for (kind, part) in Kind::ALL.into_iter().zip(block) {
            match log.get(*number, kind) {
                Ok(bytes) if bytes == *part => {}
                Ok(_) => return true,
                Err(LogError::Damaged { .. }) => found += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    let verified = log.verify(&mut |_| {});
    assert!(verified.is_err() || found == 0);
    false
}

#[test]
fn flipped_bits_are_never_served() {
    let disk = SimDisk::new(5);
    let blocks = some(&disk, 30);
    let mut random = Random(9);
    let (mut damaged, mut tried) = (0, 0);
    for name in disk.names().unwrap() {
        let size = disk.open(&name).unwrap().size().unwrap() as usize;
        for _ in 0..60 {
            let bit = random.below(size * 8);
            disk.flip(&name, bit);
            assert!(!is_served_wrongly(&disk, &blocks), "bit {bit} of {name}");
            disk.flip(&name, bit);
            let verified = Log::open(disk.clone(), CONFIG).map(|log| log.verify(&mut |_| {}));
            assert!(verified.unwrap().is_ok(), "bit {bit} of {name} and back");
            tried += 1;
            disk.flip(&name, bit);
            let verified = Log::open(
                disk.clone(),
                LogConfig {
                    at_least: 30,
                    ..CONFIG
                },
            )
            .and_then(|log| log.verify(&mut |_| {}));
            damaged += usize::from(verified.is_err());
            disk.flip(&name, bit);
        }
    }
    assert!(tried > 300);
    assert_eq!(damaged, tried, "verify finds each of them");
}

/// Without anybody who knows how far the log had come, damage costs the last block at most,
/// wherever it is; everything else is an error.
#[test]
fn damage_alone_loses_no_more_than_the_last_block() {
    for count in [1, 2, 9] {
        let disk = SimDisk::new(count);
        let mut log = Log::open(disk.clone(), LogConfig::default()).unwrap();
        for number in 0..count {
            log.commit(&parts(&[(); 5].map(|()| vec![number as u8; 9])))
                .unwrap();
        }
        drop(log);
        let name = format!("{:020}.journal", 0);
        let size = disk.open(&name).unwrap().size().unwrap() as usize;
        let mut whole = vec![0; size];
        disk.open(&name).unwrap().read_at(&mut whole, 0).unwrap();
        for bit in 0..size * 8 {
            disk.flip(&name, bit);
            if let Ok(log) = Log::open(disk.clone(), LogConfig::default()) {
                assert_eq!(log.next(), count - 1, "bit {bit} of {count} blocks");
            }
            disk.create(&name).unwrap().write_at(&whole, 0).unwrap();
        }
    }
}

/// A frame that is whole, and was not written behind the one before it.
#[test]
fn a_frame_that_follows_upon_another_one_is_damage() {
    let disk = SimDisk::new(1);
    let mut log = Log::open(disk.clone(), LogConfig::default()).unwrap();
    log.commit(&Parts::EMPTY).unwrap();
    let name = format!("{:020}.journal", 0);
    let file = disk.open(&name).unwrap();
    let at = file.size().unwrap();
    let mut salt = [0; 8];
    file.read_at(&mut salt, 24).unwrap();
    let mut frame = Vec::new();
    crate::frame::append(
        &mut frame,
        1,
        1,
        99,
        u64::from_le_bytes(salt),
        &Parts::EMPTY,
    )
    .unwrap();
    file.write_at(&frame, at).unwrap();
    drop(log);
    match Log::open(disk, LogConfig::default()).unwrap_err() {
        LogError::Damaged {
            block: 1,
            damage: Damage::Order,
            ..
        } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn damage_in_the_middle_is_not_taken_for_a_torn_tail() {
    let disk = SimDisk::new(2);
    let mut log = Log::open(disk.clone(), LogConfig::default()).unwrap();
    let mut blocks = Blocks::new();
    for number in 0..6 {
        let block = [(); 5].map(|()| vec![number as u8; 30]);
        log.commit(&parts(&block)).unwrap();
        blocks.insert(number, block);
    }
    drop(log);
    let name = format!("{:020}.journal", 0);
    disk.flip(&name, (40 + 60) * 8);
    let error = Log::open(disk.clone(), CONFIG).unwrap_err();
    match &error {
        LogError::Damaged {
            file,
            at: 40,
            block: 0,
            damage: Damage::Checksum,
        } => assert_eq!(*file, name),
        other => panic!("{other}"),
    }
    assert!(
        error
            .to_string()
            .contains("is damaged at byte 40 (block 0)")
    );
    disk.flip(&name, (40 + 60) * 8);
    all_of(&Log::open(disk, CONFIG).unwrap(), &blocks);
}

#[test]
fn a_part_that_looks_like_a_frame_does_not_stop_recovery() {
    // Frames of another log, which say that everything was durable.
    let other = SimDisk::new(3);
    some(&other, 5);
    let name = format!("{:020}.journal", 0);
    let file = other.open(&name).unwrap();
    let mut frames = vec![0; file.size().unwrap() as usize];
    file.read_at(&mut frames, 0).unwrap();

    let disk = SimDisk::new(4);
    let mut log = Log::open(disk.clone(), CONFIG).unwrap();
    let block = [frames, vec![], vec![], vec![], vec![]];
    log.append(&parts(&block)).unwrap();
    drop(log);
    let size = disk.open(&name).unwrap().size().unwrap();
    disk.open(&name).unwrap().cut(size - 1).unwrap();
    let log = Log::open(disk, CONFIG).unwrap();
    assert_eq!(log.next(), 0);
}

#[test]
fn one_sync_a_block() {
    let disk = SimDisk::new(1);
    let mut log = Log::open(disk.clone(), LogConfig::default()).unwrap();
    let before = disk.syncs();
    for _ in 0..10 {
        log.commit(&parts(&Random(1).block())).unwrap();
    }
    assert_eq!(disk.syncs() - before, 10);
}

#[test]
fn a_lost_file_is_a_gap() {
    let disk = SimDisk::new(8);
    some(&disk, 60);
    let names = disk.names().unwrap();
    let journals: Vec<_> = names
        .iter()
        .filter(|name| name.ends_with(".journal"))
        .collect();
    assert!(journals.len() > 2);
    disk.remove(journals[journals.len() - 2]).unwrap();
    let error = Log::open(disk, CONFIG).unwrap_err();
    assert!(
        matches!(error, LogError::Gap { .. } | LogError::Damaged { .. }),
        "{error}"
    );
}

#[test]
fn strange_names_are_left_alone() {
    let disk = SimDisk::new(1);
    let blocks = some(&disk, 5);
    let (five, three, most) = (format!("{:020}", 5), format!("{:020}", 3), u64::MAX);
    let names = [
        "notes.txt".to_owned(),
        "12.journal".to_owned(),
        format!("{most:020}.journal"),
        format!("{five}-{three}.body.zst"),
        format!("{three}-{five}.nothing.zst"),
        format!("{three}-{most:020}.body.zst"),
    ];
    for name in &names {
        disk.create(name).unwrap();
    }
    all_of(&Log::open(disk.clone(), CONFIG).unwrap(), &blocks);
    let found = disk.names().unwrap();
    assert!(names.iter().all(|name| found.contains(name)));
}

#[test]
fn a_folder_is_used_by_one() {
    let folder = std::env::temp_dir().join(format!("parallax-log-lock-{}", std::process::id()));
    let held = crate::Disk::open(&folder).unwrap();
    let error = crate::Disk::open(&folder).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert!(error.to_string().contains("in use"), "{error}");
    drop(held);
    drop(crate::Disk::open(&folder).unwrap());
    std::fs::remove_dir_all(folder).unwrap();
}

/// After a state that came as a snapshot there is nothing of the blocks before.
#[test]
fn a_log_may_begin_at_any_block() {
    let config = LogConfig { first: 7, ..CONFIG };
    let (disk, mut random) = (SimDisk::new(3), Random(3));
    let blocks: Vec<_> = (0..60).map(|_| random.block()).collect();
    let mut log = Log::open(disk.clone(), config).unwrap();
    for (number, block) in (7..).zip(&blocks) {
        assert_eq!(log.commit(&parts(block)).unwrap(), number);
        if number % 20 == 0 {
            log.compact().unwrap();
            log = Log::open(disk.clone(), config).unwrap();
        }
    }
    assert_eq!(log.next(), 67);
    for (number, block) in (7..).zip(&blocks) {
        assert_eq!(log.get(number, Kind::Body).unwrap(), block[1]);
    }
    let before = log.get(6, Kind::Body).unwrap_err();
    assert!(
        matches!(before, LogError::Pruned { number: 6, .. }),
        "{before}"
    );
    // Its first journal is missing to whoever expects a block before it.
    let (disk, mut log) = (SimDisk::new(4), None);
    for _ in 0..2 {
        log = Some(Log::open(disk.clone(), config).unwrap());
    }
    log.unwrap().commit(&parts(&blocks[0])).unwrap();
    let error = Log::open(disk, CONFIG).unwrap_err();
    assert!(matches!(error, LogError::Gap { from: 0, to: 6 }), "{error}");
}
