//! What only we know: our own contracts, by their code.

use alloy_primitives::{Address, B256, U256};
use parallax_analysis::{ContractKind, Names, Trace};
use parallax_workload::{Contract, pair, token};
use revm::DatabaseRef;
use std::collections::{BTreeSet, HashMap};

/// Names the contracts of the block whose code is ours.
pub(super) fn add<DB: DatabaseRef>(
    names: &mut Names,
    trace: &Trace,
    db: &DB,
) -> Result<(), DB::Error> {
    let known: HashMap<B256, Contract> = Contract::ALL
        .into_iter()
        .map(|contract| (contract.code().hash_slow(), contract))
        .collect();
    let called = trace.transactions.iter().filter_map(|tx| tx.function);
    let touched = trace.touches.keys().map(parallax_engine::Location::address);
    let addresses: BTreeSet<_> = called
        .map(|function| function.contract)
        .chain(touched)
        .collect();
    for address in addresses {
        let info = db.basic_ref(address)?;
        let contract = info.and_then(|info| known.get(&info.code_hash));
        if let Some(contract) = contract {
            name(names, *contract, address);
        }
    }
    Ok(())
}

fn name(names: &mut Names, contract: Contract, address: Address) {
    let short = &format!("{address:#x}")[2..6];
    names.set_contract(address, format!("{contract:?} {short}"));
    for (slot, name) in variables(contract) {
        names.set_variable(address, *slot, *name);
    }
    match contract {
        Contract::Token => {
            names.set_kind(address, ContractKind::Token);
            names.set_balances(address, U256::ONE);
        }
        Contract::Exchange => names.set_kind(address, ContractKind::Pool),
        _ => {}
    }
}

/// The variables of our contracts, by slot.
fn variables(contract: Contract) -> &'static [(U256, &'static str)] {
    match contract {
        Contract::Token => {
            const {
                &[
                    (token::TOTAL_SUPPLY, "totalSupply"),
                    (U256::ONE, "balanceOf"),
                    (U256::from_limbs([2, 0, 0, 0]), "allowance"),
                ]
            }
        }
        Contract::Exchange => &[
            (pair::TOKEN0, "token0"),
            (pair::TOKEN1, "token1"),
            (pair::RESERVES, "reserves"),
            (pair::PRICE0, "price0Cumulative"),
            (pair::PRICE1, "price1Cumulative"),
            (pair::UNLOCKED, "unlocked"),
        ],
        Contract::Counter => &[(U256::ZERO, "count")],
        _ => &[],
    }
}
