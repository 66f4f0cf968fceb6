//! What all backends agree on: the sponge of Keccak-256 with its state in lanes.
//!
//! Keccak-256 is Keccak\[c = 512\] with 256 bits of output and the padding of the
//! original submission: `pad10*1` without the two domain bits that FIPS 202 added. The
//! state is 25 words, of which a block covers the first 17. With `W` lanes, word `i` of
//! all `W` sponges lies side by side:
//!
//! ```text
//!            lane 0   lane 1   ...  lane W-1
//! word 0     [ .        .      ...    .   ]   one vector
//! word 1     [ .        .      ...    .   ]
//! ...
//! word 24    [ .        .      ...    .   ]
//! ```

use alloy_primitives::B256;

/// Bytes that one permutation absorbs.
pub(crate) const RATE: usize = 136;

/// Words of the state.
pub(crate) const WORDS: usize = 25;

/// Padding: the byte after the input, and the last of the block (together if they meet).
pub(crate) const PAD_FIRST: u8 = 0x01;
pub(crate) const PAD_LAST: u8 = 0x80;

/// The constants of the step iota (FIPS 202, 3.2.5).
pub(crate) static ROUND_CONSTANTS: [u64; 24] = round_constants();

/// What one permutation absorbs, in one lane.
pub(crate) type Block = [u8; RATE];

/// The states of `W` sponges, word by word.
#[repr(C, align(64))]
pub(crate) struct State<const W: usize>(pub(crate) [[u64; W]; WORDS]);

impl<const W: usize> State<W> {
    pub(crate) const fn new() -> Self {
        Self([[0; W]; WORDS])
    }

    /// The first 256 bits of a lane.
    pub(crate) fn digest(&self, lane: usize) -> B256 {
        let mut digest = B256::ZERO;
        for (bytes, word) in digest.0.as_chunks_mut::<8>().0.iter_mut().zip(&self.0) {
            *bytes = word[lane].to_le_bytes();
        }
        digest
    }
}

/// The permutation in `W` lanes. Whoever has a value of such a type may use the
/// instructions that it needs.
pub(crate) trait Permutation<const W: usize>: Copy {
    /// Absorbs one block in each lane: xors it into the state and permutes. A lane whose
    /// `kept` is zero begins with an empty state; the others have all bits set.
    fn absorb(self, state: &mut State<W>, kept: &[u64; W], blocks: &[&Block; W]);

    /// Writes the last blocks of inputs: the rest of each, shorter than a block, and the
    /// padding.
    fn pad(self, rests: &[&[u8]; W], blocks: &mut [Block; W]) {
        for (rest, block) in rests.iter().zip(blocks) {
            pad(rest, block);
        }
    }
}

/// See [`Permutation::pad`].
pub(crate) fn pad(rest: &[u8], block: &mut Block) {
    *block = [0; RATE];
    copy_short(rest, block);
    block[rest.len()] = PAD_FIRST;
    block[RATE - 1] |= PAD_LAST;
}

/// Copies less than a block. A call of `memcpy` would cost as much as the rest of the
/// padding: pieces of constant size are copied instead, and the last may overlap.
fn copy_short(from: &[u8], to: &mut Block) {
    match from.len() {
        32.. => copy_pieces::<32>(from, to),
        8.. => copy_pieces::<8>(from, to),
        _ => to[..from.len()]
            .iter_mut()
            .zip(from)
            .for_each(|(to, from)| *to = *from),
    }
}

fn copy_pieces<const SIZE: usize>(from: &[u8], to: &mut Block) {
    for (from, to) in from
        .as_chunks::<SIZE>()
        .0
        .iter()
        .zip(to.as_chunks_mut::<SIZE>().0)
    {
        *to = *from;
    }
    let last = from.len() - SIZE;
    to[last..last + SIZE].copy_from_slice(&from[last..]);
}

/// The bits that the linear feedback shift register of FIPS 202, algorithm 5, puts at
/// the positions 2^j - 1.
const fn round_constants() -> [u64; 24] {
    let mut constants = [0; 24];
    let mut register = 1_u8;
    let mut round = 0;
    while round < 24 {
        let mut j = 0;
        while j < 7 {
            if register & 1 == 1 {
                constants[round] |= 1 << ((1 << j) - 1);
            }
            let carry = register >> 7;
            register = (register << 1) ^ (carry * 0x71);
            j += 1;
        }
        round += 1;
    }
    constants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_the_reference() {
        assert_eq!(ROUND_CONSTANTS[..3], [1, 0x8082, 0x8000_0000_0000_808A]);
        assert_eq!(ROUND_CONSTANTS[22..], [0x8000_0001, 0x8000_0000_8000_8008]);
    }

    #[test]
    fn padding_of_every_length() {
        let input: Vec<u8> = (1..=RATE as u8).collect();
        let mut block = [0xFF; RATE];
        for len in 0..RATE {
            pad(&input[..len], &mut block);
            let mut expected = [0; RATE];
            expected[..len].copy_from_slice(&input[..len]);
            expected[len] = 1;
            expected[RATE - 1] |= 0x80;
            assert_eq!(block, expected, "{len} bytes");
        }
    }
}
