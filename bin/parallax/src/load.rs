//! `parallax load`: open load for any Ethereum node.

mod audit;
mod http;
mod report;
mod rpc;
mod scenario;
mod send;
mod sign;
mod watch;

use crate::{Outcome, cli::LoadArguments, db::progress::counting};
use alloy_primitives::Bytes;
use eyre::{WrapErr, ensure};
use report::Report;
use rpc::Rpc;
use scenario::Prepared;
use std::{fs, io, time::Instant};

/// Runs `parallax load`.
pub(crate) fn run(arguments: &LoadArguments) -> eyre::Result<Outcome> {
    ensure!(
        arguments.rate > 0 && arguments.duration > 0,
        "--rate and --duration must not be 0"
    );
    ensure!(
        arguments.senders > 0 && arguments.connections > 0,
        "--senders and --connections must not be 0"
    );
    let count = arguments.rate.saturating_mul(arguments.duration);
    ensure!(
        count <= 50_000_000,
        "{count} transactions are too many: they are signed beforehand"
    );
    let mut rpc = Rpc::connect(&arguments.url)?;
    let prepared = scenario::prepare(&mut rpc, arguments).wrap_err("preparing")?;
    let requests = signed(&prepared, arguments, usize::try_from(count)?)?;
    let before = cpu_seconds(arguments.pid);
    let sending = send::Plan {
        address: rpc.address().to_owned(),
        transport: arguments.transport,
        rate: arguments.rate,
        connections: arguments.connections,
        started: Instant::now(),
    };
    let watch = watch::start(&arguments.url, &requests)?;
    let sent = send::run(&sending, &requests)?;
    let watched = watch.finish(sending.started, &requests, &sent, arguments.rate)?;
    let cpu = cpu_seconds(arguments.pid)
        .zip(before)
        .map(|(after, before)| after - before);
    let audit = audit::check(&mut rpc, &prepared, &requests, &sent, &watched)?;
    let report = Report::new(arguments, &sent, &watched, cpu, audit);
    report.print(&mut io::stdout().lock())?;
    if let Some(path) = &arguments.json {
        let json = serde_json::to_vec_pretty(&report)?;
        fs::write(path, json).wrap_err_with(|| format!("writing {}", path.display()))?;
    }
    Ok(match report.is_complete() {
        true => Outcome::Verified,
        false => Outcome::CheckFailed,
    })
}

/// A transaction that is signed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) raw: Bytes,
    pub(crate) hash: alloy_primitives::B256,
    /// Which of the accounts sends it.
    pub(crate) sender: usize,
}

/// Signs everything, with all cores.
fn signed(
    prepared: &Prepared,
    arguments: &LoadArguments,
    count: usize,
) -> eyre::Result<Vec<Request>> {
    let bar = counting("signing", count as u64);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads).max(1);
    let requests = std::thread::scope(|scope| {
        let shares = (0..count).step_by(share).map(|start| {
            let bar = &bar;
            scope.spawn(move || {
                let end = count.min(start + share);
                let requests = (start..end).map(|index| {
                    bar.inc(1);
                    prepared.request(index, arguments)
                });
                requests.collect::<eyre::Result<Vec<_>>>()
            })
        });
        let shares: Vec<_> = shares.collect();
        let mut requests = Vec::with_capacity(count);
        for share in shares {
            match share.join() {
                Ok(share) => requests.extend(share?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        eyre::Ok(requests)
    })?;
    bar.finish_and_clear();
    Ok(requests)
}

/// Processor time that a process has taken.
fn cpu_seconds(pid: Option<u32>) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid?)).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // The kernel counts in hundredths here on every machine that Linux runs on.
    Some(ticks as f64 / 100.0)
}
