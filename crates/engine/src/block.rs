//! What the engine executes: a block's environment, its transactions and the
//! changes that the protocol itself makes before and after them.

use crate::error::InvalidReason;
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B256};
use revm::{
    context::{BlockEnv, Cfg, CfgEnv, Transaction, TxEnv},
    primitives::hardfork::SpecId,
};

/// A block to execute on top of a parent state.
///
/// Everything is already decoded: senders are recovered and the fork is chosen
/// ([`CfgEnv::spec`]). Of the rules for a block as a whole the engine keeps the limits of
/// gas and, if it is given, of blob gas. Mapping a block number and a timestamp to a
/// fork is the caller's business.
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
    /// Most blob gas that the transactions may use together
    /// ([EIP-4844](https://eips.ethereum.org/EIPS/eip-4844),
    /// [EIP-7840](https://eips.ethereum.org/EIPS/eip-7840)); `None`: not judged, which
    /// suits blocks whose headers were validated before.
    pub max_blob_gas: Option<u64>,
}

impl Block {
    /// The fork whose rules apply.
    #[must_use]
    pub fn spec(&self) -> SpecId {
        self.cfg.spec
    }

    /// Whether a block that has used so much has room for the gas and the blob gas
    /// of transaction `tx`.
    pub(crate) fn has_room(&self, tx: &TxEnv, used: GasUsed) -> Result<(), InvalidReason> {
        let available = self.env.gas_limit.saturating_sub(used.gas);
        if tx.gas_limit > available && !self.cfg.is_block_gas_limit_disabled() {
            return Err(InvalidReason::BlockGasLimit {
                gas_limit: tx.gas_limit,
                available,
            });
        }
        let blob_gas = tx.total_blob_gas();
        let available = self
            .max_blob_gas
            .map_or(u64::MAX, |most| most.saturating_sub(used.blob_gas));
        if blob_gas > available {
            return Err(InvalidReason::BlobGasLimit {
                blob_gas,
                available,
            });
        }
        Ok(())
    }
}

/// What the transactions of a block have used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GasUsed {
    pub(crate) gas: u64,
    pub(crate) blob_gas: u64,
}

impl GasUsed {
    /// Adds a transaction that has used so much gas.
    pub(crate) fn add(&mut self, tx: &TxEnv, gas: u64) {
        self.gas += gas;
        self.blob_gas += tx.total_blob_gas();
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
