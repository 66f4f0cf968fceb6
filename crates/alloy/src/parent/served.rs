//! Reading for others: works with every database.

use super::ParentState;
use crate::run::Fallback;
use alloy_evm::Database;
use alloy_primitives::{Address, B256, U256, map::AddressMap};
use parallax_engine::{Block, BlockOutput, Engine};
use revm::{
    DatabaseRef,
    database_interface::DBErrorMarker,
    state::{AccountInfo, Bytecode},
};
use std::{
    panic::resume_unwind,
    sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError},
    thread,
};

/// The calling thread reads for the workers: for every database.
///
/// The accounts of senders and recipients are read before, since every execution
/// needs them. Every other first look at an account, a slot, a code or a block
/// hash costs a worker a question to the calling thread: some microseconds on
/// top of the read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served;

impl<DB: Database> ParentState<DB> for Served {
    fn replay(&self, engine: &Engine, block: &Block, db: &mut DB) -> Result<BlockOutput, Fallback> {
        // One worker gains nothing that would make up for asking.
        if engine.config().workers < 2 {
            return Err(Fallback::FewWorkers);
        }
        let known = parties(block, db).map_err(|e| Fallback::Database(e.to_string()))?;
        thread::scope(|scope| {
            // Made in here: if the database panics, dropping `questions` is what
            // ends the workers, for which the scope waits.
            let (ask, questions) = mpsc::channel();
            let remote = Remote { known, ask };
            let replay = thread::Builder::new()
                .name("parallax-served".to_owned())
                .spawn_scoped(scope, move || engine.replay(block, &remote))
                .map_err(|error| Fallback::Thread(error.to_string()))?;
            serve(db, &questions);
            let ended = replay.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok(ended?)
        })
    }
}

/// The accounts of senders and recipients.
fn parties<DB: Database>(
    block: &Block,
    db: &mut DB,
) -> Result<AddressMap<Option<AccountInfo>>, DB::Error> {
    let mut known = AddressMap::default();
    let addresses = block
        .transactions
        .iter()
        .flat_map(|tx| [Some(tx.caller), tx.kind.to().copied()]);
    for address in addresses.flatten() {
        if let std::collections::hash_map::Entry::Vacant(vacant) = known.entry(address) {
            vacant.insert(db.basic(address)?);
        }
    }
    Ok(known)
}

/// Answers until nobody is left to ask.
fn serve<DB: Database>(db: &mut DB, questions: &Receiver<Question>) {
    while let Some(question) = receive(questions) {
        // Somebody who no longer wants the answer has failed otherwise.
        let _ = match question {
            Question::Account(address, reply) => reply.send(db.basic(address).ok()).is_ok(),
            Question::Code(hash, reply) => reply.send(db.code_by_hash(hash).ok()).is_ok(),
            Question::Slot(address, slot, reply) => {
                reply.send(db.storage(address, slot).ok()).is_ok()
            }
            Question::BlockHash(number, reply) => reply.send(db.block_hash(number).ok()).is_ok(),
        };
    }
}

/// Times that a thread offers its core to others before it goes to sleep, from
/// which it takes long to wake.
const PATIENCE: usize = 200;

/// The next message, or `None` if there will be none.
fn receive<T>(messages: &Receiver<T>) -> Option<T> {
    for _ in 0..PATIENCE {
        match messages.try_recv() {
            Ok(message) => return Some(message),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => thread::yield_now(),
        }
    }
    messages.recv().ok()
}

/// Where the answer goes; `None` if the database failed.
type Reply<T> = SyncSender<Option<T>>;

enum Question {
    Account(Address, Reply<Option<AccountInfo>>),
    Code(B256, Reply<Bytecode>),
    Slot(Address, U256, Reply<U256>),
    BlockHash(u64, Reply<B256>),
}

/// The database as the workers see it.
struct Remote {
    known: AddressMap<Option<AccountInfo>>,
    ask: Sender<Question>,
}

impl Remote {
    fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T, Unanswered> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.ask.send(question(reply)).map_err(|_| Unanswered)?;
        receive(&answer).flatten().ok_or(Unanswered)
    }
}

/// The database failed; executing sequentially will tell how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database did not answer")]
struct Unanswered;

impl DBErrorMarker for Unanswered {}

impl DatabaseRef for Remote {
    type Error = Unanswered;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Unanswered> {
        match self.known.get(&address) {
            Some(account) => Ok(account.clone()),
            None => self.ask(|reply| Question::Account(address, reply)),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Unanswered> {
        self.ask(|reply| Question::Code(hash, reply))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Unanswered> {
        self.ask(|reply| Question::Slot(address, slot, reply))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Unanswered> {
        self.ask(|reply| Question::BlockHash(number, reply))
    }
}
