//! In which order the inputs of a chunk are hashed.
//!
//! Lanes that begin together and are as long as each other end together, and where the
//! longest come first, the lanes are full until shortly before the end. So a chunk is
//! sorted by number of blocks, falling, with one counting pass and one placing pass.

use crate::sponge::RATE;

/// Inputs that are ordered together: enough that a lane idle at the end does not matter,
/// few enough that the order lies on the stack and the inputs stay in the cache.
pub(crate) const CHUNK: usize = 256;

/// From this number of blocks on, inputs count as equally long.
const CLASSES: usize = 32;

/// An input that waits for a lane, and the place of its digest.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) input: &'a [u8],
    pub(crate) place: usize,
}

/// A chunk's jobs, longest first.
pub(crate) struct Order<'a> {
    jobs: [Job<'a>; CHUNK],
    len: usize,
}

impl<'a> Order<'a> {
    /// Orders `len` inputs, at most [`CHUNK`].
    pub(crate) fn new(len: usize, input: impl Fn(usize) -> &'a [u8]) -> Self {
        let mut next = first_places(len, &input);
        let mut jobs = [Job {
            input: &[],
            place: 0,
        }; CHUNK];
        for place in 0..len {
            let input = input(place);
            let next = &mut next[class(input)];
            jobs[*next] = Job { input, place };
            *next += 1;
        }
        Self { jobs, len }
    }

    pub(crate) fn jobs(&self) -> &[Job<'a>] {
        &self.jobs[..self.len]
    }
}

/// For each class, where its first job stands.
fn first_places<'a>(len: usize, input: impl Fn(usize) -> &'a [u8]) -> [usize; CLASSES] {
    let mut places = [0; CLASSES];
    for place in 0..len {
        places[class(input(place))] += 1;
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    places
}

/// The number of blocks, counted from the longest class downwards.
fn class(input: &[u8]) -> usize {
    CLASSES - 1 - (input.len() / RATE).min(CLASSES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_first_and_each_once() {
        let bytes = [0; 10_000];
        let lengths = [0, 135, 136, 10_000, 271, 272, 5_000, 9_999, 1];
        let order = Order::new(lengths.len(), |i| &bytes[..lengths[i]]);
        let places: Vec<_> = order.jobs().iter().map(|job| job.place).collect();
        assert_eq!(places, [3, 6, 7, 5, 2, 4, 0, 1, 8]);
        assert!(
            order
                .jobs()
                .iter()
                .all(|job| job.input.len() == lengths[job.place])
        );
    }
}
