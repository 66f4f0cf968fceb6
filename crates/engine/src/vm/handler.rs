//! revm's transaction handler, observing no more than each step needs.
//!
//! Validation and gas are revm's own functions. What is ours is how state is
//! touched: a sender relies on having *enough*, a fee is a number beside the
//! journal, a callee is observed for its code. Plain transfers skip the frame
//! machinery altogether.

use super::{Interpreter, Scratch, interpreter};
use crate::{
    journal::{Journal, Observed},
    payments::Terms,
    view::ViewError,
};
use alloy_primitives::{Address, U256};
use revm::{
    DatabaseRef,
    context::{
        BlockEnv, Cfg, CfgEnv, TxEnv,
        journaled_state::JournalLoadError,
        result::{EVMError, ExecutionResult, HaltReason, Output, SuccessReason},
    },
    context_interface::{Block, LocalContextTr, Transaction},
    handler::{
        EvmTr, FrameResult, Handler, ItemOrResult, post_execution,
        pre_execution::{calculate_caller_fee, validate_account_nonce_and_code_with_components},
        validation,
    },
    interpreter::{
        CallInput, CallInputs, CallScheme, CallValue, CreateInputs, CreateScheme, FrameInput, Gas,
        GasTracker, InitialAndFloorGas, SharedMemory, interpreter_action::FrameInit,
    },
    primitives::{KECCAK_EMPTY, TxKind, hardfork::SpecId},
    state::Bytecode,
};
use std::marker::PhantomData;

type Error<DB> = EVMError<ViewError<<DB as DatabaseRef>::Error>>;

/// See the module.
#[derive(Debug)]
pub(super) struct ParallelHandler<'m, DB>(PhantomData<&'m DB>);

impl<DB> Default for ParallelHandler<'_, DB> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'m, DB: DatabaseRef> Handler for ParallelHandler<'m, DB> {
    type Evm = Interpreter<'m, DB>;
    type Error = Error<DB>;
    type HaltReason = HaltReason;

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _init_and_floor_gas: &mut InitialAndFloorGas,
    ) -> Result<(), Self::Error> {
        let ctx = &mut evm.ctx;
        let caller = charge_sender(&mut ctx.journaled_state, ctx.block, ctx.tx, ctx.cfg)?;
        if ctx.tx.kind.is_call() {
            bump_nonce(&mut ctx.journaled_state, caller);
        }
        Ok(())
    }

    fn first_frame_input(
        &mut self,
        evm: &mut Self::Evm,
        gas: &mut GasTracker,
    ) -> Result<Option<FrameInit>, Self::Error> {
        let ctx = &mut evm.ctx;
        let mut memory = SharedMemory::new_with_buffer(ctx.local.shared_memory_buffer().clone());
        memory.set_memory_limit(ctx.cfg.memory_limit());
        let frame_input = match ctx.tx.kind {
            TxKind::Call(to) => FrameInput::Call(Box::new(first_call(
                &mut ctx.journaled_state,
                ctx.tx,
                to,
                gas,
            )?)),
            TxKind::Create => FrameInput::Create(Box::new(CreateInputs::new(
                ctx.tx.caller,
                CreateScheme::Create,
                ctx.tx.value,
                ctx.tx.data.clone(),
                gas.remaining(),
                gas.reservoir(),
            ))),
        };
        Ok(Some(FrameInit {
            depth: 0,
            memory,
            frame_input,
        }))
    }

    /// As revm's, but for who runs the frames.
    fn run_exec_loop(
        &mut self,
        evm: &mut Self::Evm,
        first: FrameInit,
    ) -> Result<FrameResult, Self::Error> {
        if let ItemOrResult::Result(result) = evm.frame_init(first)? {
            return Ok(result);
        }
        loop {
            let result = match interpreter::run_frame(evm)? {
                ItemOrResult::Item(call) => match evm.frame_init(call)? {
                    ItemOrResult::Item(_) => continue,
                    ItemOrResult::Result(result) => result,
                },
                ItemOrResult::Result(result) => result,
            };
            if let Some(result) = evm.frame_return_result(result)? {
                return Ok(result);
            }
        }
    }

    fn reimburse_caller(
        &self,
        evm: &mut Self::Evm,
        exec_result: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        let ctx = &mut evm.ctx;
        if ctx.cfg.is_fee_charge_disabled() {
            return Ok(());
        }
        let gas = exec_result.gas();
        let price = ctx.tx.effective_gas_price(u128::from(ctx.block.basefee()));
        let unused = gas.remaining() + gas.reservoir() + gas.refunded() as u64;
        let journal = &mut ctx.journaled_state;
        let (caller, _) = journal
            .load_entry(ctx.tx.caller, false)
            .map_err(JournalLoadError::unwrap_db_error)
            .map_err(EVMError::Database)?;
        journal.touch(caller);
        journal
            .credit(caller, U256::from(price.saturating_mul(u128::from(unused))))
            .map_err(EVMError::Database)?;
        Ok(())
    }

    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        exec_result: &mut FrameResult,
    ) -> Result<(), Self::Error> {
        let gas = exec_result.gas();
        let used = gas.used().saturating_sub(gas.reservoir());
        let ctx = &mut evm.ctx;
        if ctx.cfg.is_fee_charge_disabled() {
            return Ok(());
        }
        pay_fee(
            &mut ctx.journaled_state,
            &mut ctx.chain,
            ctx.block,
            ctx.tx,
            used,
        )
        .map_err(EVMError::Database)
    }
}

/// Checks the sender and takes the price of all its gas; its entry.
fn charge_sender<DB: DatabaseRef>(
    journal: &mut Journal<'_, DB>,
    block: &BlockEnv,
    tx: &TxEnv,
    cfg: &CfgEnv,
) -> Result<usize, Error<DB>> {
    let (caller, _) = journal
        .load_entry(tx.caller, false)
        .map_err(JournalLoadError::unwrap_db_error)
        .map_err(EVMError::Database)?;
    journal
        .observe(caller, Observed::NONCE)
        .map_err(EVMError::Database)?;
    if journal.entries[caller].account.info.code_hash == KECCAK_EMPTY {
        journal
            .observe(caller, Observed::CODE)
            .map_err(EVMError::Database)?;
    } else {
        journal.load_code(caller).map_err(EVMError::Database)?;
    }
    validate_account_nonce_and_code_with_components(
        &journal.entries[caller].account.info,
        tx,
        cfg,
    )?;
    let most = tx.max_balance_spending()?;
    if journal.entries[caller].balance() < most {
        journal
            .observe(caller, Observed::BALANCE)
            .map_err(EVMError::Database)?;
    }
    let balance = journal.entries[caller].balance();
    let rest = calculate_caller_fee(balance, tx, block, cfg)?;
    if balance >= most {
        journal.rely_on(caller, most);
    }
    journal.touch(caller);
    journal.set_balance(caller, rest);
    Ok(caller)
}

fn bump_nonce<DB: DatabaseRef>(journal: &mut Journal<'_, DB>, caller: usize) {
    // Validation has refused the highest nonce.
    let nonce = journal.entries[caller].account.info.nonce;
    journal.set_nonce(caller, nonce.saturating_add(1));
}

/// The call that a transaction makes.
fn first_call<DB: DatabaseRef>(
    journal: &mut Journal<'_, DB>,
    tx: &TxEnv,
    to: Address,
    gas: &GasTracker,
) -> Result<CallInputs, Error<DB>> {
    let mut code = load_code(journal, to)?;
    if let Some(delegate) = code.1.eip7702_address() {
        code = load_code(journal, delegate)?;
    }
    Ok(CallInputs {
        input: CallInput::Bytes(tx.data.clone()),
        gas_limit: gas.remaining(),
        target_address: to,
        bytecode_address: to,
        known_bytecode: code,
        caller: tx.caller,
        value: CallValue::Transfer(tx.value),
        scheme: CallScheme::Call,
        is_static: false,
        return_memory_offset: 0..0,
        reservoir: gas.reservoir(),
        charged_new_account_state_gas: false,
    })
}

fn load_code<DB: DatabaseRef>(
    journal: &mut Journal<'_, DB>,
    address: Address,
) -> Result<(alloy_primitives::B256, Bytecode), Error<DB>> {
    let (entry, _) = journal
        .load_entry(address, false)
        .map_err(JournalLoadError::unwrap_db_error)
        .map_err(EVMError::Database)?;
    journal.load_code(entry).map_err(EVMError::Database)?;
    let info = &journal.entries[entry].account.info;
    Ok((info.code_hash, info.code.clone().unwrap_or_default()))
}

/// Pays the beneficiary for `used` gas.
///
/// Normally the fee is only noted, not written (see [`crate::deltas`]). Where
/// the payment does more than add (touching an account may create or delete it,
/// and what a destroyed account receives is lost) it goes through the journal.
fn pay_fee<DB: DatabaseRef>(
    journal: &mut Journal<'_, DB>,
    scratch: &mut Scratch,
    block: &BlockEnv,
    tx: &TxEnv,
    used: u64,
) -> Result<(), ViewError<DB::Error>> {
    let fee = fee(journal.spec, tx, u128::from(block.basefee()), used);
    let destroyed = journal
        .find(&block.beneficiary)
        .is_some_and(|entry| journal.entries[entry].account.is_selfdestructed());
    let separate = journal.view.fees.separate && !journal.view.memory.may_overflow();
    if fee == 0 || destroyed || !separate || !journal.is_enabled(SpecId::SPURIOUS_DRAGON) {
        let (entry, _) = journal
            .load_entry(block.beneficiary, false)
            .map_err(JournalLoadError::unwrap_db_error)?;
        journal.touch(entry);
        journal.credit(entry, U256::from(fee))?;
    } else {
        scratch.fee = fee;
    }
    Ok(())
}

/// Executes the transaction if it is nothing but a payment to an account without
/// code: `None` if it is more. Gives what the interpreter would give.
pub(super) fn plain_transfer<DB: DatabaseRef>(
    evm: &mut Interpreter<'_, DB>,
) -> Result<Option<ExecutionResult>, Error<DB>> {
    let ctx = &mut evm.ctx;
    let tx = ctx.tx;
    let TxKind::Call(to) = tx.kind else {
        return Ok(None);
    };
    let simple = tx.tx_type <= 2
        && tx.access_list.0.is_empty()
        && !tx.value.is_zero()
        && tx.caller != to
        && ctx.cfg.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON)
        && !ctx.cfg.is_fee_charge_disabled()
        && !evm.precompiles.0.contains(&to);
    if !simple {
        return Ok(None);
    }
    let journal = &mut ctx.journaled_state;
    let (recipient, _) = journal
        .load_entry(to, false)
        .map_err(JournalLoadError::unwrap_db_error)
        .map_err(EVMError::Database)?;
    journal
        .observe(recipient, Observed::CODE)
        .map_err(EVMError::Database)?;
    let info = &journal.entries[recipient].account.info;
    let may_overflow = info.balance.bit_len() > 250 || tx.value.bit_len() > 250;
    if info.code_hash != KECCAK_EMPTY || may_overflow {
        return Ok(None);
    }

    validation::validate_env::<_, Error<DB>>(&mut evm.ctx)?;
    let handler = ParallelHandler::<DB>::default();
    let initial = handler.validate_initial_tx_gas(evm)?;
    let ctx = &mut evm.ctx;
    let journal = &mut ctx.journaled_state;
    let caller = charge_sender(journal, ctx.block, tx, ctx.cfg)?;
    bump_nonce(journal, caller);
    // Validation has made sure of the value: it is part of the most that the
    // transaction may spend.
    let mut gas = Gas::new(tx.gas_limit);
    gas.set_spent(initial.initial_total_gas());
    journal.touch(recipient);
    journal
        .debit(caller, tx.value)
        .map_err(EVMError::Database)?;
    journal
        .credit(recipient, tx.value)
        .map_err(EVMError::Database)?;
    let result_gas = post_execution::build_result_gas(false, &gas, initial);
    post_execution::eip7623_check_gas_floor(&mut gas, initial);
    let price = tx.effective_gas_price(u128::from(ctx.block.basefee()));
    let unused = U256::from(price.saturating_mul(u128::from(gas.remaining())));
    journal.credit(caller, unused).map_err(EVMError::Database)?;
    pay_fee(journal, &mut ctx.chain, ctx.block, tx, gas.used()).map_err(EVMError::Database)?;
    evm.ctx.chain.plain_transfer = true;
    Ok(Some(ExecutionResult::Success {
        reason: SuccessReason::Stop,
        gas: result_gas,
        logs: Vec::new(),
        output: Output::Call(alloy_primitives::Bytes::new()),
    }))
}

/// What a transaction that may be a payment to an account without code costs;
/// `None` if it is not valid, or more than that. Looks at no state.
pub(super) fn payment_terms<DB: DatabaseRef>(evm: &mut Interpreter<'_, DB>) -> Option<Terms> {
    let (tx, cfg) = (evm.ctx.tx, evm.ctx.cfg);
    let TxKind::Call(to) = tx.kind else {
        return None;
    };
    let is_unchecked = cfg.is_nonce_check_disabled()
        || cfg.is_balance_check_disabled()
        || cfg.is_fee_charge_disabled();
    if is_unchecked || evm.precompiles.0.contains(&to) {
        return None;
    }
    validation::validate_env::<_, Error<DB>>(&mut evm.ctx).ok()?;
    let initial = ParallelHandler::<DB>::default()
        .validate_initial_tx_gas(evm)
        .ok()?;
    let mut gas = Gas::new(tx.gas_limit);
    gas.set_spent(initial.initial_total_gas());
    let result_gas = post_execution::build_result_gas(false, &gas, initial);
    post_execution::eip7623_check_gas_floor(&mut gas, initial);
    let base_fee = u128::from(evm.ctx.block.basefee());
    let price = tx.effective_gas_price(base_fee);
    let used = u128::from(gas.used());
    let fee = fee(cfg.spec, tx, base_fee, gas.used());
    let spent = u128::try_from(tx.value)
        .ok()?
        .checked_add(price.checked_mul(used)?)?;
    let least = tx.max_balance_spending().ok()?.try_into().ok()?;
    // A payment of nothing still touches the beneficiary.
    (fee > 0).then_some(Terms {
        gas: result_gas,
        least,
        spent,
        fee,
    })
}

/// What the beneficiary gets for `used` gas.
fn fee(spec: SpecId, tx: &TxEnv, base_fee: u128, used: u64) -> u128 {
    let mut price = tx.effective_gas_price(base_fee);
    if spec.is_enabled_in(SpecId::LONDON) {
        price = price.saturating_sub(base_fee);
    }
    price.wrapping_mul(u128::from(used))
}
