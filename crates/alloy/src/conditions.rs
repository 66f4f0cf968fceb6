//! When a block can be given to the engine.

use crate::run::Fallback;
use alloy_evm::{
    Database, Evm,
    eth::EthEvm,
    eth::EthEvmContext,
    precompiles::{Precompile, PrecompilesMap},
};
use parallax_engine::Block;
use revm::{
    Inspector,
    context::{Cfg, CfgEnv},
    inspector::NoOpInspector,
    precompile::{PrecompileSpecId, Precompiles},
    primitives::hardfork::SpecId,
};

/// Whether the engine executes `block` as `evm` would.
///
/// # Errors
/// Why not.
pub(crate) fn check<DB, I>(
    block: &Block,
    evm: &EthEvm<DB, I, PrecompilesMap>,
) -> Result<(), Fallback>
where
    DB: Database,
    I: Inspector<EthEvmContext<DB>>,
{
    let spec = block.spec();
    if block.transactions.len() < 2 {
        return Err(Fallback::FewTransactions);
    }
    if typeid::of::<I>() != typeid::of::<NoOpInspector>() {
        return Err(Fallback::Inspector);
    }
    if !has_known_rules(&block.cfg) {
        return Err(Fallback::Fork(spec));
    }
    if !has_all_checks(&block.cfg) {
        return Err(Fallback::DisabledCheck);
    }
    if !are_of_fork(evm.precompiles(), spec) {
        return Err(Fallback::Precompiles(spec));
    }
    Ok(())
}

/// No fork, or part of one, that the engine does not know.
fn has_known_rules(cfg: &CfgEnv) -> bool {
    !cfg.spec.is_enabled_in(SpecId::AMSTERDAM)
        && !cfg.is_amsterdam_eip8037_enabled()
        && !cfg.is_amsterdam_eip2780_enabled()
}

/// None of the switches with which callers simulate what could not be in a block.
fn has_all_checks(cfg: &CfgEnv) -> bool {
    !cfg.is_nonce_check_disabled()
        && !cfg.is_balance_check_disabled()
        && !cfg.is_block_gas_limit_disabled()
        && !cfg.is_base_fee_check_disabled()
        && !cfg.is_priority_fee_check_disabled()
        && !cfg.is_fee_charge_disabled()
        && !cfg.is_eip3541_disabled()
        && !cfg.is_eip3607_disabled()
        && !cfg.is_eip7623_disabled()
}

/// The fork's precompiles at their addresses, be they wrapped.
fn are_of_fork(precompiles: &PrecompilesMap, spec: SpecId) -> bool {
    let expected = Precompiles::new(PrecompileSpecId::from_spec_id(spec));
    precompiles.addresses().count() == expected.len()
        && expected.inner().iter().all(|(address, expected)| {
            precompiles
                .get(address)
                .is_some_and(|got| got.precompile_id() == expected.id())
        })
}
