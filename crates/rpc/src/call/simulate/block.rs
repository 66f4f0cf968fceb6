//! One block.

use super::{
    Simulation, Wanted, code,
    transfers::{EMITTER, Transfers},
};
use crate::{
    call::{
        evm::{self, CallError, failed},
        halted, override_state, sign_with, typed,
    },
    error::RpcError,
    json::{self, quantity},
};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Eip658Value, Header, Receipt};
use alloy_eips::{
    eip4895::Withdrawals, eip6110::DEPOSIT_REQUEST_TYPE, eip7002, eip7251, eip7685::Requests,
};
use alloy_evm::eth::eip6110::accumulate_deposits_from_logs;
use alloy_primitives::{Address, B256, Bytes, Log, Signature, U256};
use alloy_rpc_types_eth::TransactionRequest;
use parallax_chain::{Fork, header};
use parallax_engine::StateChanges;
use parallax_node::{SealedBlock, Transaction};
use revm::{
    Database, DatabaseCommit,
    context::result::{EVMError, ExecutionResult, InvalidTransaction},
    database::states::bundle_state::BundleRetention,
    inspector::NoOpInspector,
    primitives::eip4844::GAS_PER_BLOB,
    state::{Account, EvmState},
};
use serde_json::{Value, json};

impl Simulation<'_> {
    /// Simulates a block: with what its calls gave.
    pub(super) fn block(&mut self, wanted: Wanted) -> Result<(SealedBlock, Vec<Value>), RpcError> {
        let (draft, fork) = self.draft(&wanted);
        self.session.env = self.api.env_of(&draft, fork);
        self.session.fork = fork;
        self.session.moves.clear();
        self.configure(&wanted);
        let overrides = wanted.block.state_overrides;
        if let Some(overrides) = overrides {
            override_state(&mut self.session, overrides)?;
        }
        self.session.begin_block(&draft)?;
        let mut made = Made::default();
        for request in wanted.block.calls {
            self.transaction(request, &draft, &mut made)?;
        }
        let requests = self.after(fork, &made)?;
        let withdrawals = draft.withdrawals_root.map(|_| Withdrawals::default());
        let state_root = self.state_root()?;
        Ok(self.seal(draft, fork, made, withdrawals, &requests, state_root))
    }

    fn draft(&self, wanted: &Wanted) -> (Header, Fork) {
        let schedule = self.api.node.schedule();
        let total = self.base.total_difficulty;
        let fork = schedule.fork(wanted.number, wanted.timestamp, total);
        let since = |first: Fork| fork >= first;
        let overrides = wanted.block.block_overrides.clone().unwrap_or_default();
        let base_fee = match self.is_validated {
            true => header::next_base_fee(fork, &self.parent, self.parent_fork),
            false => since(Fork::London).then_some(0),
        };
        let header = Header {
            parent_hash: self.parent_hash,
            number: wanted.number,
            timestamp: wanted.timestamp,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: overrides.coinbase.unwrap_or(self.parent.beneficiary),
            difficulty: overrides.difficulty.unwrap_or(self.parent.difficulty),
            gas_limit: overrides.gas_limit.unwrap_or(self.parent.gas_limit),
            mix_hash: overrides.random.unwrap_or_default(),
            base_fee_per_gas: base_fee
                .map(|fee| overrides.base_fee.map_or(fee, |fee| fee.saturating_to())),
            withdrawals_root: since(Fork::Shanghai).then_some(parallax_trie::EMPTY_ROOT),
            parent_beacon_block_root: since(Fork::Cancun)
                .then(|| overrides.beacon_root.unwrap_or_default()),
            excess_blob_gas: schedule
                .blobs(fork)
                .map(|blobs| header::next_excess_blob_gas(&blobs, &self.parent)),
            ..Header::default()
        };
        (header, fork)
    }

    /// What transactions may do that those of blocks may not.
    fn configure(&mut self, wanted: &Wanted) {
        let cfg = &mut self.session.env.cfg_env;
        cfg.disable_eip3607 = true;
        cfg.disable_nonce_check = !self.is_validated;
        cfg.disable_base_fee = !self.is_validated;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        let Some(overrides) = &wanted.block.block_overrides else {
            return;
        };
        if let Some(fee) = overrides.blob_base_fee
            && let Some(blobs) = &mut self.session.env.block_env.blob_excess_gas_and_price
        {
            blobs.blob_gasprice = fee.saturating_to();
        }
    }

    fn after(&mut self, fork: Fork, made: &Made) -> Result<Requests, RpcError> {
        let mut requests = Requests::default();
        if fork < Fork::Prague {
            return Ok(requests);
        }
        let contract = self.api.node.schedule().deposit_contract();
        let logs = made.receipts.iter().flat_map(|receipt| &receipt.logs);
        let mut deposits = Vec::new();
        accumulate_deposits_from_logs(contract, logs, &mut deposits)
            .map_err(|error| RpcError::server(error.to_string()))?;
        if !deposits.is_empty() {
            requests.push_request_with_type(DEPOSIT_REQUEST_TYPE, deposits);
        }
        let calls = [
            (
                eip7002::WITHDRAWAL_REQUEST_TYPE,
                eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
            ),
            (
                eip7251::CONSOLIDATION_REQUEST_TYPE,
                eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
            ),
        ];
        for (kind, contract) in calls {
            let output = self.session.system_call(contract, Bytes::new())?;
            if !output.is_empty() {
                requests.push_request_with_type(kind, output);
            }
        }
        Ok(requests)
    }

    fn transaction(
        &mut self,
        mut request: TransactionRequest,
        draft: &Header,
        made: &mut Made,
    ) -> Result<(), RpcError> {
        let from = request.from.unwrap_or_default();
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self.session.nonce(from)?,
        };
        let left = draft.gas_limit.saturating_sub(made.gas);
        let gas = request.gas.unwrap_or(left);
        if made.gas.saturating_add(gas) > draft.gas_limit {
            return Err(RpcError::new(
                code::BLOCK_GAS,
                format!(
                    "block gas limit reached: {} >= {}",
                    made.gas, draft.gas_limit
                ),
            ));
        }
        let gas = gas.min(self.gas);
        request.gas = Some(gas);
        request.nonce = Some(nonce);
        let chain_id = self.session.env.cfg_env.chain_id;
        let nobody = Signature::new(U256::ZERO, U256::ZERO, false);
        let signed = sign_with(typed(request.clone(), chain_id), nobody);
        let mut tx = parallax_chain::tx_env(&signed, from);
        if let Some(list) = &request.authorization_list {
            tx.set_signed_authorization(list.clone());
        }
        if self.is_validated && nonce == u64::MAX {
            let reason = InvalidTransaction::NonceOverflowInTransaction;
            return Err(invalid(EVMError::Transaction(reason), gas));
        }
        let (result, shown) = self
            .execute(tx, from)
            .map_err(|error| invalid(error, gas))?;
        let used = result.tx_gas_used();
        made.gas += used;
        made.blob_gas +=
            request.blob_versioned_hashes.as_ref().map_or(0, Vec::len) as u64 * GAS_PER_BLOB;
        self.gas = self.gas.saturating_sub(used);
        made.calls.push(call(&result, used));
        made.logs.push(shown);
        self.senders.insert(*signed.tx_hash(), from);
        made.transactions.push(Transaction {
            signed,
            sender: from,
        });
        made.receipts.push(Receipt {
            status: Eip658Value::Eip658(result.is_success()),
            cumulative_gas_used: made.gas,
            logs: match result.is_success() {
                true => result.into_logs(),
                false => Vec::new(),
            },
        });
        Ok(())
    }

    /// Runs a transaction; the logs that its call shows.
    fn execute(
        &mut self,
        tx: revm::context::TxEnv,
        from: Address,
    ) -> Result<(ExecutionResult, Shown), CallError> {
        if !self.is_validated && tx.nonce == u64::MAX {
            return self.execute_at_last_nonce(tx, from);
        }
        let mut transfers = Transfers {
            shows: self.traces_transfers,
            emitted: 0,
        };
        let mut done = self.session.inspect(tx, &mut transfers)?;
        let mut shown = Shown {
            logs: done.result.logs().to_vec(),
            emitted: transfers.emitted,
        };
        if !done.result.is_success() {
            shown.logs.clear();
        }
        if let ExecutionResult::Success { logs, .. } = &mut done.result {
            // They are shown, and no part of the receipt.
            logs.retain(|log| log.address != EMITTER);
        }
        Ok((self.session.keep(done), shown))
    }

    /// As if the nonce could go on: it begins anew, as geth's does.
    fn execute_at_last_nonce(
        &mut self,
        mut tx: revm::context::TxEnv,
        from: Address,
    ) -> Result<(ExecutionResult, Shown), CallError> {
        tx.nonce = 0;
        let mut account = self
            .session
            .db
            .basic(from)
            .map_err(EVMError::Database)?
            .unwrap_or_default();
        account.nonce = 0;
        let set = |db: &mut crate::call::evm::CallDb, nonce| {
            let mut changed = Account::from(account.clone());
            changed.info.nonce = nonce;
            changed.mark_touch();
            db.commit(EvmState::from_iter([(from, changed)]));
        };
        set(&mut self.session.db, 0);
        let mut done = self.session.inspect(tx, NoOpInspector {})?;
        if let Some(sender) = done.state.get_mut(&from) {
            sender.info.nonce = 0;
        }
        let result = self.session.keep(done);
        let logs = result.logs().to_vec();
        let emitted = logs.len() as u64;
        Ok((result, Shown { logs, emitted }))
    }

    /// The root after everything so far.
    fn state_root(&mut self) -> Result<B256, RpcError> {
        self.session
            .db
            .merge_transitions(BundleRetention::PlainState);
        let changes = StateChanges::from_bundle(&self.session.db.bundle_state);
        Ok(self.api.node.root_with(self.base.number(), &changes)?)
    }

    fn seal(
        &mut self,
        draft: Header,
        fork: Fork,
        made: Made,
        withdrawals: Option<Withdrawals>,
        requests: &Requests,
        state_root: B256,
    ) -> (SealedBlock, Vec<Value>) {
        let mut block = SealedBlock::assemble(
            Header {
                state_root,
                gas_used: made.gas,
                blob_gas_used: (fork >= Fork::Cancun).then_some(made.blob_gas),
                requests_hash: (fork >= Fork::Prague).then(|| requests.requests_hash()),
                ..draft
            },
            fork,
            made.transactions,
            made.receipts,
            withdrawals,
        );
        block.total_difficulty = self.base.total_difficulty;
        let mut index = 0;
        let calls = made.calls.into_iter().zip(made.logs).enumerate();
        let calls = calls.map(|(position, (mut call, shown))| {
            let logs = (index..).zip(&shown.logs);
            let logs =
                logs.map(|(number, log)| json::log::log(log, &block, position, number, false));
            call["logs"] = logs.collect();
            index += shown.emitted;
            call
        });
        let calls = calls.collect();
        self.parent_hash = block.hash;
        self.parent_fork = fork;
        self.session
            .db
            .block_hashes
            .insert(block.number(), block.hash);
        self.parent = block.header.clone();
        (block, calls)
    }
}

/// The logs that a call shows.
#[derive(Default)]
struct Shown {
    logs: Vec<Log>,
    /// How many there were, those that were taken back again included: numbers go on after
    /// them.
    emitted: u64,
}

/// What a block has so far.
#[derive(Default)]
struct Made {
    transactions: Vec<Transaction>,
    receipts: Vec<Receipt<Log>>,
    calls: Vec<Value>,
    logs: Vec<Shown>,
    gas: u64,
    blob_gas: u64,
}

/// What a call gave.
fn call(result: &ExecutionResult, used: u64) -> Value {
    let gas = result.gas();
    let most = gas.total_gas_spent().max(gas.floor_gas());
    let mut json = json!({
        "returnData": result.output().cloned().unwrap_or_default(),
        "gasUsed": quantity(used),
        "maxUsedGas": quantity(most),
        "status": quantity(u8::from(result.is_success())),
    });
    match result {
        ExecutionResult::Success { .. } => {}
        ExecutionResult::Revert { output, .. } => {
            let error = RpcError::reverted(output);
            json["error"] = json!({
                "code": code::REVERTED, "message": error.message, "data": error.data,
            });
        }
        ExecutionResult::Halt { reason, .. } => {
            json["error"] = json!({ "code": code::VM, "message": halted(reason) });
        }
    }
    json
}

/// A call that could not be a transaction.
fn invalid(error: CallError, gas: u64) -> RpcError {
    let EVMError::Transaction(reason) = &error else {
        return failed(error);
    };
    let code = match reason {
        InvalidTransaction::NonceTooLow { .. } => code::NONCE_TOO_LOW,
        InvalidTransaction::NonceTooHigh { .. } => code::NONCE_TOO_HIGH,
        InvalidTransaction::RejectCallerWithCode => code::NOT_AN_EOA,
        InvalidTransaction::LackOfFundForMaxFee { .. } => code::FUNDS,
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
        | InvalidTransaction::GasFloorMoreThanGasLimit { .. } => code::INTRINSIC_GAS,
        InvalidTransaction::CreateInitCodeSizeLimit => code::INITCODE,
        InvalidTransaction::GasPriceLessThanBasefee => code::FEE_TOO_LOW,
        InvalidTransaction::PriorityFeeGreaterThanMaxFee => -32602,
        _ => -32603,
    };
    RpcError::new(
        code,
        format!("err: {} (supplied gas {gas})", evm::invalid(reason)),
    )
}
