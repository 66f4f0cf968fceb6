//! Keccak of many inputs at once against one by one.

use super::{
    at,
    figure::{Figure, Target},
};
use crate::{cli::StateBenchArguments, harness::statistics::Times};
use alloy_primitives::{B256, keccak256};
use indicatif::ProgressBar;
use parallax_crypto::{Hasher, keccak256_fixed};
use std::{hint::black_box, time::Instant};

const INPUTS: usize = 2048;

pub(super) fn measure(
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) {
    at(bar, "keccak");
    let inputs: Vec<[u8; 64]> = (0..INPUTS).map(|i| [i as u8; 64]).collect();
    let mut out = vec![B256::ZERO; INPUTS];
    let (mut single, mut batch) = (Vec::new(), Vec::new());
    // The first of each is to warm up.
    for _ in 0..=arguments.runs() * 10 {
        let begun = Instant::now();
        for (out, input) in out.iter_mut().zip(black_box(&inputs)) {
            *out = keccak256(input);
        }
        single.push(begun.elapsed());
        let begun = Instant::now();
        keccak256_fixed(black_box(&inputs), black_box(&mut out));
        batch.push(begun.elapsed());
    }
    let single: Times = single.into_iter().skip(1).collect();
    let batch: Times = batch.into_iter().skip(1).collect();
    let what = format!(
        "64-byte inputs, one core, {:?}, against assembly one by one",
        Hasher::new().backend()
    );
    figures.push(Figure::ratio("keccak", &single, &batch, what).target(Target::AtLeast(2.5)));
}
