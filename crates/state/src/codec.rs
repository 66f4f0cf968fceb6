//! How rows and blocks are written: lengths and numbers in as few bytes as they need.

use alloy_primitives::{Address, B256, U256};

/// Appends 7 bits in a byte, lowest first.
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a word without its leading zeros, behind its length.
pub(crate) fn put_word(out: &mut Vec<u8>, word: &U256) {
    let bytes = word.to_be_bytes::<32>();
    let digits = &bytes[word.leading_zeros() / 8..];
    out.push(digits.len() as u8);
    out.extend_from_slice(digits);
}

/// Appends bytes behind their length.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'b>(pub(crate) &'b [u8]);

/// What was read ends too early, or is nothing that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken;

impl Broken {
    pub(crate) const PROBLEM: &'static str = "it cannot be read";
}

impl<'b> Input<'b> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        self.take(N)?.try_into().map_err(|_| Broken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn hash(&mut self) -> Result<B256, Broken> {
        self.array().map(B256::new)
    }

    pub(crate) fn address(&mut self) -> Result<Address, Broken> {
        self.array().map(Address::new)
    }

    pub(crate) fn fixed(&mut self) -> Result<u64, Broken> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Broken> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Broken);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken)
    }

    /// How many elements follow, each of at least one byte.
    pub(crate) fn count(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.number()?).map_err(|_| Broken)?;
        (count <= self.0.len()).then_some(count).ok_or(Broken)
    }

    pub(crate) fn word(&mut self) -> Result<U256, Broken> {
        let len = usize::from(self.byte()?);
        let digits = self.take(len)?;
        if len > 32 || digits.first() == Some(&0) {
            return Err(Broken);
        }
        Ok(U256::from_be_slice(digits))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], Broken> {
        let len = self.count()?;
        self.take(len)
    }

    /// Nothing may follow.
    pub(crate) fn end(self) -> Result<(), Broken> {
        self.is_empty().then_some(()).ok_or(Broken)
    }
}
