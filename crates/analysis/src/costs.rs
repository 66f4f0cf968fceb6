//! What the engine does beside executing, and what that costs.

/// Payments in a row from which on the engine settles them account by account, as in
/// [`EngineConfig::default`](parallax_engine::EngineConfig).
pub(crate) const PAYMENT_RUN: usize = 256;

/// Costs of the engine's operations in nanoseconds. [`record`](crate::record)
/// measures them on one worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Finding a transaction to run.
    pub claim: u64,
    /// Everything around an execution that is not in it: beginning, publishing what
    /// it wrote, telling readers, checking its reads.
    pub publish: u64,
    /// Committing; one worker at a time does it.
    pub commit: u64,
    /// Putting a transaction aside that has to wait for another one. Not measured:
    /// nothing has to wait on one worker. Taken to be `claim + publish / 2`.
    pub stall: u64,
    /// Waking a thread that sleeps.
    pub wake: u64,
    /// How long a worker without work looks around before it sleeps.
    pub look: u64,
    /// How long a transaction waits at a contended slot before it is put aside.
    pub patience: u64,
    /// Execution ahead of one's turn, which notes what is read, as a multiple of
    /// execution at the head of the block.
    pub speculation: f64,
    /// One payment of a run of payments.
    pub payment: u64,
    /// Once for each block, before and after everything else.
    pub block: u64,
    /// Gathering the state changes; the workers share it.
    pub gather: u64,
}

impl Costs {
    /// Nothing but execution takes time.
    pub const NONE: Self = Self {
        claim: 0,
        publish: 0,
        commit: 0,
        stall: 0,
        wake: 0,
        look: 0,
        patience: 1_000_000_000,
        speculation: 1.0,
        payment: 0,
        block: 0,
        gather: 0,
    };
}

impl Default for Costs {
    fn default() -> Self {
        Self::NONE
    }
}
