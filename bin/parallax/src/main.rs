//! The command line of Parallax.

mod analyze;
mod bench;
mod bench_state;
mod chain;
mod cli;
mod db;
mod dev;
mod harness;
mod load;
mod memory;
mod replay;
mod serve;

use clap::Parser;
use cli::{Cli, Command};
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

/// How a command ended, as the exit status says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// Every check passed.
    Verified = 0,
    /// A check failed, whatever else happened.
    CheckFailed = 1,
    /// Some input could not be used or the output not be written.
    Unusable = 2,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}

fn main() -> ExitCode {
    memory::keep_freed_pages();
    let cli = Cli::parse();
    trace_to_stderr();
    let done = match cli.command {
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Init(arguments) => chain::init(&arguments),
        Command::Import(arguments) => chain::import(&arguments),
        Command::Node(arguments) => serve::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Analyze(arguments) => analyze::run(&arguments),
        Command::Db(arguments) => db::run(&arguments),
    };
    match done {
        Ok(outcome) => outcome.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody left to be told if this fails too.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            Outcome::Unusable.into()
        }
    }
}

/// Diagnostics go to stderr, chosen by `RUST_LOG`.
fn trace_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
}

/// Whoever reads the output has had enough, as `head` does.
pub(crate) fn is_broken_pipe(error: &eyre::Report) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
