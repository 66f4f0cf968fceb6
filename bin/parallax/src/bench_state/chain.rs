//! A state on disk: blocks, restart, reads, proofs.

mod made;
mod reads;

use super::{
    at,
    figure::{Figure, Target, milliseconds},
};
use crate::{cli::StateBenchArguments, harness::statistics::Times};
use eyre::{Result, WrapErr, ensure};
use indicatif::ProgressBar;
use made::Made;
use parallax_state::{Spent, State, StateConfig, Step};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Accounts that hold the token.
const HOLDERS: usize = 1_500_000;

/// Contracts beside the token, and words of each.
const CONTRACTS: usize = 2_000;
const WORDS: usize = 500;

/// Transfers in a block.
const TRANSFERS: usize = 10_000;

/// Blocks before the first that counts: what was in memory before the checkpoint is freed
/// meanwhile.
const WARM_UP: usize = 10;

/// Words that change in one storage trie, or in many.
const CHANGED: usize = 20_000;

/// A folder that goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(parent: &Path) -> Result<Self> {
        let path = parent.join(format!("parallax-bench-state-{}", std::process::id()));
        fs::create_dir_all(&path).wrap_err_with(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "the folder of the state is left");
        }
    }
}

fn open(folder: &Folder, arguments: &StateBenchArguments) -> Result<State> {
    let config = StateConfig {
        threads: arguments.threads(),
        ..StateConfig::default()
    };
    Ok(State::open(&folder.0, config, &|_: Step| ())?)
}

pub(super) fn measure(
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let folder = Folder::new(&arguments.dir())?;
    let mut state = open(&folder, arguments)?;
    let (holders, contracts) = (arguments.size(HOLDERS), arguments.size(CONTRACTS));
    at(bar, format!("a state of {holders} accounts on disk"));
    let mut made = Made::new(holders, contracts, WORDS);
    for changes in made.genesis() {
        state.apply(&changes)?;
        state.commit(&parallax_state::Block::default())?;
    }
    state.checkpoint()?;
    let leaves = 2 * holders + contracts * (WORDS + 1) + 2;

    blocks(&mut state, &mut made, arguments, bar, figures)?;
    storages(&mut state, &mut made, arguments, bar, figures)?;
    state.checkpoint()?;
    let transfers = arguments.size(TRANSFERS);
    for _ in 0..arguments.runs() {
        made.commit_transfers(&mut state, transfers)?;
    }
    let root = state.last_root();
    // No checkpoint: what is left is what a process leaves that is killed.
    drop(state);
    let mut times = Vec::new();
    for run in 0..arguments.runs() {
        at(bar, format!("restart {}", run + 1));
        let begun = Instant::now();
        let state = open(&folder, arguments)?;
        times.push(begun.elapsed());
        ensure!(state.last_root() == root, "another root after a restart");
    }
    let times: Times = times.into_iter().collect();
    let what = format!(
        "{leaves} leaves: open, replay {} blocks, make all tries, compare all roots",
        arguments.runs()
    );
    let restart = Figure::time("restart", &times, what);
    figures.push(restart.target(Target::AtMost(10_000.0)));

    let state = open(&folder, arguments)?;
    reads::measure(&state, &made, arguments, bar, figures)
}

/// Blocks of transfers: what each part takes.
fn blocks(
    state: &mut State,
    made: &mut Made,
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let transfers = arguments.size(TRANSFERS);
    at(bar, format!("blocks of {transfers} transfers"));
    let mut spent = Vec::new();
    for _ in 0..WARM_UP + arguments.runs() {
        made.commit_transfers(state, transfers)?;
        spent.push(state.last_spent());
    }
    let spent = &spent[WARM_UP..];
    let times = |part: fn(&Spent) -> Duration| -> Times { spent.iter().map(part).collect() };
    let own = times(|spent| spent.flat + spent.log);
    let sync = times(|spent| spent.sync);
    let what = format!(
        "{transfers} ERC-20 transfers that were executed: state in memory, log written; without \
         root, fdatasync ({:.1} ms)",
        milliseconds(sync.median())
    );
    figures.push(Figure::time("commit", &own, what).target(Target::AtMost(15.0)));
    for (row, part, what) in [
        (
            "commit-flat",
            times(|spent| spent.flat),
            "of these: state in memory",
        ),
        (
            "commit-log",
            times(|spent| spent.log),
            "of these: encode, checksum, write",
        ),
        ("commit-sync", sync, "the fdatasync of the same blocks"),
        (
            "commit-root",
            times(|spent| spent.tries),
            "the state root of the same blocks",
        ),
    ] {
        figures.push(Figure::time(row, &part, what));
    }
    Ok(())
}

/// The same number of words in one storage trie, and in many.
fn storages(
    state: &mut State,
    made: &mut Made,
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let words = arguments.size(CHANGED);
    at(bar, format!("roots of {words} words"));
    let (mut hot, mut spread) = (Vec::new(), Vec::new());
    for _ in 0..=arguments.runs() {
        made.commit_hot(state, words)?;
        hot.push(state.last_spent().tries);
        made.commit_spread(state, words)?;
        spread.push(state.last_spent().tries);
    }
    let hot: Times = hot.into_iter().skip(1).collect();
    let spread: Times = spread.into_iter().skip(1).collect();
    let what = format!(
        "root of {words} words of one contract ({:.1} ms) by that of as many in {} contracts",
        milliseconds(hot.median()),
        made.contracts()
    );
    let ratio = Figure::ratio("hot-storage", &hot, &spread, what);
    figures.push(ratio.target(Target::AtMost(1.3)));
    Ok(())
}
