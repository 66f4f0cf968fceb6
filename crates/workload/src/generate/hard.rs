//! Blocks that are hard for whoever executes ahead: what was read is changed late, what
//! was written is taken back, the longest comes last, keys are nearly the same.

use crate::{
    Call,
    asm::{Asm, op},
    world::{ETHER, World, gas},
};
use alloy_primitives::{Address, Bytes, U256};

/// Transactions that wait for each other, in a cascade.
const CASCADE: usize = 64;

/// Slots between the first of two cascades.
const APART: usize = 1_000;

/// In a cascade each transaction reads what the one before it writes at its very end;
/// and the earlier one is, the longer it takes. So everyone behind has read, and is
/// done, before anyone ahead has written.
pub(super) fn abort_cascade(world: &mut World, transactions: usize) {
    let contract = deploy(world, pass_on());
    for index in 0..transactions {
        let (group, place) = (index / CASCADE, index % CASCADE);
        let slot = APART * group + place + 1;
        // No slot is empty, so that every step costs the same.
        for slot in [slot - 1, slot] {
            set(world, contract, U256::from(slot));
        }
        let from = world.user("sender", index);
        let data = Call::bare()
            .word(slot)
            .word(20 * (CASCADE - place) + 1)
            .data();
        world.send(from, contract, 0, data, gas::SMALL);
    }
}

/// Writers between two turns of a gate.
const WRITERS: usize = 15;

/// All write the same slot, and then revert if a gate is shut. It is turned at the end
/// of a long transaction, so whoever runs ahead of that writes what must be taken back,
/// or reverts where it should have written.
pub(super) fn publish_then_revert(world: &mut World, transactions: usize) {
    let contract = deploy(world, gate());
    set(world, contract, U256::ONE);
    for index in 0..transactions {
        let from = world.user("sender", index);
        let (turn, place) = (index / (WRITERS + 1), index % (WRITERS + 1));
        let [turns, spins] = if place == 0 { [1, 1_000] } else { [0, 1] };
        let data = Call::bare().word(turns).word(spins).data();
        world.send(from, contract, 0, data, gas::SMALL);
        // Every other turn opens it.
        if place > 0 && turn % 2 == 0 {
            world.reverts();
        }
    }
}

/// The highest gas limit of a transaction (EIP-7825).
const MOST_GAS: u64 = 16_777_216;

/// Rounds that use nearly as much.
const MOST_SPINS: u64 = (MOST_GAS - 50_000) / 26;

/// Independent transactions, and behind them one that uses as much gas as one can.
pub(super) fn long_last(world: &mut World, transactions: usize) {
    let contract = deploy(world, pass_on());
    for index in 0..transactions {
        let slot = U256::from(2 * index + 1);
        for slot in [slot - U256::ONE, slot] {
            set(world, contract, slot);
        }
        let from = world.user("sender", index);
        let (spins, gas_limit) = if index + 1 == transactions {
            (MOST_SPINS, MOST_GAS)
        } else {
            (100, gas::SMALL)
        };
        let data = Call::bare().word(slot).word(spins).data();
        world.send(from, contract, 0, data, gas_limit);
    }
}

/// Independent transactions whose senders and slots differ only in bits that a poor
/// hash does not look at.
pub(super) fn colliding_keys(world: &mut World, transactions: usize) {
    let mut asm = Asm::new();
    asm.argument(0).increment();
    let contract = deploy(world, asm.code());
    for index in 0..transactions {
        let mut from = [0; 20];
        from[..8].copy_from_slice(&(1 + index as u64).to_be_bytes());
        let from = Address::from(from);
        world.state.set_account(from, U256::from(ETHER), 0);
        let slot = U256::from(1 + index) << [64, 128, 192][index % 3];
        set(world, contract, slot);
        let data = Call::bare().word(slot).data();
        world.send(from, contract, 0, data, gas::SMALL);
    }
}

fn deploy(world: &mut World, code: Bytes) -> Address {
    let contract = world.address("hard", 0);
    world.state.set_raw_code(contract, code);
    contract
}

fn set(world: &mut World, contract: Address, slot: U256) {
    world.state.set_storage(contract, slot, U256::ONE);
}

/// Reads the slot below the one that word 0 names, goes around as often as word 1
/// says, and writes one more than what it read.
fn pass_on() -> Bytes {
    let mut asm = Asm::new();
    asm.push(1).argument(0).op(op::SUB).op(op::SLOAD);
    spin(&mut asm);
    asm.push(1).op(op::ADD).argument(0).op(op::SSTORE);
    asm.code()
}

/// Slot 0 is the gate. With a word 0 that is not zero: turns it, after going around as
/// often as word 1 says. Else adds one to slot 1, and reverts if the gate is shut.
fn gate() -> Bytes {
    let mut asm = Asm::new();
    asm.argument(0).when(|asm| {
        spin(asm);
        asm.push(0).op(op::SLOAD).push(1).op(op::XOR);
        asm.push(0).op(op::SSTORE).op(op::STOP);
    });
    asm.push(1).increment();
    asm.push(0).op(op::SLOAD).when(|asm| {
        asm.push(0).push(0).op(op::REVERT);
    });
    asm.code()
}

/// Goes around as often as word 1 says, at least once: 26 gas each time.
fn spin(asm: &mut Asm) {
    asm.argument(1);
    let top = asm.code().len();
    asm.op(op::JUMPDEST).push(1).op(op::SWAP1).op(op::SUB);
    asm.op(op::DUP1).push(top).op(op::JUMPI).op(op::POP);
}
