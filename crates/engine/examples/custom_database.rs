//! A parent state of your own, and what happens when reading it fails.
//!
//! ```text
//! cargo run -p parallax-engine --example custom_database
//! ```

use parallax_engine::{Block, Engine, EngineConfig, EngineError};
use revm::{
    DatabaseRef,
    context::TxEnv,
    database_interface::DBErrorMarker,
    primitives::{Address, B256, TxKind, U256},
    state::{AccountInfo, Bytecode},
};
use std::{
    error::Error,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// A state in which everybody below a number has one ether, kept on something
/// that breaks now and then.
///
/// Several workers read at once, through `&self`: the type must be `Sync`.
/// Within a block the engine reads every location once and remembers it.
struct Remote {
    reads: AtomicU64,
    breaks_at: u64,
}

/// The error of your database. It comes back to you as it is.
#[derive(Debug, PartialEq)]
struct ConnectionLost {
    reading: Address,
}

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection lost while reading {}", self.reading)
    }
}

impl Error for ConnectionLost {}
impl DBErrorMarker for ConnectionLost {}

impl DatabaseRef for Remote {
    type Error = ConnectionLost;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, ConnectionLost> {
        if self.reads.fetch_add(1, Ordering::Relaxed) >= self.breaks_at {
            return Err(ConnectionLost { reading: address });
        }
        // `None` is an account that does not exist.
        let exists = address < Address::with_last_byte(100);
        Ok(exists.then(|| AccountInfo::from_balance(U256::from(10_u64.pow(18)))))
    }

    fn code_by_hash_ref(&self, _hash: B256) -> Result<Bytecode, ConnectionLost> {
        // Asked for when `basic_ref` gave a code hash but no code.
        Ok(Bytecode::default())
    }

    fn storage_ref(&self, _account: Address, _slot: U256) -> Result<U256, ConnectionLost> {
        Ok(U256::ZERO)
    }

    fn block_hash_ref(&self, _number: u64) -> Result<B256, ConnectionLost> {
        Ok(B256::ZERO)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // Fifty people pay their neighbours.
    let payment = |index: u8| TxEnv {
        caller: Address::with_last_byte(10 + index),
        kind: TxKind::Call(Address::with_last_byte(110 + index)),
        value: U256::from(index),
        gas_limit: 21_000,
        ..TxEnv::default()
    };
    let block = Block {
        transactions: (0..50).map(payment).collect(),
        ..Block::default()
    };
    let engine = Engine::new(EngineConfig {
        workers: 4,
        ..EngineConfig::default()
    })?;

    // A read fails in the middle of the block: the call returns the error, and
    // the block has no result.
    let broken = Remote {
        reads: AtomicU64::new(0),
        breaks_at: 20,
    };
    match engine.replay(&block, &broken) {
        Err(EngineError::Database(error)) => println!("as expected: {error}"),
        other => return Err(format!("{other:?} instead of a database error").into()),
    }

    // The engine is as good as new.
    let sound = Remote {
        reads: AtomicU64::new(0),
        breaks_at: u64::MAX,
    };
    let output = engine.replay(&block, &sound)?;
    println!(
        "{} payments, gas {}, {} accounts read",
        output.outcomes.len(),
        output.gas_used,
        sound.reads.load(Ordering::Relaxed),
    );
    assert_eq!(output.gas_used, 50 * 21_000);
    Ok(())
}
