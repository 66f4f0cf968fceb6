//! What is printed: names and values, or JSON.

use crate::{Outcome, cli::DbArguments};
use eyre::Result;
use parallax_state::{Exported, State, StateError, Verified};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Prints an object: one line for each field, or as it is.
pub(super) fn print(arguments: &DbArguments, report: &Value) -> Result<Outcome> {
    let mut out = io::stdout().lock();
    match report.as_object().filter(|_| !arguments.json) {
        None => writeln!(out, "{report:#}")?,
        Some(fields) => {
            let width = fields.keys().map(String::len).max().unwrap_or(0);
            for (name, value) in fields {
                match value {
                    Value::String(text) => writeln!(out, "{name:<width$}  {text}")?,
                    value => writeln!(out, "{name:<width$}  {value}")?,
                }
            }
        }
    }
    Ok(Outcome::Verified)
}

fn last(state: &State) -> Value {
    state.next().checked_sub(1).into()
}

pub(super) fn stats(state: &State) -> Result<Value, StateError> {
    let stats = state.stats()?;
    let mut report = json!({
        "last-block": last(state),
        "state-root": state.last_root(),
        "checkpoint-before-block": state.checkpointed(),
        "states-from-block": state.history_from(),
        "log-bytes": stats.log_bytes,
        "store-bytes": stats.store_bytes,
        "trie-bytes": stats.trie_bytes,
        "storage-tries": stats.storage_tries,
    });
    for (table, rows) in stats.rows {
        report[format!("rows-{table}")] = rows.into();
    }
    Ok(report)
}

pub(super) fn verified(state: &State, verified: Verified) -> Value {
    json!({
        "verified": true,
        "last-block": last(state),
        "state-root": state.last_root(),
        "blocks": verified.blocks,
        "log-bytes": verified.log_bytes,
        "accounts": verified.accounts,
        "codes": verified.codes,
        "history-rows": verified.history_rows,
    })
}

pub(super) fn checkpoint(state: &State, before: u64) -> Value {
    json!({
        "last-block": last(state),
        "state-root": state.last_root(),
        "blocks-written": state.checkpointed() - before,
    })
}

pub(super) fn pruned(state: &State, from: u64, compressed: u64) -> Value {
    json!({
        "last-block": last(state),
        "states-from-block": from,
        "blocks-compressed": compressed,
        "log-bytes": state.log_bytes(),
    })
}

pub(super) fn snapshot(done: &Exported) -> Value {
    json!({
        "last-block": done.next - 1,
        "state-root": done.root,
        "accounts": done.accounts,
        "words": done.words,
        "codes": done.codes,
        "bytes": done.bytes,
    })
}
