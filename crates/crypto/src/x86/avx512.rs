//! Eight lanes in AVX-512, and four with the same instructions at half width.

use std::arch::x86_64::{
    __m512i, _mm_mask_mov_epi8, _mm_maskz_loadu_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    _mm_storel_epi64, _mm512_mask_mov_epi8, _mm512_maskz_loadu_epi8, _mm512_set1_epi8,
    _mm512_storeu_si512,
};

use crate::sponge::{Block, PAD_FIRST, PAD_LAST, RATE};

/// Truth tables of the ternary logic.
const XOR3: i32 = 0x96;
const CHI: i32 = 0xD2;

/// See `Permutation::pad`: without branches, because lengths cannot be predicted.
#[target_feature(enable = "avx512f,avx512vl,avx512bw")]
pub(super) fn pad(rest: &[u8], block: &mut Block) {
    assert!(rest.len() < RATE, "a last block has room for its padding");
    let from = rest.as_ptr();
    let to = block.as_mut_ptr();
    let first = _mm512_set1_epi8(PAD_FIRST.cast_signed());
    for start in [0, 64] {
        let (bytes, end) = masks(rest.len(), start);
        // SAFETY: the mask leaves only bytes of `rest`, and what it hides is not accessed.
        let input = unsafe { _mm512_maskz_loadu_epi8(bytes, from.wrapping_add(start).cast()) };
        let padded: __m512i = _mm512_mask_mov_epi8(input, end, first);
        // SAFETY: 128 of the block's 136 bytes, in two parts.
        unsafe { _mm512_storeu_si512(to.add(start).cast(), padded) };
    }
    let (bytes, end) = masks(rest.len(), 128);
    // SAFETY: as above; less than eight bytes are left.
    let input = unsafe { _mm_maskz_loadu_epi8(bytes as u16, from.wrapping_add(128).cast()) };
    let padded = _mm_mask_mov_epi8(input, end as u16, _mm_set1_epi8(PAD_FIRST.cast_signed()));
    let last = _mm_set_epi64x(0, i64::from_be_bytes([PAD_LAST, 0, 0, 0, 0, 0, 0, 0]));
    // SAFETY: the last eight of the block's 136 bytes.
    unsafe { _mm_storel_epi64(to.add(128).cast(), _mm_or_si128(padded, last)) };
}

/// Of the 64 bytes from `start` on: which are input, and which is the first after it.
fn masks(len: usize, start: usize) -> (u64, u64) {
    let inside = len.saturating_sub(start) as u32;
    let bytes = !u64::MAX.unbounded_shl(inside);
    let end = if len < start {
        0
    } else {
        1_u64.unbounded_shl(inside)
    };
    (bytes, end)
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
    use crate::sponge::{Block, ROUND_CONSTANTS, State, WORDS};
    use crate::x86::{avx2::row_of, permutation::permutation};

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
    use crate::sponge::{Block, ROUND_CONSTANTS, State, WORDS};
    use crate::x86::avx2::{and, columns, load, splat, store, xor};
    use crate::x86::permutation::permutation;

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
