//! KECCAK256 with a memory.
//!
//! Solidity hashes `key . slot` (64 bytes) for each access of a mapping, and the
//! same pairs again and again. A direct-mapped table for each worker
//! answers most of them. Keys are compared in full.

use super::Ctx;
use alloy_primitives::{B256, keccak256 as keccak};
use revm::{
    DatabaseRef,
    context_interface::{Cfg, ContextTr},
    interpreter::{
        InstructionContext, InstructionExecResult, InstructionResult,
        interpreter::{EthInterpreter, resize_memory},
    },
    primitives::KECCAK_EMPTY,
};

/// 2 MiB for each worker: an entry that has to come from the last-level cache is
/// still several times faster than the hash.
const ENTRIES: usize = 1 << BITS;
const BITS: u32 = 14;
const LONGEST: usize = 64;

#[derive(Clone, Copy, Debug)]
#[repr(align(128))]
struct Entry {
    input: [u64; LONGEST / 8],
    hash: B256,
    /// 0: empty.
    len: u32,
}

/// Hashes of recent short inputs.
#[derive(Debug)]
pub(crate) struct KeccakCache(Box<[Entry]>);

impl Default for KeccakCache {
    fn default() -> Self {
        let empty = Entry {
            input: [0; LONGEST / 8],
            hash: B256::ZERO,
            len: 0,
        };
        Self(vec![empty; ENTRIES].into_boxed_slice())
    }
}

impl KeccakCache {
    /// Bytes of memory held.
    pub(crate) fn capacity_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    pub(crate) fn hash(&mut self, input: &[u8]) -> B256 {
        let len = input.len();
        if len == 0 {
            return KECCAK_EMPTY;
        }
        // Shorter inputs than a word are rare and not worth the padding.
        if !matches!(len, 32 | 64) {
            return keccak(input);
        }
        let mut words = [0u64; LONGEST / 8];
        for (word, bytes) in words.iter_mut().zip(input.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        let entry = &mut self.0[bucket(&words)];
        if entry.len as usize != len || entry.input != words {
            *entry = Entry {
                input: words,
                hash: keccak(input),
                len: len as u32,
            };
        }
        entry.hash
    }
}

#[inline]
fn bucket(words: &[u64; LONGEST / 8]) -> usize {
    let mut mixed = 0u64;
    for pair in words.chunks_exact(2) {
        let product = u128::from(pair[0] ^ 0x9e37_79b9_7f4a_7c15)
            * u128::from(pair[1] ^ mixed ^ 0xd6e8_feb8_6659_fd93);
        mixed = (product as u64) ^ ((product >> 64) as u64);
    }
    (mixed >> (64 - BITS)) as usize
}

/// The KECCAK256 instruction; same semantics and gas as revm's.
pub(super) fn keccak256<DB: DatabaseRef>(
    context: InstructionContext<'_, Ctx<'_, DB>, EthInterpreter>,
) -> InstructionExecResult {
    let InstructionContext { interpreter, host } = context;
    let Some(([offset], top)) = interpreter.stack.popn_top::<1>() else {
        return Err(InstructionResult::StackUnderflow);
    };
    let Ok(len) = usize::try_from(*top) else {
        return Err(InstructionResult::InvalidOperandOOG);
    };
    let gas_params = host.cfg().gas_params();
    if !interpreter
        .gas
        .record_regular_cost(gas_params.keccak256_cost(len))
    {
        return Err(InstructionResult::OutOfGas);
    }
    let hash = if len == 0 {
        KECCAK_EMPTY
    } else {
        let Ok(from) = usize::try_from(offset) else {
            return Err(InstructionResult::InvalidOperandOOG);
        };
        resize_memory(
            &mut interpreter.gas,
            &mut interpreter.memory,
            gas_params,
            from,
            len,
        )?;
        let memory = interpreter.memory.slice_len(from, len);
        host.chain.keccak.hash(memory.as_ref())
    };
    *top = hash.into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_keccak() {
        let mut cache = KeccakCache::default();
        for round in 0..2 {
            for i in 0..5000u32 {
                let mut input = [0u8; 64];
                input[28..32].copy_from_slice(&i.to_be_bytes());
                input[63] = 3;
                assert_eq!(cache.hash(&input), keccak(input), "{round}");
                assert_eq!(cache.hash(&input[..32]), keccak(&input[..32]));
            }
        }
        for len in [0, 1, 31, 33, 63, 65, 200] {
            let input = vec![9u8; len];
            assert_eq!(cache.hash(&input), keccak(&input));
        }
    }
}
