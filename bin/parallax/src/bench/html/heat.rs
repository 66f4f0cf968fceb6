//! Where transactions collide: rows by locations, the hottest first.

use super::{
    super::{line::Line, report::Report},
    Section, main_lines, most_workers,
    text::{escape, figure},
};
use crate::harness::details::Hot;
use std::fmt::Write;

/// Locations that have a column of their own.
const COLUMNS: usize = 6;

/// A table whose cells are the darker the more transactions ran again.
pub(super) fn section(report: &Report) -> Option<Section> {
    let lines: Vec<_> = main_lines(report)
        .filter(|line| line.figures.is_some() && line.longest_chain.is_some())
        .collect();
    if lines.is_empty() || most_workers(report) < 2 {
        return None;
    }
    let hottest = lines
        .iter()
        .flat_map(|line| cells(line))
        .fold(0.0, f64::max);
    let body: String = lines.iter().map(|line| row(line, hottest)).collect();
    let ranks: String = (1..=COLUMNS)
        .map(|rank| format!("<th scope=\"col\">{}</th>", ordinal(rank)))
        .collect();
    Some(Section {
        id: "conflicts",
        title: "Where transactions collide",
        lead: "Of 1,000 transactions, how many ran again because another one changed this \
               location: the hottest location of each row, the second, and so on. Transactions \
               that <em>waited</em> knew better and lost only their place. The longest chain is \
               the part of the block that no engine can run in parallel, as each transaction reads \
               what the one before it wrote."
            .to_owned(),
        body: format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Conflicts\">\n\
             <table class=\"heat\">\n<thead><tr><th scope=\"col\">row</th>{ranks}\
             <th scope=\"col\">others</th><th scope=\"col\">all</th><th scope=\"col\">waited</th>\
             <th scope=\"col\">longest chain</th></tr></thead>\n<tbody>\n{body}</tbody>\n\
             </table>\n</div>\n{}",
            locations(&lines)
        ),
    })
}

/// Of 1,000 transactions: by location, and those of all other locations together.
fn cells(line: &Line) -> Vec<f64> {
    let rate = |hot: &Hot| hot.per_run * 1e3 / line.txs.max(1) as f64;
    let (first, others) = line.conflicts.split_at(line.conflicts.len().min(COLUMNS));
    let mut cells: Vec<_> = first.iter().map(rate).collect();
    cells.resize(COLUMNS, 0.0);
    cells.push(others.iter().map(rate).sum());
    cells
}

fn row(line: &Line, hottest: f64) -> String {
    let mut html = format!("<tr><th scope=\"row\">{}</th>", escape(&line.title()));
    let cells = cells(line);
    for (place, rate) in cells.iter().enumerate() {
        let location = line.conflicts.get(place).filter(|_| place < COLUMNS);
        let title = location.map_or_else(String::new, |hot| {
            format!(" title=\"{}\"", escape(&location_name(hot)))
        });
        html.push_str(&cell(*rate, hottest, &title));
    }
    let all: f64 = cells.iter().sum();
    let waited = line.stall_rate().unwrap_or(0.0) * 1e3;
    let chain = line.longest_chain.unwrap_or(0) as f64 / line.txs.max(1) as f64;
    let _ = writeln!(
        html,
        "<td class=\"sum\">{}</td><td class=\"sum\">{}</td><td class=\"sum\">{:.1} %</td></tr>",
        rate_text(all),
        rate_text(waited),
        chain * 100.0
    );
    html
}

/// Darker by the square root, so that small rates can be told from none.
fn cell(rate: f64, hottest: f64, title: &str) -> String {
    if rate <= 0.0 {
        return "<td class=\"none\">·</td>".to_owned();
    }
    let heat = (rate / hottest).sqrt().clamp(0.06, 1.0);
    let class = if heat > 0.6 { " class=\"hot\"" } else { "" };
    format!(
        "<td{class}{title} style=\"--share:{heat:.2}\">{}</td>",
        rate_text(rate)
    )
}

fn rate_text(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        ..0.1 => "&lt;0.1".to_owned(),
        10.0.. => figure(rate.round()),
        _ => format!("{rate:.1}"),
    }
}

fn ordinal(rank: usize) -> String {
    match rank {
        1 => "hottest".to_owned(),
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        rank => format!("{rank}th"),
    }
}

fn location_name(hot: &Hot) -> String {
    match hot.slot {
        Some(slot) => format!("{}, slot {slot:#x}", hot.address),
        None => format!("{}, balance, nonce or code", hot.address),
    }
}

/// The hottest locations in full, for whoever wants to know.
fn locations(lines: &[&Line]) -> String {
    const EACH: usize = 3;
    let mut items = String::new();
    for line in lines.iter().filter(|line| !line.conflicts.is_empty()) {
        let _ = writeln!(items, "<dt>{}</dt>", escape(&line.title()));
        for hot in line.conflicts.iter().take(EACH) {
            let _ = writeln!(
                items,
                "<dd><code>{}</code> <small>{} a run</small></dd>",
                escape(&location_name(hot)),
                figure(hot.per_run)
            );
        }
    }
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<details>\n<summary>The hottest locations by address</summary>\n\
         <dl class=\"places\">\n{items}</dl>\n</details>\n"
    )
}
