//! A state as one file, in pieces that are proved one by one.
//!
//! ```text
//! file      "PXSNAP01"  chunks: kind u8  length u32  content, compressed with zstd
//! head      next block u64  root 32  headers of the blocks before, oldest first, n x bytes
//! accounts  place  accounts n x (row  0 | 1 words)
//! words     hashed address 32  place  words
//! codes     n x bytes
//! end       accounts  words  codes
//! place     0: all of the trie | 1 first byte of the keys, two branches above these
//! words     n x (hashed slot 32  word)
//! ```
//!
//! Rows are those of the store, with an id of 0. Words of an account follow in chunks of
//! their own if there are many. Lengths are little-endian.

mod export;
mod import;
mod place;

pub use export::Exported;
pub use import::import;

use crate::{
    codec::{Broken, Input, put_number},
    error::StateError,
};
use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::Header;
use std::io::{Read, Write};

const MAGIC: &[u8; 8] = b"PXSNAP01";

const HEAD: u8 = 0;
const ACCOUNTS: u8 = 1;
const WORDS: u8 = 2;
const CODES: u8 = 3;
const END: u8 = 4;

/// Most that a chunk may decompress to. The whole of a trie that cannot be split is small.
const MOST_BYTES: usize = 1 << 30;

const LEVEL: i32 = 3;

/// Words by hashed slot.
type Words = Vec<(B256, U256)>;

fn put_words(words: &[(B256, U256)], out: &mut Vec<u8>) {
    put_number(out, words.len() as u64);
    for (slot, word) in words {
        out.extend_from_slice(slot.as_slice());
        crate::codec::put_word(out, word);
    }
}

fn read_words(input: &mut Input<'_>) -> Result<Words, Broken> {
    let words = (0..input.count()?).map(|_| Ok((input.hash()?, input.word()?)));
    words.collect()
}

/// Writes chunks.
struct Writer<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    fn new(mut out: W) -> Result<Self, StateError> {
        out.write_all(MAGIC).map_err(writing)?;
        Ok(Self {
            out,
            bytes: MAGIC.len() as u64,
        })
    }

    fn chunk(&mut self, kind: u8, content: &[u8]) -> Result<(), StateError> {
        if content.len() > MOST_BYTES {
            let problem = format!("a chunk of {} bytes cannot be read again", content.len());
            return Err(StateError::Snapshot { chunk: 0, problem });
        }
        let packed = zstd::bulk::compress(content, LEVEL).map_err(writing)?;
        self.out.write_all(&[kind]).map_err(writing)?;
        let len = packed.len() as u32;
        self.out.write_all(&len.to_le_bytes()).map_err(writing)?;
        self.out.write_all(&packed).map_err(writing)?;
        self.bytes += 5 + packed.len() as u64;
        Ok(())
    }
}

fn writing(source: std::io::Error) -> StateError {
    StateError::Io {
        doing: "writing a snapshot",
        source,
    }
}

/// Reads chunks.
struct Reader<R> {
    input: R,
    /// How many there were.
    chunk: u64,
}

impl<R: Read> Reader<R> {
    fn new(mut input: R) -> Result<Self, StateError> {
        let mut magic = [0; 8];
        let is_one = input.read_exact(&mut magic).is_ok() && magic == *MAGIC;
        let reader = Self { input, chunk: 0 };
        match is_one {
            true => Ok(reader),
            false => Err(reader.error("it does not begin as a snapshot does")),
        }
    }

    /// The next chunk: its kind and its content.
    fn next(&mut self) -> Result<(u8, Vec<u8>), StateError> {
        self.chunk += 1;
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [kind, a, b, c, d] = head;
        let len = u32::from_le_bytes([a, b, c, d]) as usize;
        if len > MOST_BYTES {
            return Err(self.error("its length cannot be"));
        }
        // What is not there is not made room for.
        let mut packed = Vec::new();
        let taken = self
            .input
            .by_ref()
            .take(len as u64)
            .read_to_end(&mut packed);
        if taken.map_err(reading)? < len {
            return Err(self.error("the file ends in it"));
        }
        let content = zstd::bulk::Decompressor::new()
            .and_then(|mut unpack| unpack.decompress(&packed, capacity(&packed)))
            .map_err(|_| self.error("it cannot be decompressed"))?;
        Ok((kind, content))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), StateError> {
        match self.input.read_exact(bytes) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(self.error("the file ends before the snapshot does"))
            }
            Err(error) => Err(reading(error)),
        }
    }

    fn error(&self, problem: impl Into<String>) -> StateError {
        StateError::Snapshot {
            chunk: self.chunk,
            problem: problem.into(),
        }
    }
}

fn reading(source: std::io::Error) -> StateError {
    StateError::Io {
        doing: "reading a snapshot",
        source,
    }
}

/// Parent and state root that a header says, if it is one of Ethereum's.
fn parent_and_root(mut header: &[u8]) -> Option<(B256, B256)> {
    let list = Header::decode(&mut header).ok().filter(|head| head.list)?;
    let mut hashes = Vec::new();
    header = header.get(..list.payload_length)?;
    for _ in 0..4 {
        let item = Header::decode(&mut header).ok()?;
        let (bytes, rest) = header.split_at_checked(item.payload_length)?;
        hashes.push(B256::try_from(bytes));
        header = rest;
    }
    Some((hashes[0].ok()?, hashes[3].ok()?))
}

/// Whether the headers are a chain that ends with a root.
fn is_chain(headers: &[Vec<u8>], root: &B256) -> bool {
    let links: Option<Vec<_>> = headers
        .iter()
        .map(|header| parent_and_root(header))
        .collect();
    let Some(links) = links else {
        return false;
    };
    let follows = |(before, (parent, _)): (&Vec<u8>, &(B256, B256))| keccak256(before) == *parent;
    headers
        .iter()
        .zip(&links[1.min(links.len())..])
        .all(follows)
        && links.last().is_some_and(|(_, last)| last == root)
}

/// How large the content of a chunk says that it is.
fn capacity(packed: &[u8]) -> usize {
    let said = zstd::zstd_safe::get_frame_content_size(packed);
    let said = said
        .ok()
        .flatten()
        .and_then(|len| usize::try_from(len).ok());
    said.map_or(0, |len| len.min(MOST_BYTES))
}
