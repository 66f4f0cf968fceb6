//! What the engine executes: a block's environment, its transactions and the
//! changes that the protocol itself makes before and after them.

use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B256};
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    primitives::hardfork::SpecId,
};

/// A block to execute on top of a parent state.
///
/// Everything is already decoded: senders are recovered and the fork is chosen
/// ([`CfgEnv::spec`]). Of the rules for a block as a whole the engine keeps the gas
/// limit; that of blob gas is left to whoever offers the candidates. Mapping a block number and a timestamp to a fork is the
/// caller's business.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Chain id, fork and validation switches.
    pub cfg: CfgEnv,
    /// Number, timestamp, beneficiary, gas limit, base fee and so on.
    pub env: BlockEnv,
    /// The transactions in order (Replay, Verify) or the candidates in the
    /// order of preference (Build).
    pub transactions: Vec<TxEnv>,
    /// Changes outside transactions.
    pub protocol: ProtocolChanges,
}

impl Block {
    /// The fork whose rules apply.
    #[must_use]
    pub fn spec(&self) -> SpecId {
        self.cfg.spec
    }
}

/// State changes that the protocol makes around the transactions of a block.
///
/// The default makes none, which suits blocks that are not part of a chain.
/// Which of them apply also depends on the fork: for example a parent beacon
/// root before Cancun is ignored.
#[derive(Clone, Debug, Default)]
pub struct ProtocolChanges {
    /// Parent block hash, written to the history contract
    /// ([EIP-2935](https://eips.ethereum.org/EIPS/eip-2935), Prague on).
    pub parent_hash: Option<B256>,
    /// Parent beacon block root, written to the beacon roots contract
    /// ([EIP-4788](https://eips.ethereum.org/EIPS/eip-4788), Cancun on).
    pub parent_beacon_block_root: Option<B256>,
    /// Validator withdrawals ([EIP-4895](https://eips.ethereum.org/EIPS/eip-4895),
    /// Shanghai on); amounts in gwei.
    pub withdrawals: Vec<Withdrawal>,
    /// Ommer headers, for their rewards.
    pub ommers: Vec<Ommer>,
    /// Block subsidy in wei before ommer inclusion bonuses; `None` pays no
    /// rewards at all, `Some(0)` touches the beneficiary with zero as
    /// pre-merge test networks do.
    pub block_reward: Option<u128>,
    /// Moves the funds of the DAO, as block 1,920,000 of mainnet did.
    pub dao_fork: bool,
    /// Deposit contract whose logs become
    /// [EIP-6110](https://eips.ethereum.org/EIPS/eip-6110) requests (Prague on).
    pub deposit_contract: Option<Address>,
    /// Collects [EIP-7685](https://eips.ethereum.org/EIPS/eip-7685) requests by
    /// calling the withdrawal and consolidation contracts (Prague on).
    pub collect_requests: bool,
}

/// The part of an ommer header that matters for rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ommer {
    /// Who mined the ommer.
    pub beneficiary: Address,
    /// Its block number.
    pub number: u64,
}
