//! What can be measured.

use parallax_workload::{Kind, Protocol, catalogue, protocols};

/// A row of the table; real blocks make several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A made-up block.
    Made(Kind),
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
        made.chain(published).chain([Self::RealBlocks])
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Made(kind) => kind.name(),
            Self::Published(protocol) => protocol.name(),
            Self::RealBlocks => "real-blocks",
        }
    }

    /// One line on what is executed.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Made(kind) => kind.description(),
            Self::Published(protocol) => protocol.description(),
            Self::RealBlocks => "the recorded blocks of --blocks that use 4M gas or more",
        }
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
