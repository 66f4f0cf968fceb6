//! A precompiled contract of your own, called by an ordinary contract.
//!
//! ```text
//! cargo run -p parallax-engine --example custom_precompile
//! ```

use parallax_engine::{Block, Engine, EngineConfig};
use parallax_workload::{
    MemoryState,
    asm::{Asm, op},
};
use revm::{
    context::TxEnv,
    precompile::{
        Precompile, PrecompileHalt, PrecompileId, PrecompileOutput, PrecompileResult,
        PrecompileSpecId, Precompiles,
    },
    primitives::{Address, Bytes, TxKind, U256},
};
use std::error::Error;

/// What the precompile costs.
const GAS: u64 = 500;

/// The square of a number of 32 bytes, modulo 2^256.
///
/// Workers call it at the same time, in any order, and again when they repeat a
/// transaction. It must be a function of its input: no clock, no counter, no
/// network.
fn square(input: &[u8], gas_limit: u64, reservoir: u64) -> PrecompileResult {
    if gas_limit < GAS {
        return Ok(PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir));
    }
    let Ok(word) = <[u8; 32]>::try_from(input) else {
        // The caller of the precompile gets its gas back.
        return Ok(PrecompileOutput::revert(
            GAS,
            Bytes::from("not 32 bytes"),
            reservoir,
        ));
    };
    let number = U256::from_be_bytes(word);
    let square = number.wrapping_mul(number).to_be_bytes::<32>();
    Ok(PrecompileOutput::new(GAS, square.into(), reservoir))
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let [sender, contract, precompile] = [1, 2, 0x99].map(Address::repeat_byte);

    // A contract that puts the square of its input into slot 0 and adds one.
    let mut code = Asm::new();
    code.argument(0).push(0).op(op::MSTORE);
    // CALL(gas, precompile, value 0, input memory[0..32], output memory[0..32])
    code.push(32).push(0).push(32).push(0).push(0);
    code.push_address(precompile).push(50_000).op(op::CALL);
    code.when(|asm| {
        asm.push(0).op(op::MLOAD).push(0).op(op::SSTORE);
    });
    code.push(0).increment();
    let mut state = MemoryState::default();
    state.set_raw_code(contract, code.code());
    state.set_account(sender, U256::from(10_u64.pow(18)), 0);

    let block = Block {
        transactions: (0..10_u64)
            .map(|number| TxEnv {
                caller: sender,
                nonce: number,
                kind: TxKind::Call(contract),
                data: U256::from(number).to_be_bytes::<32>().into(),
                gas_limit: 200_000,
                ..TxEnv::default()
            })
            .collect(),
        ..Block::default()
    };

    // All precompiles of the block's fork, whichever that is, and ours.
    let precompiles = |fork| {
        let mut all = Precompiles::new(PrecompileSpecId::from_spec_id(fork)).clone();
        let id = PrecompileId::custom("square");
        all.extend([Precompile::new(id, precompile, square)]);
        all
    };
    let config = EngineConfig {
        workers: 2,
        ..EngineConfig::default()
    };
    let engine = Engine::new(config)?.with_precompiles_of(precompiles);
    let output = engine.replay(&block, &state)?;

    // The last transaction has squared 9.
    let changed = output
        .changes
        .accounts
        .iter()
        .find(|change| change.address == contract);
    let (_, _, value) = changed.ok_or("the contract has not changed")?.storage[0];
    println!(
        "slot 0 is {value} after {} transactions",
        output.outcomes.len()
    );
    assert_eq!(value, U256::from(9 * 9 + 1));
    Ok(())
}
