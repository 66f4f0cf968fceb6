//! Four lanes in AVX2.

use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_andnot_si256, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_set1_epi64x, _mm256_slli_epi64, _mm256_srlv_epi64,
    _mm256_storeu_si256, _mm256_unpackhi_epi64, _mm256_unpacklo_epi64, _mm256_xor_si256,
};

use super::permutation::{AlignedFrame, permutation};
use crate::vectors::sponge::{Block, ROUND_CONSTANTS, State, WORDS};

permutation!("avx2", 4, __m256i);

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn load(words: &[u64; 4]) -> __m256i {
    // SAFETY: 32 bytes behind a reference; any alignment is allowed.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn store(words: &mut [u64; 4], vector: __m256i) {
    // SAFETY: 32 bytes behind an exclusive reference; any alignment is allowed.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn splat(word: u64) -> __m256i {
    _mm256_set1_epi64x(word.cast_signed())
}

/// Four words of one block, from word `first` on.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn row_of(block: &Block, first: usize) -> __m256i {
    let bytes: &[u8; 32] = block[8 * first..]
        .first_chunk()
        .expect("four words of the block");
    // SAFETY: 32 bytes behind a reference; any alignment is allowed.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Four words of all blocks, from word `first` on: rows become columns.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn columns(blocks: &[&Block; 4], first: usize) -> [__m256i; 4] {
    let rows: [__m256i; 4] = std::array::from_fn(|lane| row_of(blocks[lane], first));
    let even01 = _mm256_unpacklo_epi64(rows[0], rows[1]);
    let odd01 = _mm256_unpackhi_epi64(rows[0], rows[1]);
    let even23 = _mm256_unpacklo_epi64(rows[2], rows[3]);
    let odd23 = _mm256_unpackhi_epi64(rows[2], rows[3]);
    [
        _mm256_permute2x128_si256::<0x20>(even01, even23),
        _mm256_permute2x128_si256::<0x20>(odd01, odd23),
        _mm256_permute2x128_si256::<0x31>(even01, even23),
        _mm256_permute2x128_si256::<0x31>(odd01, odd23),
    ]
}

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn and(a: __m256i, b: __m256i) -> __m256i {
    _mm256_and_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

/// The last two are taken together first: theta asks five times for the same two.
#[target_feature(enable = "avx2")]
#[inline]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    xor(a, xor(b, c))
}

#[target_feature(enable = "avx2")]
#[inline]
fn chi(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    xor(a, _mm256_andnot_si256(b, c))
}

#[target_feature(enable = "avx2")]
#[inline]
fn rotate<const N: i32>(a: __m256i) -> __m256i {
    // The right shift is by a constant too, which a constant parameter cannot express; the
    // compiler sees it.
    let right = _mm256_srlv_epi64(a, splat(64 - N as u64));
    _mm256_or_si256(_mm256_slli_epi64::<N>(a), right)
}
