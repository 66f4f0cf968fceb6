//! Why a recorded block could not be read.

use std::{io, path::Path};

/// Why a recorded block could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BlockFileError {
    /// The operating system refused, or a compressed archive is cut short.
    #[error("{file}: {source}")]
    Io {
        /// File, folder, or entry of an archive.
        file: String,
        /// What it said.
        source: io::Error,
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
    /// There is nothing to read.
    #[error("{file}: no <number>.json in it")]
    NoBlocks {
        /// Folder or archive.
        file: String,
    },
}

impl BlockFileError {
    pub(crate) fn io(file: &Path, source: io::Error) -> Self {
        Self::Io {
            file: file.display().to_string(),
            source,
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
