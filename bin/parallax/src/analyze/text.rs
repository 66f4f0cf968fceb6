//! The report for the terminal.

use super::findings::{Findings, LinkFound};
use std::fmt::{self, Write};

/// Columns that text is wrapped to.
const WIDTH: usize = 96;

/// The whole report; lists have at most `top` rows.
pub(super) fn report(findings: &Findings, top: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, findings, top);
    text
}

fn write(text: &mut String, findings: &Findings, top: usize) -> fmt::Result {
    summary(text, findings)?;
    advice(text, findings)?;
    speedups(text, findings)?;
    validation(text, findings)?;
    locations(text, findings, top)?;
    removals(text, findings, top)?;
    chain(text, findings, top)?;
    functions(text, findings, top)
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

fn summary(text: &mut String, f: &Findings) -> fmt::Result {
    let Findings {
        block, txs, gas, ..
    } = f;
    let gas = *gas as f64 / 1e6;
    writeln!(
        text,
        "{block}: {txs} transactions, {gas:.1}M gas, {:.2} ms on plain revm",
        f.sequential_ms
    )?;
    let share = percent(f.independent as f64 / (*txs).max(1) as f64);
    writeln!(
        text,
        "  {} of {txs} depend on no other of the block ({share}); {} failed",
        f.independent, f.failed
    )?;
    writeln!(
        text,
        "  longest chain: {} transactions, {:.2} ms of {:.2} ms that executing takes ({})",
        f.chain.transactions,
        f.chain.ms,
        f.executing_ms,
        percent(f.chain.share)
    )
}

fn advice(text: &mut String, f: &Findings) -> fmt::Result {
    writeln!(text, "\nwhat is in the way")?;
    if f.advice.is_empty() {
        return writeln!(
            text,
            "  nothing worth a change: few transactions wait for the same"
        );
    }
    for (number, advice) in f.advice.iter().enumerate() {
        writeln!(text, "  {}. {}", number + 1, advice.problem)?;
        wrap(text, &advice.remedy, "     ")?;
    }
    Ok(())
}

fn wrap(text: &mut String, words: &str, indent: &str) -> fmt::Result {
    let mut line = indent.to_owned();
    for word in words.split_whitespace() {
        if line.chars().count() + word.chars().count() >= WIDTH {
            writeln!(text, "{}", line.trim_end())?;
            line = indent.to_owned();
        }
        line += word;
        line.push(' ');
    }
    writeln!(text, "{}", line.trim_end())
}

fn speedups(text: &mut String, f: &Findings) -> fmt::Result {
    write!(text, "\nspeed-up on cores     ")?;
    for bound in &f.bounds {
        write!(text, "{:>8}", bound.cores)?;
    }
    writeln!(text)?;
    let row = |text: &mut String, name: &str, values: Vec<f64>| {
        write!(text, "  {name:<20}")?;
        for value in values {
            write!(text, "{:>8}", format!("{value:.2}x"))?;
        }
        writeln!(text)
    };
    row(
        text,
        "bound, whole",
        f.bounds.iter().map(|b| b.whole).collect(),
    )?;
    row(
        text,
        "bound, overlapped",
        f.bounds.iter().map(|b| b.overlapped).collect(),
    )?;
    row(
        text,
        "list schedule",
        f.bounds.iter().map(|b| b.list).collect(),
    )?;
    let simulated = f.bounds.iter().filter_map(|bound| {
        let point = f.simulated.iter().find(|point| point.cores == bound.cores);
        Some(point?.speedup)
    });
    row(text, "engine, simulated", simulated.collect())?;
    wrap(
        text,
        "The first three are over executing on one core of the engine; the last, which is \
         simulated, over plain revm.",
        "  ",
    )
}

fn validation(text: &mut String, f: &Findings) -> fmt::Result {
    let Some(v) = &f.validation else {
        return Ok(());
    };
    writeln!(
        text,
        "  model checked on {} workers: predicted {:.2} ms (simulated), measured {:.2} ms \
         ({:.2}x): error {:+.1} %",
        v.workers,
        v.predicted_ms,
        v.measured_ms,
        v.measured_speedup,
        v.error * 100.0
    )
}

fn locations(text: &mut String, f: &Findings, top: usize) -> fmt::Result {
    if f.locations.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\nhottest locations\n  {:>6} {:>8} {:>8} {:>9}  location",
        "waits", "touched", "written", "on chain"
    )?;
    for hot in f.locations.iter().take(top) {
        writeln!(
            text,
            "  {:>6} {:>8} {:>8} {:>9}  {}",
            hot.waits,
            count(hot.touched),
            count(hot.written),
            hot.on_chain,
            hot.name
        )?;
    }
    more(text, f.locations.len(), top)
}

/// What was not counted is not zero.
fn count(count: usize) -> String {
    match count {
        0 => "-".to_owned(),
        count => count.to_string(),
    }
}

fn more(text: &mut String, all: usize, top: usize) -> fmt::Result {
    match all.saturating_sub(top) {
        0 => Ok(()),
        more => writeln!(text, "  ... and {more} more"),
    }
}

fn removals(text: &mut String, f: &Findings, top: usize) -> fmt::Result {
    if f.removals.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\nthe longest chain if nobody waited for\n  {:>6} {:>9}",
        "txs", "ms"
    )?;
    writeln!(
        text,
        "  {:>6} {:>9.3}  (as it is)",
        f.chain.transactions, f.chain.ms
    )?;
    for removal in f.removals.iter().take(top) {
        writeln!(
            text,
            "  {:>6} {:>9.3}  … nor the {}",
            removal.transactions, removal.ms, removal.name
        )?;
    }
    Ok(())
}

fn chain(text: &mut String, f: &Findings, top: usize) -> fmt::Result {
    if f.chain.transactions < 2 {
        return Ok(());
    }
    writeln!(text, "\nlongest chain\n  {:>6} {:>8}  calls", "tx", "us")?;
    for link in f.chain.links.iter().take(top) {
        write_link(text, link)?;
    }
    more(text, f.chain.transactions, top)
}

fn write_link(text: &mut String, link: &LinkFound) -> fmt::Result {
    writeln!(text, "  {:>6} {:>8.1}  {}", link.tx, link.us, link.calls)?;
    let Some((first, others)) = link.waits_for.split_first() else {
        return Ok(());
    };
    let others = match others.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let at = percent(link.reads_at.unwrap_or_default());
    writeln!(text, "{:18}└ at {at}: {first}{others}", "")
}

fn functions(text: &mut String, f: &Findings, top: usize) -> fmt::Result {
    if f.functions.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\nwho waits for whom\n  {:>6}  readers, and the writers that they wait for",
        "pairs"
    )?;
    for pair in f.functions.iter().take(top) {
        writeln!(
            text,
            "  {:>6}  {} ← {}",
            pair.count, pair.reader, pair.writer
        )?;
    }
    more(text, f.functions.len(), top)
}
