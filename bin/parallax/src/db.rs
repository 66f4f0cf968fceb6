//! `parallax db`: looking after the state of a chain.

mod get;
pub(crate) mod progress;
mod report;

use crate::{
    Outcome,
    cli::{DbArguments, DbCommand},
};
use eyre::{Result, WrapErr, ensure};
use parallax_state::{History, State, StateConfig, StateError};
use progress::{Progress, counting};
use report::print;
use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::Path,
};

/// Runs the command.
pub(crate) fn run(arguments: &DbArguments) -> Result<Outcome> {
    match &arguments.command {
        DbCommand::Import { file, root } => import(arguments, file, *root),
        DbCommand::Verify => verify(arguments),
        DbCommand::Prune { blocks } => {
            let mut state = open(&arguments.datadir, History::Blocks(*blocks))?;
            let compressed = state.prune()?;
            let from = state.history_from();
            print(arguments, &report::pruned(&state, from, compressed))
        }
        DbCommand::Stats => {
            let state = open(&arguments.datadir, History::Archive)?;
            print(arguments, &report::stats(&state)?)
        }
        DbCommand::Checkpoint => {
            let mut state = open(&arguments.datadir, History::Archive)?;
            let before = state.checkpointed();
            state.checkpoint()?;
            print(arguments, &report::checkpoint(&state, before))
        }
        DbCommand::Export { file } => export(arguments, file),
        DbCommand::Get(what) => {
            let state = open(&arguments.datadir, History::Archive)?;
            print(arguments, &get::get(&state, what)?)
        }
    }
}

/// Opens a state that is there. With [`History::Archive`] nothing is forgotten.
fn open(datadir: &Path, history: History) -> Result<State> {
    ensure!(
        State::is_at(datadir),
        "there is no state in {}: is it the right --datadir?",
        datadir.display()
    );
    let config = StateConfig {
        history,
        ..StateConfig::default()
    };
    let progress = Progress::new();
    let opened = State::open(datadir, config, &|step| progress.step(step));
    progress.finish();
    opened.wrap_err_with(|| format!("cannot open the state in {}", datadir.display()))
}

fn verify(arguments: &DbArguments) -> Result<Outcome> {
    let verified = open(&arguments.datadir, History::Archive).and_then(|state| {
        let log = counting("log, bytes", state.log_bytes());
        let accounts = counting("accounts", state.accounts()?);
        let verified = state.verify(&mut |bytes| log.inc(bytes), &|count| accounts.inc(count));
        log.finish_and_clear();
        accounts.finish_and_clear();
        Ok((report::verified(&state, verified?), ()))
    });
    match verified {
        Ok((report, ())) => print(arguments, &report),
        Err(error) if is_damage(&error) => {
            // The exit status says it as well.
            let _ = writeln!(io::stderr(), "damage: {error:#}");
            Ok(Outcome::CheckFailed)
        }
        Err(error) => Err(error),
    }
}

/// Whether something was found that is not as it was written, instead of not being found.
fn is_damage(error: &eyre::Report) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<StateError>());
    causes.any(StateError::is_damage)
}

fn export(arguments: &DbArguments, path: &Path) -> Result<Outcome> {
    let state = open(&arguments.datadir, History::Archive)?;
    let file = File::options().write(true).create_new(true).open(path);
    let file = file.wrap_err_with(|| format!("cannot make {}", path.display()))?;
    let bar = counting("accounts", state.accounts()?);
    let exported = state.export(BufWriter::new(&file), &mut |count| bar.inc(count));
    bar.finish_and_clear();
    let written = exported.map_err(eyre::Report::from);
    let written = written.and_then(|done| file.sync_all().map(|()| done).map_err(Into::into));
    if written.is_err() {
        // Half of a snapshot is of no use; that it could not be written is what matters.
        let _ = std::fs::remove_file(path);
    }
    print(arguments, &report::snapshot(&written?))
}

fn import(
    arguments: &DbArguments,
    path: &Path,
    root: Option<alloy_primitives::B256>,
) -> Result<Outcome> {
    let file = File::open(path).wrap_err_with(|| format!("cannot open {}", path.display()))?;
    let len = file.metadata()?.len();
    let bar = counting("bytes", len);
    let input = BufReader::new(bar.wrap_read(file));
    let done = State::import(&arguments.datadir, input, root, &mut |_| ());
    bar.finish_and_clear();
    let done = done.wrap_err_with(|| format!("cannot import {}", path.display()))?;
    let done = parallax_state::Exported { bytes: len, ..done };
    print(arguments, &report::snapshot(&done))
}
