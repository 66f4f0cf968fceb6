//! One location's versions: a lock-free list, newest transaction first.
//!
//! ```text
//! Location ─head─▶ Node(index 9) ─next─▶ Node(index 4) ─next─▶ ∅   (then the base value)
//!                    │current              │current
//!                    ▼                     ▼
//!                  Value                   ∅  (incarnation that wrote it was replaced)
//! ```
//!
//! Invariants:
//! - nodes are only ever inserted, and stay sorted by strictly falling index;
//! - a node is inserted and its value replaced only by the thread that runs the
//!   transaction with this index, or by the one that commits it afterwards;
//! - values are immutable; replacing one stores a new pointer with release
//!   ordering, so a reader sees a whole value or the one before.

use crate::{
    arena::Arena,
    memory::Code,
    sync::atomic::{AtomicPtr, Ordering},
    writes::Ref,
};
use alloy_primitives::U256;
use std::ptr;

/// Position in the block's order: protocol changes before the transactions,
/// transactions, protocol changes after them. See [`crate::ids`].
pub(crate) type Index = u32;

/// What a transaction left at a location.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// A storage slot's or a balance's new value.
    Word(U256),
    /// An amount added to a balance, modulo 2^256.
    Delta(U256),
    /// A nonce.
    Nonce(u64),
    /// Code, in an arena of the same block.
    Code(Ref<Code>),
    /// Existence and storage epoch of an account.
    Life(Life),
}

impl Value {
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(a), Self::Word(b)) | (Self::Delta(a), Self::Delta(b)) => a == b,
            (Self::Nonce(a), Self::Nonce(b)) => a == b,
            (Self::Code(a), Self::Code(b)) => a.hash == b.hash,
            (Self::Life(a), Self::Life(b)) => a == b,
            _ => false,
        }
    }
}

/// Existence and storage epoch of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) exists: bool,
    /// Storage written before this index is gone. `None`: nothing is.
    pub(crate) cleared_at: Option<Index>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) index: Index,
    next: AtomicPtr<Node>,
    current: AtomicPtr<Value>,
    /// Some lower node further on, or null: a short cut for long lists. Fixed
    /// before the node is inserted; nodes are never removed, so it stays good.
    jump: *const Node,
    /// Number of nodes below, when this one was inserted in order.
    depth: u32,
}

// SAFETY: `jump` is a shared reference to a node of the same block that never
// changes; everything else is atomic or plain.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    /// The value, if the writer's last incarnation left one.
    #[inline]
    pub(crate) fn value(&self) -> Option<&Value> {
        // SAFETY: values live in arenas of the block and are immutable.
        unsafe { self.current.load(Ordering::Acquire).as_ref() }
    }

    fn jump(&self) -> Option<&Node> {
        // SAFETY: nodes live in arenas of the block; see `Location`.
        unsafe { self.jump.as_ref() }
    }

    /// The node of the newest transaction below this one's.
    #[inline]
    pub(crate) fn next(&self) -> Option<&Node> {
        // SAFETY: nodes live in arenas of the block; see `Location`.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }
}

/// Something that can be read or written, and its versions.
#[derive(Debug, Default)]
pub(crate) struct Location {
    head: AtomicPtr<Node>,
}

impl Location {
    #[inline]
    fn head(&self) -> Option<&Node> {
        // SAFETY: nodes are allocated in arenas of the block that also holds
        // this location, and all of them are cleared together with exclusive
        // access; `&self` keeps them alive.
        unsafe { self.head.load(Ordering::Acquire).as_ref() }
    }

    /// Whether anything was ever written here in this block.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.head.load(Ordering::Acquire).is_null()
    }

    /// Versions below `index`, newest first, without withdrawn ones.
    #[inline]
    pub(crate) fn below(&self, index: Index) -> impl Iterator<Item = (Index, &Value)> {
        std::iter::successors(self.first_below(index), |node| node.next())
            .filter_map(|node| node.value().map(|value| (node.index, value)))
    }

    /// The newest node below `index`.
    #[inline]
    fn first_below(&self, index: Index) -> Option<&Node> {
        let mut node = self.head()?;
        while node.index >= index {
            node = match node.jump() {
                Some(jump) if jump.index >= index => jump,
                _ => node.next()?,
            };
        }
        Some(node)
    }

    /// The newest version below `index`.
    #[inline]
    pub(crate) fn latest(&self, index: Index) -> Option<(Index, &Value)> {
        self.below(index).next()
    }

    /// All nodes, newest first.
    #[inline]
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.head(), |node| node.next())
    }

    /// The node of exactly `index`.
    pub(crate) fn at(&self, index: Index) -> Option<&Node> {
        self.first_below(index.checked_add(1)?)
            .filter(|node| node.index == index)
    }

    /// As [`Location::publish`] for a list that is filled from the lowest index
    /// to the highest, by one thread: finding a version then takes logarithmic
    /// time, with jump pointers as in Myers, "An applicative random-access
    /// stack" (1983).
    ///
    /// Returns the new node, unless the list was not in order.
    pub(crate) fn append<'m>(
        &self,
        index: Index,
        value: &Value,
        nodes: &'m Arena<Node>,
    ) -> Option<&'m Node> {
        let (next, jump, depth) = match self.head() {
            None => (ptr::null(), ptr::null(), 0),
            Some(below) if below.index < index => {
                let far = below.jump().and_then(|jump| Some((jump, jump.jump()?)));
                let jump = match far {
                    Some((jump, further))
                        if below.depth - jump.depth == jump.depth - further.depth =>
                    {
                        further
                    }
                    _ => below,
                };
                (ptr::from_ref(below), ptr::from_ref(jump), below.depth + 1)
            }
            Some(_) => {
                self.publish(index, value, nodes);
                return None;
            }
        };
        let node = nodes.alloc(Node {
            index,
            next: AtomicPtr::new(next.cast_mut()),
            current: AtomicPtr::new(ptr::from_ref(value).cast_mut()),
            jump,
            depth,
        });
        self.head
            .store(ptr::from_ref(node).cast_mut(), Ordering::Release);
        Some(node)
    }

    /// Makes `value` the version of `index`; says whether readers now see
    /// something else than before.
    ///
    /// Only the thread that owns `index` may call this.
    pub(crate) fn publish(&self, index: Index, value: &Value, nodes: &Arena<Node>) -> bool {
        loop {
            let mut link = &self.head;
            let mut next = link.load(Ordering::Acquire);
            // SAFETY: as in `head`.
            while let Some(node) = unsafe { next.as_ref() } {
                if node.index <= index {
                    break;
                }
                link = &node.next;
                next = link.load(Ordering::Acquire);
            }
            // SAFETY: as in `head`.
            if let Some(node) = unsafe { next.as_ref() }.filter(|node| node.index == index) {
                let changed = node.value().is_none_or(|old| !old.same(value));
                node.current
                    .store(ptr::from_ref(value).cast_mut(), Ordering::Release);
                return changed;
            }
            let node = nodes.alloc(Node {
                index,
                next: AtomicPtr::new(next),
                current: AtomicPtr::new(ptr::from_ref(value).cast_mut()),
                jump: ptr::null(),
                depth: 0,
            });
            let inserted = link.compare_exchange(
                next,
                ptr::from_ref(node).cast_mut(),
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if inserted.is_ok() {
                return true;
            }
        }
    }

    /// Removes the version of `index` if it still is `value` (this very object);
    /// says whether it did.
    pub(crate) fn withdraw(&self, index: Index, value: &Value) -> bool {
        self.at(index).is_some_and(|node| {
            node.current
                .compare_exchange(
                    ptr::from_ref(value).cast_mut(),
                    ptr::null_mut(),
                    Ordering::AcqRel,
                    Ordering::Acquire,
                )
                .is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: u64) -> Value {
        Value::Word(U256::from(value))
    }

    fn read(location: &Location, index: Index) -> Option<(Index, u64)> {
        location.latest(index).map(|(index, value)| match value {
            Value::Word(word) => (index, word.to()),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_reader_sees_the_newest_version_below_it() {
        let (nodes, values) = (Arena::default(), Arena::default());
        let location = Location::default();
        for index in [2, 9, 7] {
            assert!(location.publish(index, values.alloc(word(u64::from(index) * 10)), &nodes));
        }
        let fifty = values.alloc(word(50));
        assert!(location.publish(5, fifty, &nodes));
        assert_eq!(read(&location, 2), None);
        assert_eq!(read(&location, 6), Some((5, 50)));
        assert_eq!(read(&location, 100), Some((9, 90)));
        assert!(
            !location.withdraw(5, &word(50)),
            "equal, but another object"
        );
        assert!(location.withdraw(5, fifty));
        assert!(!location.withdraw(5, fifty));
        assert_eq!(read(&location, 6), Some((2, 20)));
        assert!(location.publish(5, values.alloc(word(51)), &nodes));
        assert!(
            !location.publish(5, values.alloc(word(51)), &nodes),
            "same value: unchanged"
        );
        assert_eq!(read(&location, 6), Some((5, 51)));
        let order: Vec<_> = location.nodes().map(|node| node.index).collect();
        assert_eq!(order, [9, 7, 5, 2]);
    }

    #[test]
    fn a_long_list_is_searched_by_jumps() {
        let (nodes, values) = (Arena::default(), Arena::default());
        let location = Location::default();
        for index in 1..500 {
            location.append(index * 2, values.alloc(word(u64::from(index))), &nodes);
        }
        for index in 1..500 {
            let value = u64::from(index);
            assert_eq!(read(&location, index * 2 + 1), Some((index * 2, value)));
            assert_eq!(read(&location, index * 2 + 2), Some((index * 2, value)));
            assert!(location.at(index * 2).is_some() && location.at(index * 2 + 1).is_none());
        }
        assert_eq!(read(&location, 2), None);
        let mut steps = 0;
        let mut node = location.head();
        while let Some(here) = node.filter(|node| node.index > 2) {
            node = here.jump().or_else(|| here.next());
            steps += 1;
        }
        assert!(steps < 30, "{steps}");
    }

    #[test]
    fn writers_on_several_threads_keep_the_order() {
        let location = Location::default();
        let arenas: Vec<_> = (0..3)
            .map(|_| (Arena::default(), Arena::default()))
            .collect();
        let shared = &location;
        std::thread::scope(|scope| {
            for (thread, (nodes, values)) in arenas.into_iter().enumerate() {
                scope.spawn(move || {
                    for index in (thread as u32..60).step_by(3) {
                        shared.publish(index, values.alloc(word(u64::from(index))), &nodes);
                        let seen = read(shared, index + 1).expect("own version");
                        assert_eq!(seen, (index, u64::from(index)));
                    }
                    // The arenas must outlive every reader.
                    std::mem::forget((nodes, values));
                });
            }
        });
        let order: Vec<_> = location.nodes().map(|node| node.index).collect();
        assert_eq!(order, (0..60).rev().collect::<Vec<_>>());
    }
}
