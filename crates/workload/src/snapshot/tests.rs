use super::*;
use crate::{Contract, Setup, SetupError};
use alloy_primitives::{Address, U256};
use std::convert::Infallible;

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("parallax-snapshots-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn snapshots(&self) -> Snapshots {
        Snapshots::at(&self.0)
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.0).unwrap();
        files.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn recipe(seed: u64) -> Recipe {
    Recipe::new("test", seed).number("accounts", 3, 10)
}

fn state() -> Result<(MemoryState, Vec<Address>), SetupError> {
    let mut state = MemoryState::default();
    let users = [1, 2].map(Address::repeat_byte);
    state.set_account(users[0], U256::MAX >> 1, u64::MAX - 9);
    state.set_account(users[1], U256::ZERO, 0);
    let mut setup = Setup::new(state, 1, 1);
    let creation = &Contract::Counter.artifact().creation;
    let counter = setup.deploy(users[0], creation.clone())?;
    let mut state = setup.finish();
    state.set_code(Address::repeat_byte(3), Contract::Counter.code());
    for (slot, value) in [(U256::ZERO, U256::MAX), (U256::MAX, U256::ONE)] {
        state.set_storage(counter, slot, value);
    }
    Ok((state, vec![users[0], counter]))
}

fn made(snapshots: &Snapshots, seed: u64) -> (bool, MemoryState, Vec<Address>) {
    let mut made = false;
    let (state, known) = snapshots
        .get(&recipe(seed), || {
            made = true;
            state()
        })
        .unwrap();
    (made, state, known)
}

fn assert_same(one: &MemoryState, other: &MemoryState) {
    assert_eq!(one.len(), other.len());
    for (address, info, storage) in one.accounts() {
        let same = other.account(address).unwrap();
        assert_eq!(info, same);
        // Equality of accounts is that of hashes.
        let raw = |code: &Option<revm::state::Bytecode>| {
            code.as_ref().map(revm::state::Bytecode::original_bytes)
        };
        assert_eq!(raw(&info.code), raw(&same.code));
        for (slot, value) in storage {
            assert_eq!(other.storage(address, *slot), *value);
        }
    }
}

#[test]
fn what_was_made_is_kept() {
    let folder = Folder::new("kept");
    let (first, expected, known) = made(&folder.snapshots(), 1);
    assert!(first);
    let (again, found, known_again) = made(&folder.snapshots(), 1);
    assert!(!again);
    assert_eq!(known, known_again);
    assert_same(&expected, &found);
    assert_same(&found, &expected);
    assert_eq!(folder.files().len(), 1);
}

#[test]
fn another_recipe_is_another_state() {
    let folder = Folder::new("recipe");
    assert!(made(&folder.snapshots(), 1).0);
    assert!(made(&folder.snapshots(), 2).0);
    assert!(!made(&folder.snapshots(), 1).0);
    // The file of another recipe, under the name of this one.
    let [one, other] = [1, 2].map(|seed| {
        let digest = recipe(seed).digest();
        folder.0.join(format!("{digest:x}.{EXTENSION}"))
    });
    fs::copy(other, one).unwrap();
    assert!(made(&folder.snapshots(), 1).0);
}

#[test]
fn only_what_takes_long_is_worth_a_file() {
    let recipe = |pools| recipe(1).number("pools", pools, 500);
    assert!(!recipe(900).is_large());
    assert!(recipe(1_000).is_large());
}

#[test]
fn damage_is_repaired() {
    let folder = Folder::new("damage");
    made(&folder.snapshots(), 1);
    let path = folder.files().remove(0);
    let whole = fs::read(&path).unwrap();
    for at in [0, MAGIC.len(), HEADER - 1, HEADER, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(made(&folder.snapshots(), 1).0, "byte {at}");
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    for len in [0, HEADER / 2, HEADER, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        assert!(made(&folder.snapshots(), 1).0, "{len} bytes");
        assert!(!made(&folder.snapshots(), 1).0);
    }
}

#[test]
fn contents_are_checked_as_well() {
    let folder = Folder::new("contents");
    let path = folder.0.join("some");
    fs::create_dir_all(&folder.0).unwrap();
    let digest = recipe(1).digest();
    let mut contents = Vec::new();
    encoding::put_bytes(&mut contents, b"[]");
    encoding::encode(&state().unwrap().0, &mut contents);
    let whole = contents.len();
    contents.push(0);
    for len in 0..contents.len() {
        let packed = zstd::encode_all(&contents[..len], 1).unwrap();
        fs::write(&path, [header(digest, &packed), packed].concat()).unwrap();
        let found = read::<Vec<Address>>(&path, digest);
        assert_eq!(found.is_some(), len == whole, "{len}");
    }
}

#[test]
fn only_so_many_are_kept() {
    let folder = Folder::new("bound");
    let mut snapshots = folder.snapshots();
    snapshots.most.files = 2;
    for seed in 1..=2 {
        made(&snapshots, seed);
    }
    // The first is used again, so the second is older.
    let old = SystemTime::now() - std::time::Duration::from_secs(60);
    for path in folder.files() {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(old).unwrap();
    }
    assert!(!made(&snapshots, 1).0);
    assert!(made(&snapshots, 3).0);
    assert_eq!(folder.files().len(), 2);
    assert!(!made(&snapshots, 1).0);
    assert!(made(&snapshots, 2).0);

    snapshots.most.bytes = 1;
    assert!(made(&snapshots, 4).0);
    assert_eq!(folder.files().len(), 1);
}

#[test]
fn without_a_folder_everything_is_made() {
    let folder = Folder::new("file");
    // A file is where the folder should be.
    fs::write(&folder.0, b"").unwrap();
    for _ in 0..2 {
        assert!(made(&folder.snapshots(), 1).0);
    }
    fs::remove_file(&folder.0).unwrap();
}

#[test]
fn what_cannot_be_made_is_not_kept() {
    let folder = Folder::new("error");
    let failed = folder
        .snapshots()
        .get(&recipe(1), || Err::<(MemoryState, ()), _>("no"));
    assert_eq!(failed.unwrap_err(), "no");
    assert!(!folder.0.exists());
    let known = folder.snapshots().get(&recipe(1), || {
        Ok::<_, Infallible>((MemoryState::default(), 7))
    });
    assert_eq!(known.unwrap().1, 7);
}
