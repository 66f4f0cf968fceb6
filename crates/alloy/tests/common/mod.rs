//! The same block through alloy-evm's executor and through ours.
#![allow(dead_code)] // Each test file uses a part of it.
#![allow(unreachable_pub)]

use alloy_consensus::{
    Header, Signed, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxEnvelope, TxLegacy,
    transaction::Recovered,
};
use alloy_evm::{
    EvmEnv, EvmFactory,
    block::{
        BlockExecutionError, BlockExecutionResult, BlockExecutor, BlockExecutorFactory, StateDB,
    },
    eth::{
        EthBlockExecutionCtx, EthBlockExecutorFactory, EthEvmFactory,
        receipt_builder::AlloyReceiptBuilder, spec::EthExecutorSpec,
    },
};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use parallax_alloy::ParallelBlockExecutorFactory;
use parallax_engine::{Block, Engine, EngineConfig};
use parallax_workload::{MemoryState, Workload};
use revm::{
    context::TxEnv,
    context_interface::either::Either,
    database::{
        AccountRevert, AccountStatus, BundleAccount, BundleState, RevertToSlot, State,
        WrapDatabaseRef, states::bundle_state::BundleRetention,
    },
    primitives::hardfork::SpecId,
    state::AccountInfo,
};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

pub type Receipt = alloy_consensus::ReceiptEnvelope;
pub type Outcome = Result<BlockExecutionResult<Receipt>, BlockExecutionError>;
/// A transaction as the executors take it: with the environment that it has in
/// the workload, whatever its signature is worth.
pub type Tx = (TxEnv, Recovered<TxEnvelope>);

pub fn engine(workers: usize) -> Arc<Engine> {
    let config = EngineConfig {
        workers,
        ..EngineConfig::default()
    };
    Arc::new(Engine::new(config).expect("threads"))
}

/// A chain that has had one fork for ever.
#[derive(Clone, Debug)]
pub struct OneFork {
    pub fork: SpecId,
    pub deposits: Option<Address>,
}

impl EthereumHardforks for OneFork {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        use EthereumHardfork as Fork;
        let since = match fork {
            Fork::Frontier | Fork::Dao => SpecId::FRONTIER,
            Fork::Homestead => SpecId::HOMESTEAD,
            Fork::Tangerine => SpecId::TANGERINE,
            Fork::SpuriousDragon => SpecId::SPURIOUS_DRAGON,
            Fork::Byzantium => SpecId::BYZANTIUM,
            Fork::Constantinople | Fork::Petersburg => SpecId::PETERSBURG,
            Fork::Istanbul | Fork::MuirGlacier => SpecId::ISTANBUL,
            Fork::Berlin => SpecId::BERLIN,
            Fork::London | Fork::ArrowGlacier | Fork::GrayGlacier => SpecId::LONDON,
            Fork::Paris => SpecId::MERGE,
            Fork::Shanghai => SpecId::SHANGHAI,
            Fork::Cancun => SpecId::CANCUN,
            Fork::Prague => SpecId::PRAGUE,
            Fork::Osaka => SpecId::OSAKA,
            _ => return ForkCondition::Never,
        };
        if !self.fork.is_enabled_in(since) {
            return ForkCondition::Never;
        }
        if since.is_enabled_in(SpecId::SHANGHAI) {
            ForkCondition::Timestamp(0)
        } else {
            ForkCondition::Block(0)
        }
    }
}

impl EthExecutorSpec for OneFork {
    fn deposit_contract_address(&self) -> Option<Address> {
        self.deposits
    }
}

/// What a block is beside its transactions.
#[derive(Clone, Debug)]
pub struct Setting {
    pub spec: OneFork,
    pub env: EvmEnv,
    ommers: Vec<Header>,
    block: Block,
}

impl Setting {
    pub fn new(block: &Block) -> Self {
        let block = Block {
            transactions: Vec::new(),
            ..block.clone()
        };
        let ommers = block.protocol.ommers.iter().map(|ommer| Header {
            beneficiary: ommer.beneficiary,
            number: ommer.number,
            ..Header::default()
        });
        Self {
            spec: OneFork {
                fork: block.spec(),
                deposits: block.protocol.deposit_contract,
            },
            env: EvmEnv::new(block.cfg.clone(), block.env.clone()),
            ommers: ommers.collect(),
            block,
        }
    }

    pub fn ctx(&self) -> EthBlockExecutionCtx<'_> {
        let protocol = &self.block.protocol;
        EthBlockExecutionCtx {
            parent_hash: protocol.parent_hash.unwrap_or_default(),
            parent_beacon_block_root: Some(protocol.parent_beacon_block_root.unwrap_or_default()),
            ommers: &self.ommers,
            withdrawals: Some(Cow::Borrowed(&protocol.withdrawals)),
            extra_data: Bytes::new(),
            tx_count_hint: None,
            slot_number: None,
        }
    }

    pub fn sequential(&self) -> EthBlockExecutorFactory<AlloyReceiptBuilder, OneFork> {
        let receipts = AlloyReceiptBuilder::default();
        EthBlockExecutorFactory::new(receipts, self.spec.clone(), EthEvmFactory::default())
    }

    pub fn parallel(
        &self,
        engine: &Arc<Engine>,
    ) -> ParallelBlockExecutorFactory<AlloyReceiptBuilder, OneFork> {
        let receipts = AlloyReceiptBuilder::default();
        ParallelBlockExecutorFactory::new(receipts, self.spec.clone(), Arc::clone(engine))
    }
}

/// Code written for any factory: the point of the exercise.
pub fn execute<F>(factory: &F, setting: &Setting, db: impl StateDB, txs: &[Tx]) -> Outcome
where
    F: for<'a> BlockExecutorFactory<
            EvmFactory = EthEvmFactory,
            ExecutionCtx<'a> = EthBlockExecutionCtx<'a>,
            Transaction = TxEnvelope,
            Receipt = Receipt,
        >,
{
    let evm = factory.evm_factory().create_evm(db, setting.env.clone());
    let executor = factory.create_executor(evm, setting.ctx());
    executor.execute_block(txs.iter().cloned())
}

pub fn state(db: &MemoryState) -> State<WrapDatabaseRef<&MemoryState>> {
    State::builder()
        .with_database_ref(db)
        .with_bundle_update()
        .build()
}

pub fn bundle<DB: revm::Database>(state: &mut State<DB>) -> BundleState {
    state.merge_transitions(BundleRetention::Reverts);
    state.take_bundle()
}

pub fn transactions(workload: &Workload) -> Vec<Tx> {
    let transactions = workload.block.transactions.iter();
    transactions
        .map(|tx| {
            (
                tx.clone(),
                Recovered::new_unchecked(envelope(tx), tx.caller),
            )
        })
        .collect()
}

/// A consensus transaction that has this environment, except for delegations,
/// which need signatures.
pub fn envelope(tx: &TxEnv) -> TxEnvelope {
    let signature = Signature::test_signature();
    let chain_id = tx.chain_id.unwrap_or(1);
    let to = tx.kind.to().copied().unwrap_or_default();
    let max_priority_fee_per_gas = tx.gas_priority_fee.unwrap_or_default();
    let TxEnv {
        nonce,
        gas_limit,
        gas_price,
        kind,
        value,
        ..
    } = *tx;
    let (input, access_list) = (tx.data.clone(), tx.access_list.clone());
    match tx.tx_type {
        0 => signed(
            TxLegacy {
                chain_id: tx.chain_id,
                nonce,
                gas_price,
                gas_limit,
                to: kind,
                value,
                input,
            },
            signature,
        ),
        1 => signed(
            TxEip2930 {
                chain_id,
                nonce,
                gas_price,
                gas_limit,
                to: kind,
                value,
                access_list,
                input,
            },
            signature,
        ),
        2 => signed(
            TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: gas_price,
                max_priority_fee_per_gas,
                to: kind,
                value,
                access_list,
                input,
            },
            signature,
        ),
        3 => signed(
            TxEip4844 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: gas_price,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                blob_versioned_hashes: tx.blob_hashes.clone(),
                max_fee_per_blob_gas: tx.max_fee_per_blob_gas,
                input,
            },
            signature,
        ),
        _ => {
            let authorizations = tx.authorization_list.iter();
            signed(
                TxEip7702 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: gas_price,
                    max_priority_fee_per_gas,
                    to,
                    value,
                    access_list,
                    input,
                    authorization_list: authorizations
                        .filter_map(|authorization| match authorization {
                            Either::Left(signed) => Some(signed.clone()),
                            Either::Right(_) => None,
                        })
                        .collect(),
                },
                signature,
            )
        }
    }
}

fn signed<T>(tx: T, signature: Signature) -> TxEnvelope
where
    TxEnvelope: From<Signed<T>>,
{
    Signed::new_unchecked(tx, signature, B256::ZERO).into()
}

pub fn call(to: Address, value: u64) -> TxEnv {
    TxEnv {
        kind: TxKind::Call(to),
        value: U256::from(value),
        gas_limit: 100_000,
        gas_price: 10_000_000_000,
        ..TxEnv::default()
    }
}

/// Compares results, or the text of errors.
pub fn assert_same(what: &str, expected: &Outcome, got: &Outcome) {
    match (expected, got) {
        (Ok(expected), Ok(got)) => assert_eq!(expected, got, "{what}"),
        (Err(expected), Err(got)) => {
            assert_eq!(format!("{expected:?}"), format!("{got:?}"), "{what}");
        }
        (expected, got) => panic!("{what}: {got:?} instead of {expected:?}"),
    }
}

/// Compares bundles. Everything must be equal, except how often something was
/// destroyed on the way: see [`settle`].
pub fn assert_same_bundle(what: &str, expected: &BundleState, got: &BundleState) {
    let [expected, got] = [expected, got].map(|bundle| {
        let accounts: BTreeMap<_, _> = bundle
            .state
            .iter()
            .map(|(address, account)| (*address, settle(account.clone())))
            .collect();
        let reverts: Vec<BTreeMap<_, _>> = bundle
            .reverts
            .iter()
            .map(|block| block.iter().cloned())
            .map(|block| {
                block
                    .map(|(at, revert)| (at, settle_revert(revert)))
                    .collect()
            })
            .collect();
        let contracts: BTreeMap<_, _> = bundle.contracts.iter().collect();
        (accounts, reverts, format!("{contracts:?}"))
    });
    for (address, account) in &expected.0 {
        assert_eq!(Some(account), got.0.get(address), "{what}: {address}");
    }
    assert_eq!(expected.0.len(), got.0.len(), "{what}: accounts");
    assert_eq!(expected.1, got.1, "{what}: reverts");
    assert_eq!(expected.2, got.2, "{what}: contracts");
}

/// An account that was destroyed twice counts as destroyed once, and one that
/// had nothing to destroy before the block counts as never destroyed.
fn settle(mut account: BundleAccount) -> BundleAccount {
    let was_empty = account
        .original_info
        .as_ref()
        .is_none_or(AccountInfo::is_empty);
    account.status = match account.status {
        AccountStatus::DestroyedAgain => AccountStatus::Destroyed,
        AccountStatus::DestroyedChanged if was_empty => AccountStatus::InMemoryChange,
        status => status,
    };
    account
}

/// As [`settle`]: there was no storage to restore.
fn settle_revert(mut revert: AccountRevert) -> AccountRevert {
    let was_empty = matches!(
        revert.previous_status,
        AccountStatus::LoadedNotExisting | AccountStatus::LoadedEmptyEIP161
    );
    if was_empty {
        revert.wipe_storage = false;
        for slot in revert.storage.values_mut() {
            *slot = RevertToSlot::Some(slot.to_previous_value());
        }
    }
    revert
}
