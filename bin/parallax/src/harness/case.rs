//! Where the blocks come from.

use parallax_blocks::{BlockFile, BlockFileError, BlockFiles};
use parallax_workload::{Kind, Workload};
use std::{fmt, path::PathBuf, vec};

/// A block to examine, with its state.
pub(crate) enum Case {
    /// Recorded on mainnet.
    Recorded(Box<BlockFile>),
    /// Made up.
    Generated(Box<Workload>),
}

/// What a block is called.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Label {
    /// Its number.
    Number(u64),
    /// What it is made of.
    Name(String),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// All blocks to examine; each is decoded when it is its turn. What cannot be
/// used is an error in its place, and the others follow.
pub(crate) struct Cases {
    recorded: vec::IntoIter<Result<BlockFiles, BlockFileError>>,
    current: Option<BlockFiles>,
    generated: GeneratedBlocks,
    left: usize,
}

/// Blocks made up one at a time.
type GeneratedBlocks = Box<dyn ExactSizeIterator<Item = (Kind, Workload)>>;

/// One block of every kind in the catalogue.
fn generated_blocks(transactions: usize) -> GeneratedBlocks {
    const SEED: u64 = 1;
    let kinds = parallax_workload::catalogue().iter();
    Box::new(kinds.map(move |kind| {
        let workload = parallax_workload::generate(*kind, transactions, SEED);
        (*kind, workload)
    }))
}

impl Cases {
    /// The blocks of these paths; if there are none, made-up ones.
    pub(crate) fn open(paths: &[PathBuf], transactions: usize) -> Self {
        let generated: GeneratedBlocks = if paths.is_empty() {
            generated_blocks(transactions)
        } else {
            Box::new(std::iter::empty())
        };
        let recorded: Vec<_> = paths.iter().map(|path| BlockFiles::open(path)).collect();
        // A path that cannot be opened is one error.
        let count = |opened: &Result<BlockFiles, _>| {
            opened.as_ref().map_or(1, std::iter::ExactSizeIterator::len)
        };
        Self {
            left: generated.len() + recorded.iter().map(count).sum::<usize>(),
            recorded: recorded.into_iter(),
            current: None,
            generated,
        }
    }

    fn next_recorded(&mut self) -> Option<Result<Case, BlockFileError>> {
        loop {
            if let Some(file) = self.current.as_mut().and_then(Iterator::next) {
                return Some(file.map(|file| Case::Recorded(Box::new(file))));
            }
            match self.recorded.next()? {
                Ok(files) => self.current = Some(files),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Iterator for Cases {
    type Item = Result<Case, BlockFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let case = self.next_recorded().or_else(|| {
            let (kind, mut workload) = self.generated.next()?;
            workload.name = kind.to_string();
            Some(Ok(Case::Generated(Box::new(workload))))
        });
        self.left -= usize::from(case.is_some());
        case
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Cases {}
