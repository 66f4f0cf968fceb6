//! Is the parallel result the sequential one?

use super::verdict::{Finding, Of};
use parallax_engine::{AccountChange, BlockOutput, TxOutcome};
use std::fmt::Debug;

/// Compares everything that execution decides.
pub(crate) fn compare(sequential: &BlockOutput, parallel: &BlockOutput) -> Vec<Finding> {
    vec![
        finding(
            "receipts",
            first_difference(&sequential.outcomes, &parallel.outcomes, outcome),
        ),
        finding(
            "skipped",
            first_difference(&sequential.skipped, &parallel.skipped, |skipped| {
                format!("transaction {}: {}", skipped.index, skipped.reason)
            }),
        ),
        finding(
            "gasUsed",
            (sequential.gas_used != parallel.gas_used).then(|| {
                (
                    sequential.gas_used.to_string(),
                    parallel.gas_used.to_string(),
                )
            }),
        ),
        finding(
            "requests",
            first_difference(
                &sequential.requests,
                &parallel.requests,
                ToString::to_string,
            ),
        ),
        finding(
            "accounts",
            first_difference(
                &sequential.changes.accounts,
                &parallel.changes.accounts,
                account,
            ),
        ),
        finding(
            "contracts",
            first_difference(
                &sequential.changes.contracts,
                &parallel.changes.contracts,
                |(hash, code)| format!("code {hash} of {} bytes", code.original_bytes().len()),
            ),
        ),
    ]
}

fn finding(name: &'static str, difference: Option<(String, String)>) -> Finding {
    Finding {
        of: Of::Both,
        name,
        difference,
    }
}

/// The first items that differ, as text.
fn first_difference<T: PartialEq + Debug>(
    expected: &[T],
    got: &[T],
    show: impl Fn(&T) -> String,
) -> Option<(String, String)> {
    if expected == got {
        return None;
    }
    let place = expected
        .iter()
        .zip(got)
        .position(|(expected, got)| expected != got)
        .unwrap_or(expected.len().min(got.len()));
    let text = |items: &[T], show: &dyn Fn(&T) -> String| {
        items
            .get(place)
            .map_or_else(|| format!("no entry {place}"), show)
    };
    let (short, other) = (text(expected, &show), text(got, &show));
    if short != other {
        return Some((short, other));
    }
    // The difference is in what the short form leaves out.
    let full = |item: &T| format!("{item:?}");
    Some((text(expected, &full), text(got, &full)))
}

fn outcome(outcome: &TxOutcome) -> String {
    format!(
        "transaction {}: {} with {} gas, {} so far, {} logs",
        outcome.index,
        if outcome.result.is_success() {
            "success"
        } else {
            "failure"
        },
        outcome.result.tx_gas_used(),
        outcome.cumulative_gas_used,
        outcome.result.logs().len(),
    )
}

fn account(change: &AccountChange) -> String {
    let after = change.after.as_ref().map_or_else(
        || "gone".to_owned(),
        |info| {
            format!(
                "balance {}, nonce {}, code {}",
                info.balance, info.nonce, info.code_hash
            )
        },
    );
    let slots: String = change
        .storage
        .iter()
        .map(|(slot, _, value)| format!(", slot {slot:#x} = {value:#x}"))
        .collect();
    format!("account {}: {after}{slots}", change.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        let show = ToString::to_string;
        assert_eq!(first_difference(&[1, 2], &[1, 2], show), None);
        let difference = first_difference(&[1, 2, 3], &[1, 4, 5], show);
        assert_eq!(difference, Some(("2".into(), "4".into())));
        let difference = first_difference(&[1, 2], &[1], show);
        assert_eq!(difference, Some(("2".into(), "no entry 1".into())));
        let difference = first_difference(&[1], &[2], |_| "same".into());
        assert_eq!(difference, Some(("1".into(), "2".into())));
    }

    #[test]
    fn equal_results_pass_every_check() {
        let output = BlockOutput::default();
        assert!(compare(&output, &output).iter().all(Finding::passed));
        let other = BlockOutput {
            gas_used: 1,
            ..BlockOutput::default()
        };
        let failed: Vec<_> = compare(&output, &other)
            .into_iter()
            .filter(|finding| !finding.passed())
            .map(|finding| finding.to_string())
            .collect();
        assert_eq!(
            failed,
            ["parallel against sequential: gasUsed: expected 0, got 1"]
        );
    }
}
