//! Spreading the files of a suite over threads.

use crate::{
    Executor, Report,
    data::{TestFile, for_each_file},
};
use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

/// Unpacked files that may wait for a thread; they are up to 10 MB each.
const WAITING: usize = 4;

/// Runs `check` on each JSON file of an archive whose path contains one of
/// `folders`. Each of `threads` threads gets an executor of its own from `make`.
///
/// # Errors
///
/// If the archive cannot be read.
pub fn run<E: Executor>(
    archive: &Path,
    folders: &[&str],
    threads: usize,
    make: impl Fn() -> E + Sync,
    check: impl Fn(&TestFile, &mut E, &mut Report) + Sync,
) -> io::Result<Report> {
    let (sender, receiver) = mpsc::sync_channel::<TestFile>(WAITING);
    let receiver = Mutex::new(Some(receiver));
    let report = Mutex::new(Report::default());
    let work = || {
        let _closing = CloseOnPanic(&receiver);
        let mut executor = make();
        let mut found = Report::default();
        while let Some(file) = next(&receiver) {
            found.files += 1;
            check(&file, &mut executor, &mut found);
        }
        lock(&report).merge(found);
    };
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
        let read = for_each_file(archive, folders, |file| sender.send(file).is_ok());
        drop(sender);
        read
    })?;
    Ok(report.into_inner().unwrap_or_else(PoisonError::into_inner))
}

type Source = Mutex<Option<mpsc::Receiver<TestFile>>>;

fn next(source: &Source) -> Option<TestFile> {
    lock(source).as_ref()?.recv().ok()
}

/// Lets the reading thread stop when a case panics, so that the panic is seen.
struct CloseOnPanic<'a>(&'a Source);

impl Drop for CloseOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.0).take();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
