//! The permutation, written once for all widths.
//!
//! A module that uses [`permutation`] has a vector type and these functions on it:
//! `load(words, kept)`, `store`, `splat`, `columns` (the same four words of all blocks,
//! one vector for each word), `xor`, `xor3`, `chi` (`a ^ (!b & c)`) and `rotate::<N>`.
//!
//! A round needs 25 vectors for the state, five for the parities of the columns and one
//! or two more: they fit the 32 registers of AVX-512. Theta is applied column by column,
//! so that only one rotated parity is alive at a time; rho, pi and chi are taken together
//! row by row, each row from five words that nothing else needs.

/// A local variable of this type makes the compiler align the stack frame. Without one it
/// puts vectors that do not fit the registers across cache lines, depending on the caller,
/// which made AVX2 up to 1.6 times slower.
#[repr(align(64))]
pub(super) struct AlignedFrame;

/// Defines `absorb` for states of `$width` lanes in `$vector`.
macro_rules! permutation {
    ($features:literal, $width:literal, $vector:ty) => {
        /// See `Permutation::absorb`.
        #[target_feature(enable = $features)]
        pub(crate) fn absorb(
            state: &mut State<$width>,
            kept: &[u64; $width],
            blocks: &[&Block; $width],
        ) {
            std::hint::black_box(&mut AlignedFrame);
            let mut a = load_state(state, kept);
            for (quarter, a) in a[..16].as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let columns = columns(blocks, quarter * 4);
                *a = std::array::from_fn(|i| xor(a[i], columns[i]));
            }
            a[16] = xor(a[16], columns(blocks, 13)[3]);
            for constant in &ROUND_CONSTANTS {
                a = round(a, splat(*constant));
            }
            for (words, a) in state.0.iter_mut().zip(a) {
                store(words, a);
            }
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn load_state(state: &State<$width>, kept: &[u64; $width]) -> [$vector; WORDS] {
            let mut a = [splat(0); WORDS];
            // Where all lanes begin, nothing has to wait for the old state.
            if *kept != [0; $width] {
                let kept = load(kept);
                for (a, words) in a.iter_mut().zip(&state.0) {
                    *a = and(load(words), kept);
                }
            }
            a
        }

        /// Theta, rho, pi, chi, iota (FIPS 202, 3.2). Word `x + 5 * y` is A\[x, y\].
        #[target_feature(enable = $features)]
        #[inline]
        fn round(mut a: [$vector; WORDS], constant: $vector) -> [$vector; WORDS] {
            theta(&mut a);
            let [b0, b1, b2, b3, b4] = row(
                a[0],
                rotate::<44>(a[6]),
                rotate::<43>(a[12]),
                rotate::<21>(a[18]),
                rotate::<14>(a[24]),
            );
            let [b5, b6, b7, b8, b9] = row(
                rotate::<28>(a[3]),
                rotate::<20>(a[9]),
                rotate::<3>(a[10]),
                rotate::<45>(a[16]),
                rotate::<61>(a[22]),
            );
            let [b10, b11, b12, b13, b14] = row(
                rotate::<1>(a[1]),
                rotate::<6>(a[7]),
                rotate::<25>(a[13]),
                rotate::<8>(a[19]),
                rotate::<18>(a[20]),
            );
            let [b15, b16, b17, b18, b19] = row(
                rotate::<27>(a[4]),
                rotate::<36>(a[5]),
                rotate::<10>(a[11]),
                rotate::<15>(a[17]),
                rotate::<56>(a[23]),
            );
            let [b20, b21, b22, b23, b24] = row(
                rotate::<62>(a[2]),
                rotate::<55>(a[8]),
                rotate::<39>(a[14]),
                rotate::<41>(a[15]),
                rotate::<2>(a[21]),
            );
            [
                xor(b0, constant),
                b1,
                b2,
                b3,
                b4,
                b5,
                b6,
                b7,
                b8,
                b9,
                b10,
                b11,
                b12,
                b13,
                b14,
                b15,
                b16,
                b17,
                b18,
                b19,
                b20,
                b21,
                b22,
                b23,
                b24,
            ]
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn theta(a: &mut [$vector; WORDS]) {
            let parity: [$vector; 5] = std::array::from_fn(|x| {
                xor3(a[x], a[x + 5], xor3(a[x + 10], a[x + 15], a[x + 20]))
            });
            for x in 0..5 {
                let left = parity[(x + 4) % 5];
                let right = rotate::<1>(parity[(x + 1) % 5]);
                for y in 0..5 {
                    a[x + 5 * y] = xor3(a[x + 5 * y], left, right);
                }
            }
        }

        /// Chi of one row.
        #[target_feature(enable = $features)]
        #[inline]
        fn row(b0: $vector, b1: $vector, b2: $vector, b3: $vector, b4: $vector) -> [$vector; 5] {
            [
                chi(b0, b1, b2),
                chi(b1, b2, b3),
                chi(b2, b3, b4),
                chi(b3, b4, b0),
                chi(b4, b0, b1),
            ]
        }
    };
}

pub(super) use permutation;
