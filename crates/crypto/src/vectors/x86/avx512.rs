//! Eight lanes in AVX-512, and four with the same instructions at half width.

use std::arch::x86_64::{
    __m128i, _mm_cvtsi64_si128, _mm_loadl_epi64, _mm_maskz_loadu_epi8, _mm_or_si128,
    _mm_storel_epi64, _mm512_loadu_si512, _mm512_maskz_loadu_epi8, _mm512_or_si512,
    _mm512_storeu_si512,
};

use crate::vectors::sponge::{Block, PAD_FIRST, PAD_LAST, RATE};

/// Truth tables of the ternary logic.
const XOR3: i32 = 0x96;
const CHI: i32 = 0xD2;

/// The byte after an input, with a block of zeros before and after: read from
/// `RATE - len` on, it is the padding of `len` bytes.
static PADDING: [u8; 2 * RATE] = {
    let mut padding = [0; 2 * RATE];
    padding[RATE] = PAD_FIRST;
    padding
};

/// See `Permutation::pad`: without branches, because lengths cannot be predicted.
#[target_feature(enable = "avx512f,avx512vl,avx512bw")]
pub(super) fn pad<const W: usize>(rests: &[&[u8]; W], blocks: &mut [Block; W]) {
    for (rest, block) in rests.iter().zip(blocks) {
        pad_one(rest, block);
    }
}

#[target_feature(enable = "avx512f,avx512vl,avx512bw")]
#[inline]
fn pad_one(rest: &[u8], block: &mut Block) {
    let padding: &Block = PADDING[RATE - rest.len()..]
        .first_chunk()
        .expect("shorter than a block");
    let (from, padding, to) = (rest.as_ptr(), padding.as_ptr(), block.as_mut_ptr());
    for start in [0, 64] {
        // SAFETY: the mask leaves only bytes of `rest`, and what it hides is not accessed.
        // Padding and block have 136 bytes.
        unsafe {
            let mask = first_bytes(rest.len().saturating_sub(start));
            let input = _mm512_maskz_loadu_epi8(mask, from.wrapping_add(start).cast());
            let padding = _mm512_loadu_si512(padding.add(start).cast());
            _mm512_storeu_si512(to.add(start).cast(), _mm512_or_si512(input, padding));
        }
    }
    // SAFETY: as above; of `rest` less than eight bytes are left.
    unsafe {
        let mask = first_bytes(rest.len().saturating_sub(128)) as u16;
        let input = _mm_maskz_loadu_epi8(mask, from.wrapping_add(128).cast());
        let padding = _mm_or_si128(_mm_loadl_epi64(padding.add(128).cast()), last_byte());
        _mm_storel_epi64(to.add(128).cast(), _mm_or_si128(input, padding));
    }
}

/// A mask of the first bytes of a vector.
fn first_bytes(count: usize) -> u64 {
    !u64::MAX.unbounded_shl(count as u32)
}

/// The last byte of the padding, as the last of eight.
#[target_feature(enable = "sse2")]
#[inline]
fn last_byte() -> __m128i {
    _mm_cvtsi64_si128(i64::from_le_bytes([0, 0, 0, 0, 0, 0, 0, PAD_LAST]))
}

/// Eight lanes.
pub(super) mod eight {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm512_and_si512, _mm512_castsi256_si512, _mm512_inserti64x4,
        _mm512_loadu_si512, _mm512_rol_epi64, _mm512_set1_epi64, _mm512_shuffle_i64x2,
        _mm512_storeu_si512, _mm512_ternarylogic_epi64, _mm512_unpackhi_epi64,
        _mm512_unpacklo_epi64, _mm512_xor_si512,
    };

    use super::{CHI, XOR3};
    use crate::vectors::sponge::{Block, ROUND_CONSTANTS, State, WORDS};
    use crate::vectors::x86::{
        avx2::row_of,
        permutation::{AlignedFrame, permutation},
    };

    permutation!("avx512f", 8, __m512i);

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load(words: &[u64; 8]) -> __m512i {
        // SAFETY: 64 bytes behind a reference; any alignment is allowed.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn store(words: &mut [u64; 8], vector: __m512i) {
        // SAFETY: 64 bytes behind an exclusive reference; any alignment is allowed.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn splat(word: u64) -> __m512i {
        _mm512_set1_epi64(word.cast_signed())
    }

    /// Four words of all blocks, from word `first` on. The halves of a vector come from
    /// two blocks, so chosen that the lanes are in order after two shuffles.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn columns(blocks: &[&Block; 8], first: usize) -> [__m512i; 4] {
        let two = |low: usize, high: usize| -> __m512i {
            let high: __m256i = row_of(blocks[high], first);
            _mm512_inserti64x4::<1>(_mm512_castsi256_si512(row_of(blocks[low], first)), high)
        };
        let rows = [two(0, 2), two(1, 3), two(4, 6), two(5, 7)];
        let even_low = _mm512_unpacklo_epi64(rows[0], rows[1]);
        let odd_low = _mm512_unpackhi_epi64(rows[0], rows[1]);
        let even_high = _mm512_unpacklo_epi64(rows[2], rows[3]);
        let odd_high = _mm512_unpackhi_epi64(rows[2], rows[3]);
        [
            _mm512_shuffle_i64x2::<0x88>(even_low, even_high),
            _mm512_shuffle_i64x2::<0x88>(odd_low, odd_high),
            _mm512_shuffle_i64x2::<0xDD>(even_low, even_high),
            _mm512_shuffle_i64x2::<0xDD>(odd_low, odd_high),
        ]
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn and(a: __m512i, b: __m512i) -> __m512i {
        _mm512_and_si512(a, b)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn xor(a: __m512i, b: __m512i) -> __m512i {
        _mm512_xor_si512(a, b)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_ternarylogic_epi64::<XOR3>(a, b, c)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn chi(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_ternarylogic_epi64::<CHI>(a, b, c)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn rotate<const N: i32>(a: __m512i) -> __m512i {
        _mm512_rol_epi64::<N>(a)
    }
}

/// Four lanes.
pub(super) mod four {
    use std::arch::x86_64::{__m256i, _mm256_rol_epi64, _mm256_ternarylogic_epi64};

    use super::{CHI, XOR3};
    use crate::vectors::sponge::{Block, ROUND_CONSTANTS, State, WORDS};
    use crate::vectors::x86::avx2::{and, columns, load, splat, store, xor};
    use crate::vectors::x86::permutation::{AlignedFrame, permutation};

    permutation!("avx512f,avx512vl", 4, __m256i);

    #[target_feature(enable = "avx512f,avx512vl")]
    #[inline]
    fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_ternarylogic_epi64::<XOR3>(a, b, c)
    }

    #[target_feature(enable = "avx512f,avx512vl")]
    #[inline]
    fn chi(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_ternarylogic_epi64::<CHI>(a, b, c)
    }

    #[target_feature(enable = "avx512f,avx512vl")]
    #[inline]
    fn rotate<const N: i32>(a: __m256i) -> __m256i {
        _mm256_rol_epi64::<N>(a)
    }
}
