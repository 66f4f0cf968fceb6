//! What the given access list wants of each transaction.
//!
//! The versions of a location are a list by transaction; here the same versions are
//! a list for each transaction, so that comparing what one wrote needs no search in
//! the long lists of places that everybody writes to.
//!
//! ```text
//! transaction 0 ─first─▶ balance of A ─▶ nonce of A ─▶ slot 3 of B ─▶ ∅
//! transaction 1 ─first─▶ ...                               │node
//!                                                          ▼
//!                                     versions of slot 3 of B: ... ─▶ Node ─▶ ...
//! ```

use crate::{
    arena::Arena,
    ids::index_of,
    memory::Node,
    sync::atomic::{AtomicPtr, AtomicU32, Ordering},
    writes::{Ref, Target},
};
use std::ptr;

/// Changes up to which they are looked through one by one.
const FEW: u32 = 24;

/// A change that the list has for a transaction.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Where; see [`Target::identity`].
    place: usize,
    node: Ref<Node>,
    next: *const Listed,
}

// SAFETY: `next` is a shared reference to an entry of the same block, fixed before
// this one is inserted.
unsafe impl Send for Listed {}
// SAFETY: as above.
unsafe impl Sync for Listed {}

/// The changes of one transaction, in no order.
#[derive(Debug, Default)]
pub(crate) struct ListedChanges {
    first: AtomicPtr<Listed>,
    count: AtomicU32,
}

impl ListedChanges {
    /// Adds a change, of which `node` is the version, if that is known.
    pub(super) fn add(&self, target: &Target, node: Option<&Node>, arena: &Arena<Listed>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let Some(node) = node else {
            // It will be searched for.
            return;
        };
        let mut first = self.first.load(Ordering::Relaxed);
        let entry = |next| Listed {
            place: target.identity(),
            // SAFETY: nodes live in arenas of the block, as this entry does.
            node: unsafe { Ref::new(node) },
            next,
        };
        let mut new = arena.alloc(entry(first));
        while let Err(other) = self.first.compare_exchange(
            first,
            ptr::from_ref(new).cast_mut(),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            first = other;
            new = arena.alloc(entry(first));
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// The version that transaction `tx`, whose changes these are, should leave.
    pub(super) fn node<'t>(&self, tx: usize, target: &'t Target) -> Option<&'t Node> {
        if self.count() > FEW {
            return target.location().at(index_of(tx));
        }
        let place = target.identity();
        // SAFETY: entries live in an arena of the block, as `target` does.
        let mut entry = unsafe { self.first.load(Ordering::Acquire).as_ref::<'t>() };
        while let Some(listed) = entry {
            if listed.place == place {
                return Some(&*listed.node);
            }
            // SAFETY: as above.
            entry = unsafe { listed.next.as_ref() };
        }
        target.location().at(index_of(tx))
    }
}
