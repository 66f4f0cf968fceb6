//! Each worker's own copies of contract code.
//!
//! revm counts references to code with an atomic counter, several times for each
//! call. If workers shared the counter of a popular contract, its cache line
//! would travel between cores all the time; so each worker has its own (the
//! bytes and the jump table behind it are shared).

use alloy_primitives::B256;
use revm::{bytecode::BytecodeKind, primitives::B256Map, state::Bytecode};

/// Code bytes after which a worker's cache is emptied.
const LIMIT: usize = 64 << 20;

/// Code by hash.
#[derive(Debug)]
pub(crate) struct CodeCache {
    codes: B256Map<Bytecode>,
    bytes: usize,
    empty: Bytecode,
}

impl Default for CodeCache {
    fn default() -> Self {
        Self {
            codes: B256Map::default(),
            bytes: 0,
            empty: copy(&Bytecode::default()),
        }
    }
}

impl CodeCache {
    /// The code with this hash: from the cache, or a copy of `known`.
    pub(crate) fn get(&mut self, hash: B256, known: Option<&Bytecode>) -> Option<Bytecode> {
        if let Some(code) = self.codes.get(&hash) {
            return Some(code.clone());
        }
        known.map(|known| self.insert(hash, known))
    }

    /// A copy of `code`, which is kept if it has this hash. The cache outlives blocks
    /// and databases: one that answers with something else must not decide what the
    /// next one's contracts do.
    pub(crate) fn insert(&mut self, hash: B256, code: &Bytecode) -> Bytecode {
        if code.hash_slow() != hash {
            return copy(code);
        }
        self.bytes += code.len();
        if self.bytes > LIMIT {
            self.codes.clear();
            self.bytes = code.len();
        }
        let code = copy(code);
        self.codes.insert(hash, code.clone());
        code
    }

    /// Bytes of memory held: those of the code as well, though a database may hold the
    /// same ones.
    pub(crate) fn capacity_bytes(&self) -> usize {
        self.bytes + self.codes.capacity() * size_of::<(B256, Bytecode)>()
    }

    /// No code.
    pub(crate) fn empty(&self) -> Bytecode {
        self.empty.clone()
    }
}

/// The same code with a reference count of its own.
fn copy(code: &Bytecode) -> Bytecode {
    match (code.kind(), code.legacy_jump_table()) {
        (BytecodeKind::LegacyAnalyzed, Some(jumps)) if !code.is_empty() => {
            // SAFETY: bytes, length and jump table are those of analysed code.
            unsafe { Bytecode::new_analyzed(code.bytecode().clone(), code.len(), jumps.clone()) }
        }
        _ => Bytecode::new_raw(code.original_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, Bytes};

    #[test]
    fn what_is_kept_is_counted() {
        let mut cache = CodeCache::default();
        assert_eq!(cache.capacity_bytes(), 0);
        let code = Bytecode::new_legacy(Bytes::from(vec![0x5b; 1000]));
        cache.insert(B256::repeat_byte(1), &code);
        assert_eq!(cache.capacity_bytes(), 0, "it has another hash");
        cache.insert(code.hash_slow(), &code);
        assert!(cache.capacity_bytes() > 1000);
    }

    #[test]
    fn a_copy_is_equal() {
        let legacy = Bytecode::new_legacy(Bytes::from_static(&[0x60, 1, 0x56, 0x5b, 0x60]));
        let delegation = Bytecode::new_eip7702(Address::repeat_byte(7));
        for code in [legacy, delegation, Bytecode::default()] {
            let copied = copy(&code);
            assert_eq!(copied.kind(), code.kind());
            assert_eq!(copied.original_bytes(), code.original_bytes());
            assert_eq!(copied.bytecode(), code.bytecode());
            assert_eq!(copied.hash_slow(), code.hash_slow());
        }
    }
}
