//! Arenas: memory that grows during a block and is dropped whole at its end.
//!
//! One worker fills an arena; the references that it hands out may be read by
//! every worker. Values never move, so references stay good until [`Arena::clear`],
//! which needs exclusive access and therefore cannot run while any is alive.

use std::{
    cell::{Cell, UnsafeCell},
    fmt,
    mem::MaybeUninit,
    ptr::NonNull,
};

const FIRST_CHUNK: usize = 64;
const LARGEST_CHUNK: usize = 8192;

/// A growing sequence of `T` whose elements keep their addresses.
///
/// Invariant: the first `len` elements of each chunk are initialised.
pub(crate) struct Arena<T> {
    chunks: UnsafeCell<Vec<Chunk<T>>>,
    /// The chunk being filled; those before it are as full as they will get.
    current: Cell<usize>,
}

struct Chunk<T> {
    start: NonNull<MaybeUninit<T>>,
    capacity: usize,
    len: usize,
}

// SAFETY: an arena owns its elements and is used by one thread at a time.
unsafe impl<T: Send> Send for Arena<T> {}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            chunks: UnsafeCell::new(Vec::new()),
            current: Cell::new(0),
        }
    }
}

impl<T> fmt::Debug for Arena<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").finish_non_exhaustive()
    }
}

impl<T> Arena<T> {
    /// Stores `value` until the arena is cleared.
    #[inline]
    pub(crate) fn alloc(&self, value: T) -> &T {
        let slot = self.reserve(1);
        // SAFETY: `reserve` returned one uninitialised element that nobody else
        // knows of.
        unsafe {
            slot.write(MaybeUninit::new(value));
            &*slot.cast::<T>()
        }
    }

    /// Stores a copy of `values`, contiguously.
    #[inline]
    pub(crate) fn alloc_slice(&self, values: &[T]) -> &[T]
    where
        T: Copy,
    {
        if values.is_empty() {
            return &[];
        }
        let start = self.reserve(values.len()).cast::<T>();
        // SAFETY: `reserve` returned `values.len()` uninitialised contiguous
        // elements that nobody else knows of; `T: Copy`.
        unsafe {
            std::ptr::copy_nonoverlapping(values.as_ptr(), start, values.len());
            std::slice::from_raw_parts(start, values.len())
        }
    }

    /// Claims `count` contiguous elements; the caller initialises all of them
    /// before anything else happens to the arena.
    #[inline]
    fn reserve(&self, count: usize) -> *mut MaybeUninit<T> {
        // SAFETY: the arena is not `Sync` and no reference into `chunks` (the
        // vector, not the elements) outlives this call.
        let chunks = unsafe { &mut *self.chunks.get() };
        loop {
            if let Some(chunk) = chunks.get_mut(self.current.get()) {
                if chunk.capacity - chunk.len >= count {
                    // SAFETY: within the chunk's allocation.
                    let slot = unsafe { chunk.start.as_ptr().add(chunk.len) };
                    chunk.len += count;
                    return slot;
                }
                self.current.set(self.current.get() + 1);
            } else {
                let doubled = FIRST_CHUNK << chunks.len().min(7);
                chunks.push(Chunk::new(doubled.min(LARGEST_CHUNK).max(count)));
                self.current.set(chunks.len() - 1);
            }
        }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: as in `reserve`.
        let chunks = unsafe { &*self.chunks.get() };
        chunks.iter().map(|chunk| chunk.len).sum()
    }

    /// The elements, oldest first. Those that are added meanwhile may be missing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..).map_while(|index| self.chunk(index)).flatten()
    }

    /// The elements of a chunk, if there is one of this number.
    #[inline]
    fn chunk(&self, index: usize) -> Option<&[T]> {
        // SAFETY: as in `reserve`: this reference, too, ends here, so that the vector
        // may grow before the next chunk is asked for.
        let chunk = unsafe { &*self.chunks.get() }.get(index)?;
        let start = chunk.start.as_ptr().cast::<T>();
        // SAFETY: the first `len` elements are initialised, and never move. They are
        // only ever lent shared, until `clear` and `drop`, which need the arena alone.
        Some(unsafe { std::slice::from_raw_parts(start, chunk.len) })
    }

    /// Drops all elements and keeps the memory for the next block.
    pub(crate) fn clear(&mut self) {
        for chunk in self.chunks.get_mut() {
            chunk.clear();
        }
        self.current.set(0);
    }

    /// Bytes of memory held.
    pub(crate) fn capacity_bytes(&self) -> usize {
        // SAFETY: as in `reserve`.
        let chunks = unsafe { &*self.chunks.get() };
        chunks
            .iter()
            .map(|chunk| chunk.capacity * size_of::<T>())
            .sum()
    }
}

impl<T> Drop for Arena<T> {
    fn drop(&mut self) {
        for chunk in self.chunks.get_mut() {
            chunk.clear();
            let slice = std::ptr::slice_from_raw_parts_mut(chunk.start.as_ptr(), chunk.capacity);
            // SAFETY: the chunk came from `Box::into_raw` of a slice of this
            // length and is freed once.
            drop(unsafe { Box::from_raw(slice) });
        }
    }
}

impl<T> Chunk<T> {
    fn new(capacity: usize) -> Self {
        let memory: Box<[MaybeUninit<T>]> = Box::new_uninit_slice(capacity);
        let start = NonNull::from(Box::leak(memory)).cast();
        Self {
            start,
            capacity,
            len: 0,
        }
    }

    fn clear(&mut self) {
        let len = std::mem::take(&mut self.len);
        if std::mem::needs_drop::<T>() {
            let slice = std::ptr::slice_from_raw_parts_mut(self.start.as_ptr().cast::<T>(), len);
            // SAFETY: these elements are initialised, no reference to them is
            // alive (exclusive access), and `len` is already 0.
            unsafe { std::ptr::drop_in_place(slice) };
        }
    }
}

/// One `T` for each worker, used by one thread at a time each.
#[derive(Debug)]
pub(crate) struct PerWorker<T>(Box<[Padded<T>]>);

#[derive(Debug)]
#[repr(align(128))]
struct Padded<T>(T);

// SAFETY: `get` demands that each element is used by one thread at a time, so it is
// as good as sent from one to the next. What elements lend to others (references into
// arenas) is up to the types in them.
unsafe impl<T: Send> Sync for PerWorker<T> {}

impl<T> PerWorker<T> {
    pub(crate) fn new(workers: usize, make: impl FnMut(usize) -> T) -> Self {
        Self((0..workers).map(make).map(Padded).collect())
    }

    /// The element of `worker`.
    ///
    /// # Safety
    /// No other thread uses this element at the same time.
    #[inline]
    pub(crate) unsafe fn get(&self, worker: usize) -> &T {
        &self.0[worker].0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|padded| &mut padded.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn references_stay_valid_while_the_arena_grows() {
        let arena = Arena::default();
        let numbers: Vec<&u64> = (0..1000).map(|i| arena.alloc(i)).collect();
        let slice = arena.alloc_slice(&[7; 9000]);
        assert_eq!(slice.len(), 9000);
        assert!(numbers.iter().enumerate().all(|(i, n)| **n == i as u64));
        assert_eq!(
            arena.iter().take(1000).copied().collect::<Vec<_>>(),
            (0..1000).collect::<Vec<_>>()
        );
    }

    /// The vector of chunks once stayed borrowed between two elements.
    #[test]
    fn the_arena_may_grow_while_it_is_iterated() {
        let arena = Arena::default();
        (0..100u64).for_each(|number| _ = arena.alloc(number));
        let mut seen = Vec::new();
        for number in arena.iter().take(100) {
            seen.push(*number);
            arena.alloc_slice(&[*number; 1000]);
        }
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        assert_eq!(arena.iter().count(), arena.len());
    }

    #[test]
    fn clearing_drops_the_elements_and_keeps_the_memory() {
        let witness = Rc::new(());
        let mut arena = Arena::default();
        for _ in 0..300 {
            arena.alloc(Rc::clone(&witness));
        }
        let bytes = arena.capacity_bytes();
        arena.clear();
        assert_eq!(Rc::strong_count(&witness), 1);
        for _ in 0..300 {
            arena.alloc(Rc::clone(&witness));
        }
        assert_eq!(arena.capacity_bytes(), bytes);
        drop(arena);
        assert_eq!(Rc::strong_count(&witness), 1);
    }
}
