//! `parallax bench state`: the table that says how fast the state is.

mod chain;
mod figure;
mod keccak;
mod tries;

use crate::{
    Outcome,
    cli::{StateBenchArguments, StatePart},
};
use eyre::{Result, WrapErr};
use figure::{Figure, json, text};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fs,
    io::{self, Write},
};

/// Runs the command.
pub(crate) fn run(arguments: &StateBenchArguments) -> Result<Outcome> {
    arguments.check()?;
    let bar = bar();
    let mut figures = Vec::new();
    let measured = measure(arguments, &bar, &mut figures);
    bar.finish_and_clear();
    write!(io::stdout(), "{}", text(&figures, arguments))?;
    if let Some(path) = &arguments.json {
        fs::write(path, json(&figures)?)
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
    }
    measured.map(|()| Outcome::Verified)
}

fn measure(
    arguments: &StateBenchArguments,
    bar: &ProgressBar,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    if arguments.has(StatePart::Keccak) {
        keccak::measure(arguments, bar, figures);
    }
    if arguments.has(StatePart::Tries) {
        tries::measure(arguments, bar, figures)?;
    }
    if arguments.has(StatePart::Chain) {
        chain::measure(arguments, bar, figures)?;
    }
    Ok(())
}

/// What is being measured, on stderr and only where that is a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    match ProgressStyle::with_template("{elapsed}  {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Says what is being measured.
fn at(bar: &ProgressBar, what: impl Into<String>) {
    bar.set_message(what.into());
    bar.tick();
}
