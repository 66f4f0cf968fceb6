//! RLP of nodes (yellow paper, appendix D).

use crate::node::Reference;
use alloy_primitives::B256;

const STRING: u8 = 0x80;
const LIST: u8 = 0xc0;
/// Longest content whose length is part of the first byte.
const SHORT: usize = 55;

/// Appends the header of a string (`STRING`) or list (`LIST`) of `len` bytes.
fn header(out: &mut Vec<u8>, kind: u8, len: usize) {
    if len <= SHORT {
        out.push(kind + len as u8);
    } else {
        let bytes = len.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(kind + SHORT as u8 + (bytes.len() - zeros) as u8);
        out.extend_from_slice(&bytes[zeros..]);
    }
}

const fn header_len(len: usize) -> usize {
    if len <= SHORT {
        1
    } else {
        1 + (usize::BITS as usize - len.leading_zeros() as usize).div_ceil(8)
    }
}

fn string_len(bytes: &[u8]) -> usize {
    match bytes {
        [byte] if *byte < STRING => 1,
        _ => header_len(bytes.len()) + bytes.len(),
    }
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    if !matches!(bytes, [byte] if *byte < STRING) {
        header(out, STRING, bytes.len());
    }
    out.extend_from_slice(bytes);
}

/// A path in hex-prefix encoding: at most 33 bytes.
struct HexPrefix {
    bytes: [u8; 33],
    len: usize,
}

impl HexPrefix {
    fn new(len: usize, is_leaf: bool, nibble: impl Fn(usize) -> u8) -> Self {
        let is_odd = len % 2;
        let mut bytes = [0; 33];
        bytes[0] = (2 * u8::from(is_leaf) + is_odd as u8) << 4;
        if is_odd == 1 {
            bytes[0] |= nibble(0);
        }
        for i in 0..len / 2 {
            bytes[i + 1] = nibble(is_odd + 2 * i) << 4 | nibble(is_odd + 2 * i + 1);
        }
        Self {
            bytes,
            len: len / 2 + 1,
        }
    }

    fn of_key(key: &B256, depth: usize) -> Self {
        let start = depth / 2;
        let mut bytes = [0; 33];
        if depth.is_multiple_of(2) {
            bytes[0] = 0x20;
            bytes[1..=32 - start].copy_from_slice(&key[start..]);
            Self {
                bytes,
                len: 33 - start,
            }
        } else {
            bytes[..32 - start].copy_from_slice(&key[start..]);
            bytes[0] = 0x30 | bytes[0] & 15;
            Self {
                bytes,
                len: 32 - start,
            }
        }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Appends the leaf of `key`, whose path begins at `depth`.
pub(crate) fn leaf(out: &mut Vec<u8>, key: &B256, depth: usize, value: &[u8]) {
    let path = HexPrefix::of_key(key, depth);
    header(out, LIST, string_len(path.as_slice()) + string_len(value));
    string(out, path.as_slice());
    string(out, value);
}

/// Appends a leaf with this path.
pub(crate) fn leaf_of(out: &mut Vec<u8>, path: &[u8], value: &[u8]) {
    let path = HexPrefix::new(path.len(), true, |i| path[i]);
    header(out, LIST, string_len(path.as_slice()) + string_len(value));
    string(out, path.as_slice());
    string(out, value);
}

/// Appends an extension node.
pub(crate) fn extension(out: &mut Vec<u8>, path: &[u8], child: &Reference) {
    let path = HexPrefix::new(path.len(), false, |i| path[i]);
    header(out, LIST, string_len(path.as_slice()) + child.rlp_len());
    string(out, path.as_slice());
    child.append(out);
}

/// Appends a branch of these children, which stand in the order of their nibbles.
pub(crate) fn branch<'r>(
    out: &mut Vec<u8>,
    mask: u16,
    children: impl Iterator<Item = &'r Reference> + Clone,
) {
    let present = mask.count_ones() as usize;
    let len = children.clone().map(Reference::rlp_len).sum::<usize>() + 16 - present + 1;
    header(out, LIST, len);
    let mut children = children;
    for nibble in 0..16 {
        match (mask >> nibble & 1 == 1).then(|| children.next()).flatten() {
            Some(child) => child.append(out),
            None => out.push(STRING),
        }
    }
    out.push(STRING);
}
