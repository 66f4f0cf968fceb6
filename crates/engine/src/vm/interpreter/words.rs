//! Arithmetic of words, with short ways for what contracts mostly have.

use alloy_primitives::U256;

const LIMBS: usize = 4;
const SIGN: u32 = 63;

/// `a / b`, 0 if that is undefined.
pub(super) fn div(a: U256, b: U256) -> U256 {
    match (half(&a), half(&b)) {
        (_, Some(0)) => U256::ZERO,
        (Some(a), Some(b)) => U256::from(quotient(a, b)),
        _ => a.wrapping_div(b),
    }
}

/// `a % b`, 0 if that is undefined.
pub(super) fn rem(a: U256, b: U256) -> U256 {
    match (half(&a), half(&b)) {
        (_, Some(0)) => U256::ZERO,
        (Some(a), Some(b)) => U256::from(a - b * quotient(a, b)),
        _ => a.wrapping_rem(b),
    }
}

fn quotient(a: u128, b: u128) -> u128 {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => u128::from(a / b),
        _ => a / b,
    }
}

/// The word, if it has no more than half of its bits.
#[inline(always)]
fn half(word: &U256) -> Option<u128> {
    let [low, high, 0, 0] = *word.as_limbs() else {
        return None;
    };
    Some(u128::from(high) << 64 | u128::from(low))
}

/// Extends the sign of the lowest `size + 1` bytes.
pub(super) fn sign_extend(size: U256, word: U256) -> U256 {
    if size >= U256::from(31) {
        return word;
    }
    let unused = 248 - 8 * size.as_limbs()[0] as usize;
    sar(U256::from(unused), shl(unused, word))
}

/// Whether `a` is less than `b`, as numbers with a sign.
#[inline(always)]
pub(super) fn signed_less(a: U256, b: U256) -> bool {
    // With the sign bit turned round they are in the order of numbers without one.
    let turn = |word: U256| {
        let mut limbs = word.into_limbs();
        limbs[LIMBS - 1] ^= 1 << SIGN;
        U256::from_limbs(limbs)
    };
    turn(a) < turn(b)
}

/// The byte of `word` at `position`, 0 being the highest.
pub(super) fn byte(position: U256, word: U256) -> U256 {
    match small(&position) {
        Some(position @ ..32) => U256::from(word.byte(31 - position)),
        _ => U256::ZERO,
    }
}

/// By how much to shift: everything from 256 on is the same.
#[inline(always)]
pub(super) fn at_most_256(shift: U256) -> usize {
    small(&shift).unwrap_or(256).min(256)
}

#[inline(always)]
fn small(word: &U256) -> Option<usize> {
    let [low, 0, 0, 0] = *word.as_limbs() else {
        return None;
    };
    usize::try_from(low).ok()
}

/// `word` times two to the power of `shift`, which is 256 at most.
#[inline(always)]
pub(super) fn shl(shift: usize, word: U256) -> U256 {
    let mut limbs = [0; 2 * LIMBS + 1];
    limbs[LIMBS + 1..].copy_from_slice(word.as_limbs());
    let (whole, bits) = (shift / 64, shift % 64);
    U256::from_limbs(std::array::from_fn(|limb| {
        let position = LIMBS + 1 + limb - whole;
        // Shifting by 64 is not defined.
        limbs[position] << bits | limbs[position - 1] >> 1 >> (63 - bits)
    }))
}

/// `word` by two to the power of `shift`, which is 256 at most.
#[inline(always)]
pub(super) fn shr(shift: usize, word: U256) -> U256 {
    shift_right(shift, word, 0)
}

/// [`shr`] that keeps the sign.
pub(super) fn sar(shift: U256, word: U256) -> U256 {
    let is_negative = word.as_limbs()[LIMBS - 1] >> SIGN == 1;
    let sign = if is_negative { u64::MAX } else { 0 };
    shift_right(at_most_256(shift), word, sign)
}

/// `fill` is what comes in from above.
#[inline(always)]
fn shift_right(shift: usize, word: U256, fill: u64) -> U256 {
    let mut limbs = [fill; 2 * LIMBS + 1];
    limbs[..LIMBS].copy_from_slice(word.as_limbs());
    let (whole, bits) = (shift / 64, shift % 64);
    U256::from_limbs(std::array::from_fn(|limb| {
        let position = limb + whole;
        // Shifting by 64 is not defined.
        limbs[position] >> bits | limbs[position + 1] << 1 << (63 - bits)
    }))
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use alloy_primitives::I256;

    /// Words of all shapes.
    fn words() -> Vec<U256> {
        let edges = [0, 1, 2, 31, 32, 63, 64, 127, 128, 191, 192, 254, 255];
        let powers = edges.map(|bit| U256::from(1) << bit);
        let near = |word: &U256| [*word, word.wrapping_sub(U256::from(1)), !*word];
        let mixed = [
            U256::from(0x1234_5678_9abc_def0_u64),
            U256::from(u128::MAX - 12_345),
            U256::MAX / U256::from(7),
        ];
        powers.iter().chain(&mixed).flat_map(near).collect()
    }

    #[test]
    fn divisions_are_those_of_the_library() {
        for a in words() {
            for b in words() {
                let expected = a.checked_div(b).unwrap_or_default();
                assert_eq!(div(a, b), expected, "{a} / {b}");
                let expected = a.checked_rem(b).unwrap_or_default();
                assert_eq!(rem(a, b), expected, "{a} % {b}");
            }
        }
    }

    #[test]
    fn shifts_are_those_of_the_library() {
        for word in words() {
            for shift in 0..=256 {
                assert_eq!(shl(shift, word), word.wrapping_shl(shift), "{word} {shift}");
                assert_eq!(shr(shift, word), word.wrapping_shr(shift), "{word} {shift}");
                let expected = I256::from_raw(word).asr(shift).into_raw();
                assert_eq!(sar(U256::from(shift), word), expected, "{word} {shift}");
            }
            assert_eq!(at_most_256(U256::MAX), 256);
        }
    }

    #[test]
    fn comparisons_see_the_sign() {
        for a in words() {
            for b in words() {
                let expected = I256::from_raw(a) < I256::from_raw(b);
                assert_eq!(signed_less(a, b), expected, "{a} {b}");
            }
        }
    }

    #[test]
    fn bytes_are_counted_from_above() {
        let word = U256::from_be_bytes::<32>(std::array::from_fn(|byte| byte as u8 + 1));
        for position in 0..40u64 {
            let expected = if position < 32 { position + 1 } else { 0 };
            assert_eq!(byte(U256::from(position), word), U256::from(expected));
        }
        assert_eq!(byte(U256::from(1) << 64, word), U256::ZERO);
    }

    #[test]
    fn signs_are_extended() {
        let extend = |size: u64, word: u64| sign_extend(U256::from(size), U256::from(word));
        assert_eq!(extend(0, 0x7f), U256::from(0x7f));
        assert_eq!(extend(0, 0x180), !U256::from(0x7f));
        assert_eq!(extend(1, 0x180), U256::from(0x180));
        assert_eq!(extend(40, 0x180), U256::from(0x180));
        assert_eq!(sign_extend(U256::MAX, U256::MAX), U256::MAX);
    }
}
