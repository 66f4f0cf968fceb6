//! In which order the inputs of a chunk are hashed.
//!
//! They are sorted by number of blocks, longest first, with one counting pass and one
//! placing pass. Inputs with equally many blocks fill whole vectors that begin and end
//! together. What is left of each number shares vectors, again the longest first, so that
//! the lanes are full until shortly before the end:
//!
//! ```text
//! blocks      4            3                        1
//! jobs       [a a a a a a][b b b b b b b b b b b b][c c c c c c c c c]
//! whole                    b b b b b b b b          c c c c c c c c
//! left        a a a a a a  b b b b                  c
//! ```

use super::sponge::RATE;

/// Inputs that are ordered together: enough that a lane idle at the end does not matter,
/// few enough that the order lies on the stack and the inputs stay in the cache.
pub(crate) const CHUNK: usize = 256;

/// Up to this many inputs, preparing the order of a chunk would be seen in the time.
pub(crate) const FEW: usize = 16;

/// The class of an input is `CLASSES` minus its number of blocks. Class 0 has all that are
/// longer: too few, and too long, to be sorted further.
const CLASSES: usize = 32;

/// An input that waits for a lane, and the place of its digest.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) input: &'a [u8],
    pub(crate) place: usize,
}

/// The jobs of up to `ROOM` inputs, longest first.
pub(crate) struct Order<'a, const ROOM: usize> {
    jobs: [Job<'a>; ROOM],
    /// For each class, where its last job ends.
    ends: [usize; CLASSES],
}

impl<'a, const ROOM: usize> Order<'a, ROOM> {
    pub(crate) fn new() -> Self {
        Self {
            jobs: [Job {
                input: &[],
                place: 0,
            }; ROOM],
            ends: [0; CLASSES],
        }
    }

    /// Orders `len` inputs, from one to `ROOM`, instead of those before.
    pub(crate) fn arrange(&mut self, len: usize, input: impl Fn(usize) -> &'a [u8]) {
        let first = class(input(0));
        if (1..len).all(|place| class(input(place)) == first) {
            return self.arrange_equal(first, len, input);
        }
        // While jobs are placed, a class ends where its next job goes.
        self.ends = first_places(len, &input);
        for place in 0..len {
            let input = input(place);
            let end = &mut self.ends[class(input)];
            self.jobs[*end] = Job { input, place };
            *end += 1;
        }
    }

    /// Inputs that are all in one class stay as they are. Counting and placing would wait
    /// for the same counter each time.
    fn arrange_equal(&mut self, class: usize, len: usize, input: impl Fn(usize) -> &'a [u8]) {
        for (place, job) in self.jobs[..len].iter_mut().enumerate() {
            *job = Job {
                input: input(place),
                place,
            };
        }
        self.ends = std::array::from_fn(|other| if other < class { 0 } else { len });
    }

    /// Groups of `W` that have equally many blocks, with that number.
    pub(crate) fn whole<const W: usize>(&self) -> impl Iterator<Item = (usize, &[Job<'a>; W])> {
        let equal = self.classes().enumerate().skip(1);
        equal.flat_map(|(class, jobs)| {
            jobs.as_chunks()
                .0
                .iter()
                .map(move |group| (CLASSES - class, group))
        })
    }

    /// All others, longest first.
    pub(crate) fn left<const W: usize>(&self) -> impl Iterator<Item = Job<'a>> {
        self.classes().enumerate().flat_map(|(class, jobs)| {
            let left = if class == 0 {
                jobs
            } else {
                jobs.as_chunks::<W>().1
            };
            left.iter().copied()
        })
    }

    fn classes(&self) -> impl Iterator<Item = &[Job<'a>]> {
        let mut start = 0;
        self.ends
            .iter()
            .map(move |&end| &self.jobs[std::mem::replace(&mut start, end)..end])
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

fn class(input: &[u8]) -> usize {
    CLASSES.saturating_sub(input.len() / RATE + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged<'a>(bytes: &'a [u8], lengths: &[usize]) -> Order<'a, 20> {
        let mut order = Order::new();
        order.arrange(lengths.len(), |i| &bytes[..lengths[i]]);
        order
    }

    #[test]
    fn longest_first_and_each_once() {
        let bytes = [0; 10_000];
        let lengths = [0, 135, 136, 10_000, 271, 272, 5_000, 9_999, 1];
        let order = arranged(&bytes, &lengths);
        assert_eq!(order.whole::<4>().count(), 0);
        let left: Vec<_> = order.left::<4>().collect();
        assert!(left.iter().all(|job| job.input.len() == lengths[job.place]));
        let places: Vec<_> = left.iter().map(|job| job.place).collect();
        assert_eq!(places, [3, 6, 7, 5, 2, 4, 0, 1, 8]);
    }

    #[test]
    fn groups_have_equally_many_blocks() {
        let bytes = [0; 4_500];
        let lengths = [
            5, 4_500, 300, 135, 4_300, 0, 4_400, 272, 4_216, 7, 407, 4_351, 9,
        ];
        let order = arranged(&bytes, &lengths);
        let whole: Vec<_> = order
            .whole::<2>()
            .map(|(blocks, group)| (blocks, group.map(|job| job.place)))
            .collect();
        // 31 blocks are the longest that make a group.
        assert_eq!(whole, [(3, [2, 7]), (1, [0, 3]), (1, [5, 9])]);
        let left: Vec<_> = order.left::<2>().map(|job| job.place).collect();
        assert_eq!(left, [1, 4, 6, 8, 11, 10, 12]);
    }
}
