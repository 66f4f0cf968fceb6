//! The files beneath: a folder of a disk, or of a simulated one.

#[cfg(feature = "faults")]
pub(crate) mod sim;

use crate::error::LogError;
use std::{
    fmt::Debug,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A folder of files.
pub trait Files: Debug + Send + Sync {
    /// A file of it.
    type File: LogFile;

    /// Names of all files, in any order.
    ///
    /// # Errors
    /// As the operating system says.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file, or makes one empty.
    ///
    /// # Errors
    /// As the operating system says.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// As the operating system says.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name. What had that name is gone.
    ///
    /// # Errors
    /// As the operating system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names durable: files that were made, renamed or removed.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync_names(&self) -> io::Result<()>;
}

/// A file that is read and written at any place.
pub trait LogFile: Debug + Send + Sync {
    /// Bytes.
    ///
    /// # Errors
    /// As the operating system says.
    fn size(&self) -> io::Result<u64>;

    /// Fills `bytes` with what is from `at` on.
    ///
    /// # Errors
    /// As the operating system says; `UnexpectedEof` if there is less.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// As the operating system says; some may have been written.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Cuts what is behind `len`.
    ///
    /// # Errors
    /// As the operating system says.
    fn cut(&self, len: u64) -> io::Result<()>;

    /// Makes what was written durable, and the size with it (`fdatasync`).
    ///
    /// # Errors
    /// As the operating system says. Nobody knows then what is durable.
    fn sync(&self) -> io::Result<()>;
}

/// So many bytes of the file of this name.
pub(crate) fn read(
    file: &impl LogFile,
    name: &str,
    at: u64,
    len: usize,
) -> Result<Vec<u8>, LogError> {
    let mut bytes = vec![0; len];
    file.read_at(&mut bytes, at)
        .map_err(LogError::io("reading", name))?;
    Ok(bytes)
}

/// A folder on disk, held by one process at a time.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    _lock: File,
}

impl Disk {
    /// Opens a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// If it cannot be made, or `AddrInUse`-like (`WouldBlock`) if another process has it.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        fs::create_dir_all(&path)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("{} is in use by another process", path.display()),
            ),
            TryLockError::Error(error) => error,
        })?;
        Ok(Self { path, _lock: lock })
    }
}

impl Files for Disk {
    type File = File;

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(self.path.join(name))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl LogFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, at)
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, at)
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
