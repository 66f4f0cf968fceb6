//! Call data by the contract ABI, as far as we need it: one word per argument.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256, ruint::UintTryFrom};

/// Call data under construction.
///
/// ```
/// use parallax_workload::Call;
///
/// let data = Call::new("approve(address,uint256)").word(7).word(u64::MAX).data();
/// assert_eq!(data[..4], [0x09, 0x5e, 0xa7, 0xb3]);
/// assert_eq!(data.len(), 68);
/// ```
#[derive(Clone, Debug)]
pub struct Call(Vec<u8>);

impl Call {
    /// A call of the function with this signature, arguments without names.
    #[must_use]
    pub fn new(signature: &str) -> Self {
        let mut data = Vec::with_capacity(4 + 32 * 5);
        data.extend_from_slice(&keccak256(signature)[..4]);
        Self(data)
    }

    /// Call data without a selector, for hand-assembled code.
    #[must_use]
    pub fn bare() -> Self {
        Self(Vec::with_capacity(32 * 4))
    }

    /// Appends a number.
    #[must_use]
    pub fn word<T>(mut self, value: T) -> Self
    where
        U256: UintTryFrom<T>,
    {
        self.0.extend(U256::from(value).to_be_bytes::<32>());
        self
    }

    /// Appends a number in two's complement.
    #[must_use]
    pub fn signed(self, value: i128) -> Self {
        let magnitude = U256::from(value.unsigned_abs());
        self.word(if value < 0 {
            magnitude.wrapping_neg()
        } else {
            magnitude
        })
    }

    /// Appends an address.
    #[must_use]
    pub fn address(self, address: Address) -> Self {
        self.hash(address.into_word())
    }

    /// Appends 32 bytes as they are.
    #[must_use]
    pub fn hash(mut self, hash: B256) -> Self {
        self.0.extend(hash.0);
        self
    }

    /// Appends bytes as the tail of an argument has them: the length, then the bytes in
    /// whole words. Where they begin was said by a [`word`](Self::word).
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let mut call = self.word(bytes.len());
        call.0.extend_from_slice(bytes);
        let words = bytes.len().div_ceil(32);
        call.0.resize(call.0.len() + 32 * words - bytes.len(), 0);
        call
    }

    /// The call data.
    #[must_use]
    pub fn data(self) -> Bytes {
        self.0.into()
    }
}

/// Bytes as an argument: their number, then they, up to a whole word.
pub(crate) fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut argument = U256::from(bytes.len()).to_be_bytes::<32>().to_vec();
    argument.extend(bytes);
    argument.resize(argument.len().next_multiple_of(32), 0);
    argument
}

/// A word of what a call returned, 0 where it returned less.
pub(crate) fn returned(output: &[u8], index: usize) -> U256 {
    let word = output.get(32 * index..32 * (index + 1));
    word.map_or(U256::ZERO, U256::from_be_slice)
}

/// The address in a word.
pub(crate) fn to_address(word: U256) -> Address {
    Address::from_word(word.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_fill_whole_words() {
        for (length, words) in [(0, 1), (1, 2), (32, 2), (33, 3)] {
            let data = Call::bare().bytes(&vec![0xff; length]).data();
            assert_eq!(data.len(), 32 * words);
            assert_eq!(data[31], length as u8);
            assert!(data[32..].iter().take(length).all(|byte| *byte == 0xff));
            assert!(data[32..].iter().skip(length).all(|byte| *byte == 0));
        }
    }
}
