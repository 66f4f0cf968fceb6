//! What can be measured.

use crate::cli::Mode;
use parallax_workload::{
    Kind, Protocol, ProtocolError, PublishedArtifacts, Size, Workload, catalogue, generate,
    invalid_first, protocols,
};

/// A row of the table; real blocks make several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A made-up block.
    Made(Kind),
    /// A made-up block that begins with an invalid transaction, which is left out.
    InvalidFirst,
    /// A made-up block on a protocol, most of which others published.
    Published(Protocol),
    /// Recorded blocks.
    RealBlocks,
}

impl Row {
    /// All of them, in the order of the table.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let made = catalogue().iter().copied().map(Self::Made);
        let published = protocols().iter().copied().map(Self::Published);
        made.chain([Self::InvalidFirst])
            .chain(published)
            .chain([Self::RealBlocks])
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Made(kind) => kind.name(),
            Self::InvalidFirst => "invalid-first",
            Self::Published(protocol) => protocol.name(),
            Self::RealBlocks => "real-blocks",
        }
    }

    /// One line on what is executed.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Made(kind) => kind.description(),
            Self::InvalidFirst => {
                "built, not replayed: an invalid transaction, which is left out, then ERC-20 transfers"
            }
            Self::Published(protocol) => protocol.description(),
            Self::RealBlocks => "the recorded blocks of --blocks that use 4M gas or more",
        }
    }

    /// How its blocks are executed by both ways. Only building goes on after an invalid
    /// transaction.
    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::InvalidFirst => Mode::Build,
            Self::Made(_) | Self::Published(_) | Self::RealBlocks => Mode::Replay,
        }
    }

    /// Whether a trace of its block can be recorded, which replays it.
    pub(crate) fn is_traceable(self) -> bool {
        matches!(self, Self::Made(_) | Self::Published(_))
    }

    /// Makes its block; none for recorded ones.
    pub(crate) fn make(
        self,
        artifacts: &PublishedArtifacts,
        size: Size,
        seed: u64,
    ) -> Result<Option<Workload>, ProtocolError> {
        Ok(match self {
            Self::Made(kind) => Some(generate(kind, size, seed)),
            Self::InvalidFirst => Some(invalid_first(size, seed)),
            Self::Published(protocol) => Some(protocol.generate(artifacts, size, seed)?),
            Self::RealBlocks => None,
        })
    }

    /// The row of this name, or what is wrong with it.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        Self::all().find(|row| row.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            format!("unknown row, known are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for row in Row::all() {
            assert_eq!(Row::parse(row.name()), Ok(row));
        }
        let error = Row::parse("transfer").unwrap_err();
        assert!(error.contains("transfers-to-one"), "{error}");
    }
}
