//! Sorted rows of the store with newer ones over them.

use crate::{
    error::StateError,
    store::{Store, Table, sealed},
};
use std::{iter::Peekable, ops::ControlFlow};

/// Rows in ascending order; a value of `None`: the key is not there.
pub(crate) type Newer<'i, K, V> = Box<dyn Iterator<Item = (K, Option<V>)> + 'i>;

/// How a key and a value are read.
pub(crate) type ReadRow<K, V> = fn(&[u8], &[u8]) -> Result<(K, V), StateError>;

/// Where rows of the store are, and how they are read.
pub(crate) struct Below<'s, S, K, V> {
    pub(crate) store: &'s S,
    pub(crate) table: Table,
    pub(crate) first: &'s [u8],
    pub(crate) last: &'s [u8],
    pub(crate) read: ReadRow<K, V>,
}

/// Calls `each` with all keys and values in ascending order, the earlier of `newer` before
/// the later and those before the store, until it breaks off.
pub(crate) fn merge<S: Store, K: Ord + Copy, V>(
    newer: Vec<Newer<'_, K, V>>,
    below: &Below<'_, S, K, V>,
    each: &mut dyn FnMut(&K, V) -> ControlFlow<()>,
) -> Result<(), StateError> {
    let mut newer = Merged(newer.into_iter().map(Iterator::peekable).collect());
    let mut is_done = false;
    let Below { store, table, .. } = below;
    sealed::scan(*store, *table, below.first, &mut |key, value| {
        if key > below.last {
            return Ok(ControlFlow::Break(()));
        }
        let (key, value) = (below.read)(key, value)?;
        let (step, is_hidden) = newer.until(&key, each);
        let step = match step {
            ControlFlow::Continue(()) if !is_hidden => each(&key, value),
            step => step,
        };
        is_done = step.is_break();
        Ok(step)
    })?;
    if !is_done {
        newer.rest(each);
    }
    Ok(())
}

struct Merged<'i, K, V>(Vec<Peekable<Newer<'i, K, V>>>);

impl<K: Ord + Copy, V> Merged<'_, K, V> {
    fn lowest(&mut self) -> Option<K> {
        let keys = self.0.iter_mut().filter_map(Peekable::peek);
        keys.map(|(key, _)| *key).min()
    }

    /// Takes the key from all, the value from the first that has it.
    fn take(&mut self, key: &K) -> Option<V> {
        let mut taken = None;
        for source in &mut self.0 {
            if let Some((_, value)) = source.next_if(|(of, _)| of == key) {
                taken = taken.or(Some(value));
            }
        }
        taken.flatten()
    }

    /// Everything up to a key of the store, which is hidden if it is among these.
    fn until(
        &mut self,
        key: &K,
        each: &mut dyn FnMut(&K, V) -> ControlFlow<()>,
    ) -> (ControlFlow<()>, bool) {
        while let Some(lowest) = self.lowest().filter(|lowest| lowest <= key) {
            let value = self.take(&lowest);
            let step = value.map_or(ControlFlow::Continue(()), |value| each(&lowest, value));
            if step.is_break() || lowest == *key {
                return (step, true);
            }
        }
        (ControlFlow::Continue(()), false)
    }

    fn rest(&mut self, each: &mut dyn FnMut(&K, V) -> ControlFlow<()>) {
        while let Some(lowest) = self.lowest() {
            let value = self.take(&lowest);
            if value.is_some_and(|value| each(&lowest, value).is_break()) {
                break;
            }
        }
    }
}
