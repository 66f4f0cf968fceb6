//! Why a block is not executed in parallel is logged.
//!
//! A process of its own: what other tests log first, on threads without a subscriber, is
//! remembered as of no interest to anybody, and a subscriber that comes meanwhile may miss it.

mod common;

use common::{Setting, engine, execute, state, transactions};
use parallax_alloy::Fallback;
use parallax_workload::{Kind, generate};
use std::sync::{Arc, Mutex};

/// Text that is logged.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_reason_is_logged() {
    let workload = generate(Kind::Swaps, 6, 5);
    let setting = Setting::new(&workload.block);
    let txs = transactions(&workload);
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let factory = setting.parallel(&engine(2));
        execute(&factory, &setting, state(&workload.state), &txs[..1]).unwrap();
    });
    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let reason = Fallback::FewTransactions.to_string();
    assert!(
        lines.contains("executing sequentially") && lines.contains(&reason),
        "{lines}"
    );
}
