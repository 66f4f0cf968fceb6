//! Sending at a fixed rate.

use super::{Request, http::Connection};
use crate::{cli::Transport, db::progress::counting};
use alloy_primitives::hex;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// What is sent when, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) address: String,
    pub(super) transport: Transport,
    pub(super) rate: u64,
    pub(super) connections: usize,
    pub(super) started: Instant,
}

/// What the node said.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// For each transaction, whether it was taken.
    pub(super) taken: Vec<bool>,
    /// Why others were not, and how many.
    pub(super) refused: BTreeMap<String, u64>,
    /// How long the node took to answer, counted from when the request was due.
    pub(super) answers: Vec<Duration>,
    /// How late the last request was sent.
    pub(super) late: Duration,
}

/// When a transaction is due.
pub(super) fn due(started: Instant, index: usize, rate: u64) -> Instant {
    started + Duration::from_secs_f64(index as f64 / rate as f64)
}

/// Sends everything.
pub(super) fn run(plan: &Plan, requests: &[Request]) -> eyre::Result<Sent> {
    let bar = counting("sending", requests.len() as u64);
    let next = AtomicUsize::new(0);
    let sent = Mutex::new(Sent {
        taken: vec![false; requests.len()],
        ..Sent::default()
    });
    let done = thread::scope(|scope| {
        let workers = (0..plan.connections).map(|_| {
            scope.spawn(|| {
                let mut connection = Connection::open(&plan.address)?;
                let count = plan.transport.count();
                loop {
                    let first = next.fetch_add(count, Ordering::Relaxed);
                    let Some(rest) = requests.get(first..).filter(|rest| !rest.is_empty()) else {
                        return eyre::Ok(());
                    };
                    let share = &rest[..count.min(rest.len())];
                    let due = due(plan.started, first, plan.rate);
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let late = due.elapsed();
                    let results = exchange(&mut connection, plan.transport, share)?;
                    let took = due.elapsed();
                    bar.inc(share.len() as u64);
                    let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
                    sent.note(first, results, took, late);
                }
            })
        });
        let workers: Vec<_> = workers.collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => done?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        eyre::Ok(())
    });
    bar.finish_and_clear();
    done?;
    Ok(sent.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Sent {
    fn note(
        &mut self,
        first: usize,
        results: Vec<Result<(), String>>,
        took: Duration,
        late: Duration,
    ) {
        for (place, result) in results.into_iter().enumerate() {
            match result {
                Ok(()) => self.taken[first + place] = true,
                Err(reason) => *self.refused.entry(reason).or_default() += 1,
            }
        }
        self.answers.push(took);
        self.late = late;
    }
}

/// What an answer says, as far as it matters.
#[derive(Deserialize)]
struct Answer {
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

/// Sends some transactions in one request; what became of each.
fn exchange(
    connection: &mut Connection,
    transport: Transport,
    share: &[Request],
) -> eyre::Result<Vec<Result<(), String>>> {
    let json = "application/json";
    let said = |answer: Answer| match answer.error {
        None => Ok(()),
        Some(error) => Err(error.message),
    };
    match transport {
        Transport::Http => {
            let body = one(0, &share[0]);
            let answer = connection.post("/", json, body.as_bytes())?;
            Ok(vec![said(serde_json::from_slice(&answer)?)])
        }
        Transport::Batch(_) => {
            let all = share
                .iter()
                .enumerate()
                .map(|(id, request)| one(id, request));
            let body = format!("[{}]", all.collect::<Vec<_>>().join(","));
            let answer = connection.post("/", json, body.as_bytes())?;
            let answers: Vec<Answer> = serde_json::from_slice(&answer)?;
            Ok(answers.into_iter().map(said).collect())
        }
        Transport::Binary(_) => {
            let mut body = Vec::new();
            for request in share {
                let length = u32::try_from(request.raw.len())?;
                body.extend_from_slice(&length.to_be_bytes());
                body.extend_from_slice(&request.raw);
            }
            let answer = connection.post("/transactions", "application/octet-stream", &body)?;
            let answers = answer.chunks_exact(33).map(|answer| match answer.first() {
                Some(0) => Ok(()),
                _ => Err(format!("code {}", code(answer))),
            });
            Ok(answers.collect())
        }
    }
}

fn code(answer: &[u8]) -> i64 {
    answer
        .last_chunk::<8>()
        .map_or(0, |code| i64::from_be_bytes(*code))
}

fn one(id: usize, request: &Request) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_sendRawTransaction","params":["0x{}"]}}"#,
        hex::encode(&request.raw)
    )
}
