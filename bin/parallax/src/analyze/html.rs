//! The page: one file that needs no network.

use super::findings::{Findings, Picture};
use serde::Serialize;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    findings: &'a Findings,
    picture: &'a Picture,
}

/// A page about some blocks.
pub(super) fn page(findings: &[Findings]) -> serde_json::Result<String> {
    let entries: Vec<_> = findings
        .iter()
        .map(|findings| Entry {
            findings,
            picture: &findings.picture,
        })
        .collect();
    // Nothing in the data may end the element that it is in.
    let data = serde_json::to_string(&entries)?.replace('<', "\\u003c");
    Ok(PAGE
        .replace("/*STYLE*/", STYLE)
        .replace("/*SCRIPT*/", SCRIPT)
        .replace("/*DATA*/", &data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_else() {
        let page = page(&[]).unwrap();
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            let found = page.match_indices(outside).find(|(at, _)| {
                // The name of a namespace is not an address.
                !page[*at..].starts_with("http://www.w3.org/2000/svg")
            });
            assert_eq!(found, None, "{outside}");
        }
        for place in ["/*STYLE*/", "/*SCRIPT*/", "/*DATA*/"] {
            assert!(!page.contains(place), "{place} was left empty");
        }
    }
}
