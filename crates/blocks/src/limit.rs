//! Input that is larger than any block is refused, not read until memory runs out.

use std::io::{self, Read};

/// The most bytes of a file or of an entry of an archive. The largest block of
/// mainnet with its state takes a few, the codes of dozens of blocks some forty
/// megabytes.
pub(crate) const FILE: Limit = Limit {
    bytes: 256 << 20,
    text: "larger than 256 MiB, the most that a file or an entry of an archive may have",
};

/// The most bytes of an archive, unpacked. All its blocks are kept in memory.
pub(crate) const ARCHIVE: Limit = Limit {
    bytes: 2 << 30,
    text: "larger than 2 GiB unpacked, the most that an archive may have",
};

/// A number of bytes, and what is said about more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    bytes: u64,
    text: &'static str,
}

/// Everything that a reader gives.
pub(crate) fn read_all(reader: impl Read, limit: Limit) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Limited::new(reader, limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A reader that fails beyond a limit.
pub(crate) struct Limited<R> {
    reader: R,
    left: u64,
    limit: Limit,
}

impl<R: Read> Limited<R> {
    pub(crate) fn new(reader: R, limit: Limit) -> Self {
        Self {
            reader,
            left: limit.bytes,
            limit,
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        // What is too much has been read, but into a buffer that was there.
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, self.limit.text))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit {
        bytes: 10_000,
        text: "more than ten thousand",
    };

    #[test]
    fn as_much_as_the_limit_is_read() {
        let bytes = read_all(io::repeat(7).take(10_000), LIMIT).unwrap();
        assert_eq!(bytes, [7; 10_000]);
    }

    #[test]
    fn more_is_an_error_that_names_the_limit() {
        for reader in [io::repeat(7).take(10_001), io::repeat(7).take(u64::MAX)] {
            let error = read_all(reader, LIMIT).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            assert_eq!(error.to_string(), "more than ten thousand");
        }
    }
}
