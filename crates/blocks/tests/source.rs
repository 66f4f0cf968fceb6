//! Archives, folders and files of small blocks that are made here.

use alloy_consensus::Header;
use alloy_primitives::{Address, U256, address};
use parallax_blocks::{BlockFileError, BlockFiles};
use revm::DatabaseRef;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

const HERE: Address = address!("0x00000000000000000000000000000000000000aa");

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A block without transactions.
fn block(number: u64) -> Value {
    let header = Header {
        number,
        ..Header::default()
    };
    json!({
        "format": "rb1",
        "chainId": 1,
        "header": header,
        "txs": [],
        "withdrawals": null,
        "blockHashes": {},
        "pre": { HERE.to_string(): { "balance": "0x5", "nonce": 7, "storage": { "0x1": "0x2" } } },
    })
}

fn write(path: &Path, block: &Value) {
    fs::write(path, block.to_string()).unwrap();
}

fn numbers(path: &Path) -> Vec<u64> {
    let files = BlockFiles::open(path).unwrap();
    let announced = files.len();
    let numbers: Vec<_> = files.map(|file| file.unwrap().number()).collect();
    assert_eq!(numbers.len(), announced);
    numbers
}

fn archive_into(writer: impl std::io::Write) {
    let mut archive = tar::Builder::new(writer);
    let codes = ("codes.json", "{}".to_owned());
    let blocks = [("100.json", block(100)), ("9.json", block(9))];
    let texts = blocks.map(|(name, block)| (name, block.to_string()));
    for (name, text) in texts.into_iter().chain([codes]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, format!("given/{name}"), text.as_bytes())
            .unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn blocks_come_in_the_order_of_their_numbers() {
    let folder = folder("order");
    let given = folder.join("given");
    fs::create_dir(&given).unwrap();
    for number in [100, 9, 11] {
        write(&given.join(format!("{number}.json")), &block(number));
    }
    fs::write(given.join("codes.json"), "{}").unwrap();
    fs::write(given.join("notes.json"), "not a block").unwrap();
    assert_eq!(numbers(&folder), [9, 11, 100]);
    assert_eq!(numbers(&given), [9, 11, 100]);
    assert_eq!(numbers(&given.join("11.json")), [11]);

    let plain = folder.join("blocks.tar");
    archive_into(File::create(&plain).unwrap());
    assert_eq!(numbers(&plain), [9, 100]);
    let packed = folder.join("blocks.anything");
    let mut encoder = zstd::Encoder::new(File::create(&packed).unwrap(), 1).unwrap();
    archive_into(&mut encoder);
    encoder.finish().unwrap();
    assert_eq!(numbers(&packed), [9, 100]);
}

#[test]
fn the_parent_state_is_what_the_file_says() {
    let path = folder("state").join("5.json");
    write(&path, &block(5));
    let file = BlockFiles::open(&path).unwrap().next().unwrap().unwrap();
    let info = file.state.basic_ref(HERE).unwrap().unwrap();
    assert_eq!((info.balance, info.nonce), (U256::from(5), 7));
    let slot = |slot: u64| file.state.storage_ref(HERE, U256::from(slot)).unwrap();
    assert_eq!((slot(1), slot(2)), (U256::from(2), U256::ZERO));
    assert_eq!(file.state.basic_ref(Address::ZERO).unwrap(), None);
    assert!(file.state.block_hash_ref(4).is_err());
}

/// The error of a block with one field replaced, or removed where the new value
/// is absent.
fn error_of(name: &str, field: &str, value: Option<Value>) -> BlockFileError {
    let mut block = block(5);
    let fields = block.as_object_mut().unwrap();
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    let path = folder(name).join("5.json");
    write(&path, &block);
    BlockFiles::open(&path)
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err()
}

#[test]
fn errors_name_the_field() {
    let cases: [(&str, Option<Value>, &str); 12] = [
        ("format", Some(json!("rb9")), "format: `rb9` is not known"),
        (
            "chainId",
            Some(json!(5)),
            "chainId: 5 is not Ethereum mainnet",
        ),
        ("header", None, "missing field `header`"),
        ("txs", Some(json!(["0x12"])), "txs[0]: is no EIP-2718"),
        ("txs", Some(json!([7])), "txs[0]: "),
        (
            "senders",
            Some(json!([HERE])),
            "senders: 1 senders for 0 txs",
        ),
        ("pre", None, "pre: neither it nor preHashed"),
        (
            "preHashed",
            Some(json!({})),
            "pre: preHashed is there as well",
        ),
        ("pre", Some(json!({ "0x12": {} })), "pre"),
        (
            "withdrawals",
            Some(json!([["1", "2", "xyz", "4"]])),
            "withdrawals[0].address: ",
        ),
        (
            "withdrawals",
            Some(json!([3])),
            "withdrawals[0]: a withdrawal is",
        ),
        ("witness", Some(json!([])), "parentStateRoot: is missing"),
    ];
    for (index, (field, value, words)) in cases.into_iter().enumerate() {
        let error = error_of(&format!("field-{index}"), field, value).to_string();
        assert!(error.contains("5.json: "), "{error}");
        assert!(error.contains(words), "{words:?} is not in {error}");
    }
}
