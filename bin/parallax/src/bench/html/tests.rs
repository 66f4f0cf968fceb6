//! The page as a browser would get it.

use super::{
    super::{
        line::{Commit, Figures, Variant},
        machine::Machine,
        report::LeftOut,
        simulation::{SimulatedPoint, Simulation},
        target::Target,
    },
    *,
};
use crate::harness::details::Hot;
use revm::primitives::{Address, U256};

/// A line with all there is.
fn line(workload: &'static str, workers: usize, speedup: f64) -> Line {
    Line {
        workload,
        variant: Variant::Replay,
        block: None,
        txs: 1000,
        gas: 50_000_000,
        workers,
        figures: Some(Figures {
            runs: 11,
            sequential_ms: 100.0 * speedup,
            parallel_ms: 100.0,
            speedup,
            sequential_cpu_ms: 100.0,
            parallel_cpu_ms: 80.0,
            cpu_efficiency: 1.25,
            reexecutions: 50.0,
            stalls: 20.0,
            chain_bound_ratio: Some(1.3),
            commit: Some(Commit {
                p50_us: 5e4,
                p99_us: 9.9e4,
            }),
            peak_bytes: Some(3 << 20),
            ..Figures::default()
        }),
        verified: true,
        failures: Vec::new(),
        target: Some(Target {
            speedup: 1.9,
            cpu_efficiency: None,
        }),
        conflicts: vec![Hot {
            address: Address::repeat_byte(0xab),
            slot: Some(U256::from(8)),
            per_run: 40.0,
        }],
        longest_chain: Some(120),
    }
}

fn point(cores: usize, ms: f64) -> SimulatedPoint {
    SimulatedPoint {
        cores,
        ms,
        speedup: 215.0 / ms,
        reexecutions: 3,
    }
}

fn report(lines: Vec<Line>) -> Report {
    Report {
        machine: Machine {
            cpu: Some("<Processor> & \"Co\"".to_owned()),
            ..Machine::describe()
        },
        commit: Some("0123abc".to_owned()),
        seed: 77,
        quick: false,
        runs: 11,
        size: parallax_workload::Size::new(1000),
        real_blocks: None,
        lines,
        left_out: vec![LeftOut {
            workload: "amm-v9",
            reason: "not <installed>".to_owned(),
        }],
        simulated: vec![Simulation {
            workload: "erc20",
            txs: 1000,
            runs: 3,
            sequential_ms: 215.0,
            points: vec![point(2, 125.0), point(64, 10.0)],
        }],
    }
}

fn all_rows() -> Report {
    let rows = super::super::row::Row::all();
    let lines = rows.flat_map(|row| [line(row.name(), 1, 1.2), line(row.name(), 2, 2.1)]);
    report(lines.collect())
}

#[test]
fn every_row_is_in_every_picture() {
    let report = all_rows();
    for line in &report.lines {
        let name = escape(&line.title());
        for section in [
            bars::section(&report),
            curves::section(&report),
            ranges::cpu_section(&report),
            ranges::commit_section(&report),
            heat::section(&report),
            table::section(&report),
        ] {
            let section = section.unwrap();
            assert!(section.body.contains(&name), "{name} in {}", section.id);
        }
    }
}

/// Whoever opens the page on a train sees all of it.
#[test]
fn the_page_stands_alone() {
    let page = page(&all_rows());
    for reference in [
        "http",
        "//",
        "src=",
        "<link",
        "<script",
        "@import",
        "url(",
        "@font-face",
        "<img",
        "<iframe",
    ] {
        assert!(!page.contains(reference), "{reference}");
    }
    let links = page.match_indices("href=").map(|(at, _)| &page[at..at + 7]);
    assert!(links.clone().all(|link| link == "href=\"#"));
    for link in page.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn names_are_escaped() {
    let mut report = all_rows();
    report.lines.push(line("<b>\"bold\" & 'brash'</b>", 2, 1.0));
    let page = page(&report);
    assert!(!page.contains("<b>\"bold\""));
    assert!(page.contains("&lt;b&gt;&quot;bold&quot; &amp; &#39;brash&#39;&lt;/b&gt;"));
    assert!(page.contains("&lt;Processor&gt; &amp; &quot;Co&quot;"));
    assert!(page.contains("amm-v9: not &lt;installed&gt;"));
    assert!(page.contains("commit 0123abc") && page.contains("seed 77"));
}

/// Elements are closed in the order in which they were opened.
#[test]
fn elements_are_nested() {
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let page = page(&all_rows());
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "at </{name}>");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn what_is_simulated_says_so() {
    let section = curves::section(&all_rows()).unwrap();
    assert!(section.body.contains("64 cores 21.50× (simulated)"));
    assert!(section.lead.contains("simulated"));
    assert!(
        section.body.contains("within 25&nbsp;%"),
        "{}",
        section.body
    );
    assert!(section.body.contains("+25"));
    let mut measured = all_rows();
    measured.simulated.clear();
    let section = curves::section(&measured).unwrap();
    assert!(!section.body.contains("simulated") && !section.lead.contains("simulated"));
}

#[test]
fn a_wrong_result_is_shown_without_a_time() {
    let mut wrong = line("erc20", 2, 2.0);
    wrong.figures = None;
    wrong.verified = false;
    let page = page(&report(vec![wrong, line("swaps", 2, 2.0)]));
    assert!(page.contains("wrong result") && page.contains("Some results are wrong"));
    assert!(page.contains("1<small> of 2</small>"));
}

#[test]
fn a_report_without_lines() {
    let page = page(&report(Vec::new()));
    assert!(page.contains("Nothing was measured"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}
