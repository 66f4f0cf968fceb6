//! A hash index into a vector, emptied in constant time.

/// Open addressing; entries of older generations count as empty.
#[derive(Debug)]
pub(crate) struct IndexTable {
    slots: Vec<Slot>,
    generation: u32,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    generation: u32,
    index: u32,
    hash: u64,
}

const EMPTY: Slot = Slot {
    generation: 0,
    index: 0,
    hash: 0,
};

impl Default for IndexTable {
    fn default() -> Self {
        Self {
            slots: vec![EMPTY; 64],
            generation: 1,
            len: 0,
        }
    }
}

impl IndexTable {
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.generation = self.generation.wrapping_add(1);
        if self.generation == 0 {
            self.slots.fill(EMPTY);
            self.generation = 1;
        }
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = &self.slots[at];
            if slot.generation != self.generation {
                return None;
            }
            if slot.hash == hash && is_it(slot.index as usize) {
                return Some(slot.index as usize);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds an index that [`IndexTable::find`] does not find.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, index: usize) {
        if self.len * 2 >= self.slots.len() {
            self.grow();
        }
        self.len += 1;
        self.place(Slot {
            generation: self.generation,
            index: index as u32,
            hash,
        });
    }

    fn place(&mut self, new: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = new.hash as usize & mask;
        while self.slots[at].generation == self.generation {
            at = (at + 1) & mask;
        }
        self.slots[at] = new;
    }

    #[cold]
    fn grow(&mut self) {
        let doubled = vec![EMPTY; self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, doubled);
        let generation = self.generation;
        for slot in old.into_iter().filter(|slot| slot.generation == generation) {
            self.place(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_inserted_in_this_generation() {
        let mut table = IndexTable::default();
        for generation in 0..3u64 {
            for i in 0..500usize {
                let hash = (i as u64 % 7) + generation;
                assert_eq!(table.find(hash, |j| j == i), None);
                table.insert(hash, i);
            }
            for i in 0..500usize {
                let hash = (i as u64 % 7) + generation;
                assert_eq!(table.find(hash, |j| j == i), Some(i));
            }
            table.clear();
        }
        table.generation = u32::MAX;
        table.insert(1, 1);
        table.clear();
        assert_eq!(table.find(1, |_| true), None);
    }
}
