//! How far it has come, on stderr and only where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use parallax_state::Step;

/// A bar of so many things.
pub(crate) fn counting(what: &'static str, count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count);
    let style = ProgressStyle::with_template("{msg:12} {bar:24} {human_pos}/{human_len} {eta}");
    let bar = match style {
        Ok(style) => bar.with_style(style.progress_chars("━╸─")),
        Err(_) => bar,
    };
    bar.with_message(what)
}

/// Opening a state.
pub(crate) struct Progress {
    replay: ProgressBar,
    build: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            replay: counting("blocks", 0),
            build: counting("accounts", 0),
        }
    }

    pub(crate) fn step(&self, step: Step) {
        match step {
            Step::Replay(blocks) => self.replay.set_length(blocks),
            Step::Replayed => self.replay.inc(1),
            Step::Build(accounts) => {
                self.replay.finish_and_clear();
                self.build.set_length(accounts);
            }
            Step::Built(accounts) => self.build.inc(accounts),
        }
    }

    pub(crate) fn finish(&self) {
        self.replay.finish_and_clear();
        self.build.finish_and_clear();
    }
}
