//! Short slices of one type, in one allocation for each length.

use std::{marker::PhantomData, ops::Range};

/// A slice in a [`Pool`]; whoever holds it knows how long it is.
#[derive(Debug)]
pub(crate) struct Slice<T> {
    start: u32,
    of: PhantomData<T>,
}

impl<T> Clone for Slice<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slice<T> {}

impl<T> Slice<T> {
    const fn at(start: u32) -> Self {
        Self {
            start,
            of: PhantomData,
        }
    }
}

/// Longest slice.
const MOST: usize = 16;

/// Slices of up to 16 elements.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    /// By length.
    classes: [Class<T>; MOST],
}

#[derive(Debug)]
struct Class<T> {
    elements: Vec<T>,
    /// Numbers of slices that are free.
    free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        let class = |_| Class {
            elements: Vec::new(),
            free: Vec::new(),
        };
        Self {
            classes: std::array::from_fn(class),
        }
    }
}

impl<T: Copy> Pool<T> {
    /// Keeps a copy of `elements`.
    pub(crate) fn insert(&mut self, elements: &[T]) -> Slice<T> {
        let Some(class) = elements.len().checked_sub(1) else {
            return Slice::at(0);
        };
        let class = &mut self.classes[class];
        if let Some(number) = class.free.pop() {
            let range = range(number, elements.len());
            class.elements[range].copy_from_slice(elements);
            return Slice::at(number);
        }
        let number = class.elements.len() / elements.len();
        class.elements.extend_from_slice(elements);
        Slice::at(u32::try_from(number).expect("four billion slices do not fit into memory"))
    }

    pub(crate) fn get(&self, slice: Slice<T>, len: usize) -> &[T] {
        match len.checked_sub(1) {
            None => &[],
            Some(class) => &self.classes[class].elements[range(slice.start, len)],
        }
    }

    pub(crate) fn get_mut(&mut self, slice: Slice<T>, len: usize) -> &mut [T] {
        match len.checked_sub(1) {
            None => &mut [],
            Some(class) => &mut self.classes[class].elements[range(slice.start, len)],
        }
    }

    pub(crate) fn remove(&mut self, slice: Slice<T>, len: usize) {
        if let Some(class) = len.checked_sub(1) {
            self.classes[class].free.push(slice.start);
        }
    }

    /// Puts `elements` in the place of a slice of `len`, which is gone then.
    pub(crate) fn replace(&mut self, slice: Slice<T>, len: usize, elements: &[T]) -> Slice<T> {
        if elements.len() == len {
            self.get_mut(slice, len).copy_from_slice(elements);
            return slice;
        }
        self.remove(slice, len);
        self.insert(elements)
    }

    /// Bytes of memory held.
    pub(crate) fn capacity_bytes(&self) -> usize {
        let class = |class: &Class<T>| {
            class.elements.capacity() * size_of::<T>() + class.free.capacity() * size_of::<u32>()
        };
        self.classes.iter().map(class).sum()
    }
}

fn range(number: u32, len: usize) -> Range<usize> {
    let start = number as usize * len;
    start..start + len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_kept_by_length_and_used_again() {
        let mut pool = Pool::default();
        let (one, three) = (pool.insert(&[7]), pool.insert(&[1, 2, 3]));
        let other = pool.insert(&[4, 5, 6]);
        assert_eq!(
            (pool.get(one, 1), pool.get(three, 3)),
            (&[7][..], &[1, 2, 3][..])
        );
        pool.remove(three, 3);
        let again = pool.insert(&[8, 9, 10]);
        assert_eq!(again.start, three.start);
        assert_eq!(
            (pool.get(again, 3), pool.get(other, 3)),
            (&[8, 9, 10][..], &[4, 5, 6][..])
        );
        let longer = pool.replace(again, 3, &[0; 16]);
        assert_eq!(pool.get(longer, 16), [0; 16]);
        let empty = pool.insert(&[]);
        assert!(pool.get(empty, 0).is_empty());
        assert!(pool.capacity_bytes() >= 20 * size_of::<i32>());
    }
}
