//! A lock-free, insert-only hash table from keys to cells.
//!
//! Buckets are chains through the cells themselves. Pointers to cells have low
//! bits to spare: those of a bucket are a filter that says which cells cannot be
//! in its chain, so that a new key seldom has to look at the cells of others.
//!
//! Two threads that insert the same key at once agree on one cell; the other one
//! stays in its arena, unknown and without versions.

use crate::sync::atomic::{AtomicPtr, Ordering};
use std::ptr;

/// A cell that can be part of a bucket's chain.
pub(crate) trait Chained: Sized {
    /// The next cell of the bucket; written before the cell is published.
    fn chain(&self) -> &AtomicPtr<Self>;
}

/// Buckets; the cells are in arenas.
#[derive(Debug)]
pub(crate) struct Table<C> {
    buckets: Box<[AtomicPtr<C>]>,
    /// How many buckets this block uses; a power of two.
    used: usize,
}

impl<C> Default for Table<C> {
    fn default() -> Self {
        Self {
            buckets: Box::default(),
            used: 0,
        }
    }
}

impl<C: Chained> Table<C> {
    /// Forgets all cells and prepares for about `cells` new ones.
    ///
    /// With exclusive access, so nobody is reading; must happen whenever the
    /// arenas that hold the cells are cleared.
    pub(crate) fn reset(&mut self, cells: usize) {
        for bucket in &mut self.buckets[..self.used] {
            *bucket = AtomicPtr::default();
        }
        self.used = cells.next_power_of_two().clamp(256, 1 << 20);
        if self.buckets.len() < self.used {
            self.buckets = (0..self.used).map(|_| AtomicPtr::default()).collect();
        }
    }

    /// Bytes of memory held.
    pub(crate) fn capacity_bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    /// Brings the bucket of `hash` near, for a use that is to come; says what is
    /// in it so that the look is not optimised away.
    #[inline]
    pub(crate) fn peek(&self, hash: u64) -> *mut C {
        self.bucket(hash).load(Ordering::Relaxed)
    }

    /// The cell with this `hash` for which `is_it` holds, or the one that `make`
    /// allocates.
    #[inline]
    pub(crate) fn intern<'m>(
        &'m self,
        hash: u64,
        is_it: impl Fn(&C) -> bool,
        make: impl FnOnce() -> &'m C,
    ) -> &'m C {
        let bucket = self.bucket(hash);
        let own_bit = Self::filter_bit(hash);
        let mut tagged = bucket.load(Ordering::Acquire);
        let (mut first, mut filter) = Self::untag(tagged);
        if filter & own_bit != 0
            && let Some(cell) = Self::find(first, ptr::null_mut(), &is_it)
        {
            return cell;
        }
        let cell = make();
        loop {
            cell.chain().store(first, Ordering::Relaxed);
            let new = ptr::from_ref(cell)
                .cast_mut()
                .map_addr(|address| address | filter | own_bit);
            match bucket.compare_exchange(tagged, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return cell,
                Err(newer) => {
                    let (newer_first, newer_filter) = Self::untag(newer);
                    if let Some(theirs) = Self::find(newer_first, first, &is_it) {
                        return theirs;
                    }
                    (tagged, first, filter) = (newer, newer_first, newer_filter);
                }
            }
        }
    }

    fn bucket(&self, hash: u64) -> &AtomicPtr<C> {
        // The high bits select, so that tables of all sizes use mixed bits.
        &self.buckets[(hash >> 40) as usize & (self.used - 1)]
    }

    /// The bits of an address that alignment leaves free.
    const FILTER: usize = align_of::<C>() - 1;

    /// The bit of a filter that stands for `hash`.
    fn filter_bit(hash: u64) -> usize {
        1 << ((hash & 0xffff) % u64::from(align_of::<C>().trailing_zeros()))
    }

    /// The first cell of a bucket's chain, and its filter.
    fn untag(tagged: *mut C) -> (*mut C, usize) {
        let filter = tagged.addr() & Self::FILTER;
        (tagged.map_addr(|address| address & !Self::FILTER), filter)
    }

    /// Searches the chain from `from` up to, not including, `until`.
    #[inline]
    fn find<'m>(from: *mut C, until: *mut C, is_it: &impl Fn(&C) -> bool) -> Option<&'m C> {
        let mut next = from;
        while next != until {
            // SAFETY: cells in buckets live in arenas of the block and `reset`
            // forgets them (with exclusive access) before those are cleared.
            let cell = unsafe { &*next };
            if is_it(cell) {
                return Some(cell);
            }
            next = cell.chain().load(Ordering::Acquire);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Arena;

    #[derive(Debug)]
    struct Cell {
        key: u64,
        chain: AtomicPtr<Cell>,
    }

    impl Chained for Cell {
        fn chain(&self) -> &AtomicPtr<Self> {
            &self.chain
        }
    }

    fn intern<'m>(table: &'m Table<Cell>, arena: &'m Arena<Cell>, key: u64, hash: u64) -> &'m Cell {
        table.intern(
            hash,
            |cell| cell.key == key,
            || {
                arena.alloc(Cell {
                    key,
                    chain: AtomicPtr::default(),
                })
            },
        )
    }

    #[test]
    fn keys_with_equal_hashes_stay_apart() {
        let mut table = Table::default();
        table.reset(10);
        let arena = Arena::default();
        let cells: Vec<_> = (0..100)
            .map(|key| intern(&table, &arena, key, 7 << 40))
            .collect();
        for (key, cell) in cells.iter().enumerate() {
            assert_eq!(cell.key, key as u64);
            assert!(ptr::eq(*cell, intern(&table, &arena, key as u64, 7 << 40)));
        }
    }

    #[test]
    fn threads_agree_on_one_cell_for_each_key() {
        let mut table = Table::default();
        table.reset(10);
        let table = &table;
        let seen: Vec<Vec<usize>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let arena = Box::leak(Box::new(Arena::default()));
                        (0..50u64)
                            .map(|key| ptr::from_ref(intern(table, arena, key, key << 40)).addr())
                            .collect()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn reset_forgets_everything() {
        let mut table = Table::default();
        table.reset(10);
        let mut arena = Arena::default();
        intern(&table, &arena, 1, 1 << 40);
        table.reset(1000);
        arena.clear();
        let cell = intern(&table, &arena, 1, 1 << 40);
        assert!(cell.chain.load(Ordering::Relaxed).is_null());
    }
}
