//! All transactions that wait.

use crate::{PoolConfig, PoolError, Transaction, order, shard::Shard};
use alloy_primitives::{Address, B256, map::B256HashMap};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

const SHARDS: usize = 64;

/// Transactions that wait, by sender and by hash. Everybody may use it at once: what
/// belongs to different senders is mostly behind different locks.
#[derive(Debug)]
pub struct Pool {
    config: PoolConfig,
    shards: Vec<Mutex<Shard>>,
    hashes: Vec<Mutex<B256HashMap<Arc<Transaction>>>>,
    arrivals: AtomicU64,
    count: AtomicUsize,
    bytes: AtomicUsize,
}

/// Transactions by sender and nonce.
pub type BySender = BTreeMap<Address, BTreeMap<u64, Arc<Transaction>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A transaction is either there or not: nothing is half done when a thread dies.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// With nothing in it.
    #[must_use]
    pub fn new(config: PoolConfig) -> Self {
        Self {
            config,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hashes: (0..SHARDS).map(|_| Mutex::default()).collect(),
            arrivals: AtomicU64::new(0),
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &PoolConfig {
        &self.config
    }

    fn shard(&self, sender: &Address) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::from(sender[19]) % SHARDS])
    }

    fn by_hash(&self, hash: &B256) -> MutexGuard<'_, B256HashMap<Arc<Transaction>>> {
        lock(&self.hashes[usize::from(hash[0]) % SHARDS])
    }

    /// Transactions that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes in a transaction of a sender whose next nonce in the state is `next`. What it
    /// may do there the caller has looked at. What it takes the place of is returned.
    ///
    /// # Errors
    /// Why it does not get in.
    pub fn add(&self, mut tx: Transaction, next: u64) -> Result<Option<B256>, PoolError> {
        let hash = tx.hash();
        if self.by_hash(&hash).contains_key(&hash) {
            return Err(PoolError::AlreadyKnown(hash));
        }
        let bytes = self.bytes.load(Ordering::Relaxed) + tx.bytes;
        if self.len() >= self.config.count || bytes > self.config.bytes {
            return Err(PoolError::Full);
        }
        tx.arrival = self.arrivals.fetch_add(1, Ordering::Relaxed);
        let tx = Arc::new(tx);
        let mut shard = self.shard(&tx.sender);
        let replaced = match shard.add(&tx, next, &self.config) {
            Ok(replaced) => replaced,
            Err(error) => {
                shard.tidy(&tx.sender);
                return Err(error);
            }
        };
        self.by_hash(&hash).insert(hash, Arc::clone(&tx));
        self.count.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(tx.bytes, Ordering::Relaxed);
        let replaced = replaced.map(|old| self.forget(&old));
        drop(shard);
        Ok(replaced)
    }

    /// Takes a transaction that is not in its shard any more off the books.
    fn forget(&self, tx: &Transaction) -> B256 {
        let hash = tx.hash();
        if self.by_hash(&hash).remove(&hash).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
            self.bytes.fetch_sub(tx.bytes, Ordering::Relaxed);
        }
        hash
    }

    /// A transaction that waits.
    #[must_use]
    pub fn get(&self, hash: &B256) -> Option<Arc<Transaction>> {
        self.by_hash(hash).get(hash).cloned()
    }

    /// The nonce after the last transaction of a sender that can be executed.
    #[must_use]
    pub fn next_nonce(&self, sender: &Address) -> Option<u64> {
        let shard = self.shard(sender);
        let last = shard.senders.get(sender)?.ready().last()?;
        Some(last.nonce() + 1)
    }

    /// Candidates for the next block in the order of the policy: those of each sender by
    /// nonce. Without those that do not pay the base fee, and what comes after them.
    #[must_use]
    pub fn candidates(&self, base_fee: u64, most: usize) -> Vec<Arc<Transaction>> {
        let mut senders = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            for sender in shard.senders.values() {
                let ready = sender.ready();
                let pays = ready.take_while(|tx| tx.tip(base_fee).is_some());
                let ready: Vec<_> = pays.cloned().collect();
                if !ready.is_empty() {
                    senders.push(ready);
                }
            }
        }
        order::arrange(&senders, self.config.order, base_fee, most)
    }

    /// A sender's next nonce in the state is `next` now: what is below goes.
    pub fn advance(&self, sender: &Address, next: u64) {
        let mut shard = self.shard(sender);
        let Some(of_sender) = shard.senders.get_mut(sender) else {
            return;
        };
        of_sender.next = next;
        while let Some(entry) = of_sender.waiting.first_entry()
            && *entry.key() < next
        {
            self.forget(&entry.remove());
        }
        shard.tidy(sender);
    }

    /// Drops a transaction, if it is there.
    pub fn remove(&self, hash: &B256) -> Option<Arc<Transaction>> {
        let tx = self.get(hash)?;
        let mut shard = self.shard(&tx.sender);
        let of_sender = shard.senders.get_mut(&tx.sender)?;
        let entry = of_sender.waiting.get(&tx.nonce())?;
        if entry.hash() != *hash {
            return None;
        }
        of_sender.waiting.remove(&tx.nonce());
        self.forget(&tx);
        shard.tidy(&tx.sender);
        Some(tx)
    }

    /// Drops everything, or everything of one sender.
    pub fn clear(&self, only: Option<&Address>) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.senders.retain(|address, sender| {
                if only.is_some_and(|only| only != address) {
                    return true;
                }
                sender.waiting.values().for_each(|tx| {
                    self.forget(tx);
                });
                false
            });
        }
    }

    /// What can be executed, and what waits for something else first.
    #[must_use]
    pub fn content(&self) -> (BySender, BySender) {
        let (mut pending, mut queued) = (BySender::new(), BySender::new());
        for shard in &self.shards {
            for (address, sender) in &lock(shard).senders {
                let by_nonce = |tx: &Arc<Transaction>| (tx.nonce(), Arc::clone(tx));
                let ready: BTreeMap<_, _> = sender.ready().map(by_nonce).collect();
                let rest: BTreeMap<_, _> = sender.queued().map(by_nonce).collect();
                if !ready.is_empty() {
                    pending.insert(*address, ready);
                }
                if !rest.is_empty() {
                    queued.insert(*address, rest);
                }
            }
        }
        (pending, queued)
    }

    /// How many can be executed, and how many wait for something else first.
    #[must_use]
    pub fn status(&self) -> (usize, usize) {
        let mut pending = 0;
        for shard in &self.shards {
            let shard = lock(shard);
            let ready = shard.senders.values().map(|sender| sender.ready().count());
            pending += ready.sum::<usize>();
        }
        (pending, self.len().saturating_sub(pending))
    }
}
