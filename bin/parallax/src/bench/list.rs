//! `--list`: the rows and their targets.

use super::{
    row::Row,
    target::{self, Target},
};
use std::fmt::Write;

/// One row per line, and one for each target of the recorded blocks.
pub(crate) fn text() -> String {
    let mut text = String::new();
    for row in Row::all() {
        let description = row.description();
        match row {
            Row::Made(_) | Row::InvalidFirst | Row::Published(_) => {
                add(&mut text, row.name(), target::of_made_up(row), description);
            }
            Row::RealBlocks => {
                let lines = [
                    (row.name(), target::REAL_MEAN, description),
                    (
                        "",
                        target::REAL_WORST,
                        "the one of them with the least speed-up",
                    ),
                    (
                        "",
                        target::REAL_VERIFY_MEAN,
                        "with their block access lists (EIP-7928)",
                    ),
                ];
                for (name, target, description) in lines {
                    add(&mut text, name, Some(target), description);
                }
            }
        }
    }
    text
}

fn add(text: &mut String, name: &str, target: Option<Target>, description: &str) {
    let target = target.map_or_else(|| "-".to_owned(), |target| target.to_string());
    let _ = writeln!(text, "{name:<20} {target:<15} {description}");
}
