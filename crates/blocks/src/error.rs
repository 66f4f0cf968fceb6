//! Why a recorded block could not be read.

use std::{io, path::Path};

/// Why a recorded block could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BlockFileError {
    /// The operating system refused, a compressed archive is cut short, or there
    /// is more than a block can be.
    #[error("{file}: {reason}")]
    Io {
        /// File, folder, or entry of an archive.
        file: String,
        /// What is wrong.
        reason: io::Error,
    },
    /// A field is missing, malformed or contradicts another one.
    #[error("{file}: {field}: {reason}")]
    Field {
        /// File, or entry of an archive.
        file: String,
        /// Path of the field, for example `txs[3]` or `header.gasUsed`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A device, a pipe or a socket.
    #[error("{file}: neither a file nor a folder")]
    NoFile {
        /// Its path.
        file: String,
    },
    /// There is nothing to read.
    #[error("{file}: no <number>.json in it")]
    NoBlocks {
        /// Folder or archive.
        file: String,
    },
}

impl BlockFileError {
    /// File, folder, or entry of an archive. All errors begin with it.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Io { file, .. }
            | Self::Field { file, .. }
            | Self::NoFile { file }
            | Self::NoBlocks { file } => file,
        }
    }

    pub(crate) fn io(file: &Path, reason: io::Error) -> Self {
        Self::Io {
            file: file.display().to_string(),
            reason,
        }
    }

    pub(crate) fn field(
        file: &str,
        field: impl Into<String>,
        reason: impl std::fmt::Display,
    ) -> Self {
        Self::Field {
            file: file.to_owned(),
            field: field.into(),
            reason: reason.to_string(),
        }
    }
}
