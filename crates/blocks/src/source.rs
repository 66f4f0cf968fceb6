//! Where recorded blocks come from: an archive, a folder or one file.

use crate::{
    codes::Codes,
    decode,
    error::BlockFileError,
    file::BlockFile,
    limit::{self, Limited},
};
use std::{
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
    vec,
};

const CODES: &str = "codes.json";
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The blocks of an archive, a folder or a single file, by number.
///
/// Blocks are decoded one at a time as the iterator is advanced, so only one of
/// them is in memory in full. (The JSON of an archive is kept as text, because
/// an archive holds the codes after the blocks that need them.)
pub struct BlockFiles {
    codes: Codes,
    pending: vec::IntoIter<Pending>,
}

struct Pending {
    name: String,
    text: Text,
}

enum Text {
    Read(Vec<u8>),
    At(PathBuf),
}

impl BlockFiles {
    /// Opens
    ///
    /// - an archive (`.tar.zst` or `.tar`) of `<number>.json` and `codes.json`,
    /// - a folder with these files, in it or in its subfolder `given`,
    /// - or one block file, with `codes.json` beside it.
    ///
    /// # Errors
    ///
    /// If it is none of these, cannot be read, or is larger than 256 MiB for a
    /// file or entry, 2 GiB for an archive (unpacked).
    pub fn open(path: &Path) -> Result<Self, BlockFileError> {
        let kind = fs::metadata(path).map_err(|error| BlockFileError::io(path, error))?;
        if kind.is_dir() {
            Self::open_folder(path)
        } else if !kind.is_file() {
            Err(BlockFileError::NoFile {
                file: path.display().to_string(),
            })
        } else if is_zstd(path)? {
            let file = File::open(path).map_err(|error| BlockFileError::io(path, error))?;
            let plain =
                zstd::Decoder::new(file).map_err(|error| BlockFileError::io(path, error))?;
            Self::open_archive(path, plain)
        } else if path.extension().is_some_and(|extension| extension == "tar") {
            let file = File::open(path).map_err(|error| BlockFileError::io(path, error))?;
            Self::open_archive(path, BufReader::new(file))
        } else {
            Self::open_file(path)
        }
    }

    fn open_folder(folder: &Path) -> Result<Self, BlockFileError> {
        let inner = folder.join("given");
        let folder = if inner.is_dir() { &inner } else { folder };
        let failed = |error| BlockFileError::io(folder, error);
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if block_number(&path).is_some() {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(BlockFileError::NoBlocks {
                file: folder.display().to_string(),
            });
        }
        paths.sort_by_key(|path| block_number(path));
        Ok(Self::new(
            codes_beside(folder)?,
            paths.into_iter().map(Pending::at).collect(),
        ))
    }

    fn open_file(path: &Path) -> Result<Self, BlockFileError> {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Ok(Self::new(
            codes_beside(folder)?,
            vec![Pending::at(path.to_owned())],
        ))
    }

    fn open_archive(path: &Path, plain: impl Read) -> Result<Self, BlockFileError> {
        let failed = |error| BlockFileError::io(path, error);
        let plain = Limited::new(plain, limit::ARCHIVE);
        let mut codes = Codes::absent(format!("{}: {CODES}", path.display()));
        let mut blocks = Vec::new();
        for entry in tar::Archive::new(plain).entries().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let inside = entry.path().map_err(failed)?.into_owned();
            let number = block_number(&inside);
            let is_codes = inside.file_name().is_some_and(|name| name == CODES);
            if number.is_none() && !is_codes {
                continue;
            }
            let name = format!("{}: {}", path.display(), inside.display());
            let text =
                limit::read_all(entry, limit::FILE).map_err(|reason| BlockFileError::Io {
                    file: name.clone(),
                    reason,
                })?;
            if is_codes {
                codes = Codes::parse(name, &text)?;
            } else {
                let text = Text::Read(text);
                blocks.push((number, Pending { name, text }));
            }
        }
        if blocks.is_empty() {
            return Err(BlockFileError::NoBlocks {
                file: path.display().to_string(),
            });
        }
        blocks.sort_by_key(|(number, _)| *number);
        let pending = blocks.into_iter().map(|(_, pending)| pending).collect();
        Ok(Self::new(codes, pending))
    }

    fn new(codes: Codes, pending: Vec<Pending>) -> Self {
        Self {
            codes,
            pending: pending.into_iter(),
        }
    }
}

impl Iterator for BlockFiles {
    type Item = Result<BlockFile, BlockFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Pending { name, text } = self.pending.next()?;
        let text = match text {
            Text::Read(text) => text,
            Text::At(path) => match read_file(&path) {
                Ok(text) => text,
                Err(error) => return Some(Err(error)),
            },
        };
        Some(decode::decode(name, &text, &mut self.codes))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.pending.size_hint()
    }
}

impl ExactSizeIterator for BlockFiles {}

impl Pending {
    fn at(path: PathBuf) -> Self {
        Self {
            name: path.display().to_string(),
            text: Text::At(path),
        }
    }
}

fn codes_beside(folder: &Path) -> Result<Codes, BlockFileError> {
    let path = folder.join(CODES);
    let place = path.display().to_string();
    if !path
        .try_exists()
        .map_err(|error| BlockFileError::io(&path, error))?
    {
        return Ok(Codes::absent(place));
    }
    Codes::parse(place, &read_file(&path)?)
}

/// The contents of a regular file. Others may have no end, or wait for a writer.
fn read_file(path: &Path) -> Result<Vec<u8>, BlockFileError> {
    let failed = |error| BlockFileError::io(path, error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(BlockFileError::NoFile {
            file: path.display().to_string(),
        });
    }
    let file = File::open(path).map_err(failed)?;
    limit::read_all(file, limit::FILE).map_err(failed)
}

/// The number in `<number>.json`.
fn block_number(path: &Path) -> Option<u64> {
    if path.extension()? != "json" {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

fn is_zstd(path: &Path) -> Result<bool, BlockFileError> {
    let failed = |error| BlockFileError::io(path, error);
    let mut start = Vec::with_capacity(ZSTD_MAGIC.len());
    File::open(path)
        .map_err(failed)?
        .take(ZSTD_MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(failed)?;
    Ok(start == ZSTD_MAGIC)
}
