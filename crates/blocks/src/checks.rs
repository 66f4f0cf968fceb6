//! Does a result say what the header says?

use crate::{
    file::{BlockFile, Gap},
    receipts::{logs_bloom, receipts, receipts_root},
    witness::Witness,
};
use parallax_engine::BlockOutput;
use revm::primitives::hardfork::SpecId;
use std::fmt::Display;

/// One comparison of a result with the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The header field, under its JSON-RPC name.
    pub name: &'static str,
    /// What the header says.
    pub expected: String,
    /// What the result says, or why it cannot be said.
    pub got: String,
    /// Whether they are the same.
    pub passed: bool,
}

impl Check {
    fn new<T: Display + PartialEq>(name: &'static str, expected: &T, got: &T) -> Self {
        Self {
            name,
            expected: expected.to_string(),
            got: got.to_string(),
            passed: expected == got,
        }
    }

    fn failed(name: &'static str, expected: &impl Display, reason: String) -> Self {
        Self {
            name,
            expected: expected.to_string(),
            got: reason,
            passed: false,
        }
    }
}

/// A comparison that the file does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The header field, under its JSON-RPC name.
    pub name: &'static str,
    /// What is missing.
    pub gap: Gap,
    /// What is missing, in detail.
    pub reason: String,
}

/// What could be compared and what could not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The comparisons, whatever they gave.
    pub checks: Vec<Check>,
    /// What a witness is there for, but not enough.
    pub unchecked: Vec<Unchecked>,
}

/// Compares a result with the header of its block; [`report`] without what
/// could not be compared.
#[must_use]
pub fn check(file: &BlockFile, output: &BlockOutput) -> Vec<Check> {
    report(file, output).checks
}

/// Compares a result with the header of its block.
///
/// The checks are `transactionsRoot` (of the file), `gasUsed`, `logsBloom`,
/// `receiptsRoot` from Byzantium on (receipts held a state root before),
/// `requestsHash` where the header has one and `stateRoot` where the file has a
/// [`Witness`](crate::Witness).
#[must_use]
pub fn report(file: &BlockFile, output: &BlockOutput) -> Report {
    let header = &file.header;
    let mut report = Report::default();
    report.checks.extend([
        Check::new(
            "transactionsRoot",
            &header.transactions_root,
            &file.transactions_root,
        ),
        Check::new("gasUsed", &header.gas_used, &output.gas_used),
    ]);
    check_receipts(file, output, &mut report.checks);
    if let Some(expected) = &header.requests_hash {
        let got = output.requests.requests_hash();
        let check = Check::new("requestsHash", expected, &got);
        report.checks.push(check);
    }
    if let Some(witness) = &file.witness {
        check_state(file, witness, output, &mut report);
    }
    report
}

fn check_state(file: &BlockFile, witness: &Witness, output: &BlockOutput, report: &mut Report) {
    const NAME: &str = "stateRoot";
    let expected = &file.header.state_root;
    let unchecked = |gap: Gap, reason: String| Unchecked {
        name: NAME,
        gap,
        reason,
    };
    if let Some(gap) = file.gap {
        report.unchecked.push(unchecked(gap, gap.to_string()));
        return;
    }
    match witness.post_state_root(&output.changes) {
        Ok(got) => report.checks.push(Check::new(NAME, expected, &got)),
        Err(error) if error.is_gap() => {
            // The header's root makes a lucky guess a proof. A guess that is not
            // lucky says nothing.
            let guess = witness.post_state_root_if_branches(&output.changes);
            match guess {
                Ok(got) if got == *expected => {
                    report.checks.push(Check::new(NAME, expected, &got));
                }
                _ => report
                    .unchecked
                    .push(unchecked(Gap::Neighbour, error.to_string())),
            }
        }
        Err(error) => report
            .checks
            .push(Check::failed(NAME, expected, error.to_string())),
    }
}

fn check_receipts(file: &BlockFile, output: &BlockOutput, checks: &mut Vec<Check>) {
    let header = &file.header;
    let has_root = file.block.spec().is_enabled_in(SpecId::BYZANTIUM);
    match receipts(output) {
        Ok(receipts) => {
            let bloom = logs_bloom(&receipts);
            checks.push(Check::new("logsBloom", &header.logs_bloom, &bloom));
            if has_root {
                let root = receipts_root(&receipts);
                checks.push(Check::new("receiptsRoot", &header.receipts_root, &root));
            }
        }
        Err(tx_type) => {
            let reason = format!("there is no receipt for transaction type {tx_type}");
            checks.push(Check::failed("receiptsRoot", &header.receipts_root, reason));
        }
    }
}
