//! The report as one page for people: it needs no network, no script and no font.
//!
//! ```text
//! report ─> summary, bars, curves, ranges, heat map, table, notes ─> page
//! ```

mod axis;
mod bars;
mod curves;
mod heat;
mod notes;
mod predictions;
mod ranges;
mod summary;
mod table;
mod text;

use super::{line::Line, report::Report};
use text::escape;

const STYLE: &str = include_str!("html/style.css");

/// One HTML document.
pub(crate) fn page(report: &Report) -> String {
    let sections: String = [
        bars::section(report),
        curves::section(report),
        ranges::cpu_section(report),
        ranges::commit_section(report),
        heat::section(report),
        table::section(report),
        notes::section(report),
    ]
    .into_iter()
    .flatten()
    .map(|section| section.html())
    .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Parallax: speed of parallel execution</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n{}<main>\n{sections}</main>\n</body>\n</html>\n",
        summary::header(report)
    )
}

/// A part of the page with a heading.
struct Section {
    /// For links to it.
    id: &'static str,
    title: &'static str,
    /// What one sees, in a sentence or two; HTML.
    lead: String,
    /// HTML.
    body: String,
}

impl Section {
    fn html(&self) -> String {
        let Self {
            id,
            title,
            lead,
            body,
        } = self;
        let title = escape(title);
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n\
             <p class=\"lead\">{lead}</p>\n{body}</section>\n"
        )
    }
}

/// The largest number of workers that was measured.
fn most_workers(report: &Report) -> usize {
    let workers = report.lines.iter().map(|line| line.workers);
    workers.max().unwrap_or(0)
}

/// The lines that the pictures are about: those on the most workers.
fn main_lines(report: &Report) -> impl Iterator<Item = &Line> {
    let most = most_workers(report);
    report.lines.iter().filter(move |line| line.workers == most)
}

#[cfg(test)]
mod tests;
