//! Transactions that might come next.

use super::{
    authorization, call,
    cast::{Role, precompile},
    program::Programmer,
    runner::Runner,
    scene::{Scene, max_blobs},
};
use crate::rng::Rng;
use alloy_primitives::{B256, Bytes, TxKind, U256};
use revm::{
    context::{
        TransactionType, TxEnv,
        transaction::{AccessList, AccessListItem},
    },
    primitives::hardfork::SpecId,
};

/// What a plain transfer takes.
const TRANSFER: u64 = 21_000;
/// What any of our calls takes, unless it means to use up everything.
const PLENTY: u64 = 500_000;

#[derive(Clone, Copy)]
enum Action {
    Call,
    Transfer,
    Fund,
    Create,
    Precompile,
}

const ACTIONS: [(u64, Action); 5] = [
    (55, Action::Call),
    (18, Action::Transfer),
    (10, Action::Fund),
    (12, Action::Create),
    (5, Action::Precompile),
];

/// Makes transactions that are valid next, more often than not.
pub(super) struct Candidates<'a> {
    scene: &'a Scene,
    blobs_left: u64,
    payments: bool,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(scene: &'a Scene, payments: bool) -> Self {
        Self {
            scene,
            payments,
            blobs_left: max_blobs(scene.spec),
        }
    }

    /// Takes note of what the block now contains.
    pub(super) fn included(&mut self, tx: &TxEnv) {
        self.blobs_left = self.blobs_left.saturating_sub(tx.blob_hashes.len() as u64);
    }

    pub(super) fn next(&self, rng: &mut Rng, runner: &mut Runner<'_>) -> TxEnv {
        let sender = self.scene.cast.user(rng);
        let account = runner.account(sender);
        if self.payments && !rng.chance(8) {
            return TxEnv {
                caller: sender,
                nonce: account.nonce,
                ..self.payment(rng, account.balance)
            };
        }
        let mut tx = self.action(rng, runner);
        tx.caller = sender;
        tx.nonce = account.nonce;
        self.set_fees(rng, &mut tx);
        self.set_type(rng, runner, &mut tx);
        if rng.chance(30) {
            starve(rng, runner, &mut tx);
        }
        if rng.chance(8) {
            // Takes everything but the fee.
            let fee = U256::from(tx.gas_price) * U256::from(tx.gas_limit)
                + U256::from(tx.max_fee_per_blob_gas)
                    * U256::from(tx.blob_hashes.len() * (1 << 17));
            tx.value = account.balance.saturating_sub(fee);
        }
        tx
    }

    /// A payment, now and then of all that the sender has, or one wei more.
    fn payment(&self, rng: &mut Rng, balance: U256) -> TxEnv {
        let cast = &self.scene.cast;
        let to = if rng.chance(85) {
            cast.user(rng)
        } else {
            cast.anyone(rng)
        };
        let value = amount(rng).max(U256::ONE);
        let mut tx = transaction(TxKind::Call(to), value, Bytes::new(), TRANSFER);
        if rng.chance(10) {
            tx.gas_limit = PLENTY;
        }
        self.set_fees(rng, &mut tx);
        if rng.chance(80) {
            tx.gas_price += 1;
        }
        if rng.chance(10) {
            let most = U256::from(tx.gas_price) * U256::from(tx.gas_limit);
            let all = balance.saturating_sub(most) + U256::from(rng.below(2));
            tx.value = all.max(U256::ONE);
        }
        tx
    }

    fn action(&self, rng: &mut Rng, runner: &mut Runner<'_>) -> TxEnv {
        let cast = &self.scene.cast;
        match rng.weighted(&ACTIONS) {
            Action::Call => {
                let (role, to) = cast.contract(rng);
                let data = call::data(rng, cast, role, &self.scene.env);
                let request =
                    matches!(role, Role::WithdrawalRequests | Role::ConsolidationRequests);
                // A request costs at least 1 wei, and asking for the price nothing.
                let value = if request && rng.chance(80) {
                    U256::from(data.len())
                } else {
                    amount(rng)
                };
                transaction(TxKind::Call(to), value, data, PLENTY)
            }
            Action::Transfer => {
                let to = cast.anyone(rng);
                let plain = runner.code(to).is_empty() && rng.chance(80);
                let gas_limit = if plain { TRANSFER } else { PLENTY };
                transaction(TxKind::Call(to), amount(rng), Bytes::new(), gas_limit)
            }
            Action::Fund => {
                let value = U256::from(rng.between(1, 400)) * U256::from(10_u64.pow(13));
                let to = cast.user(rng);
                transaction(TxKind::Call(to), value, Bytes::new(), PLENTY)
            }
            Action::Create => {
                let programmer = Programmer {
                    cast,
                    spec: self.scene.spec,
                };
                let data = programmer.creation(rng);
                transaction(TxKind::Create, amount(rng), data, PLENTY)
            }
            Action::Precompile => {
                let data = vec![rng.below(256) as u8; rng.index(200)];
                let to = precompile(rng);
                transaction(TxKind::Call(to), amount(rng), data.into(), PLENTY)
            }
        }
    }

    fn set_fees(&self, rng: &mut Rng, tx: &mut TxEnv) {
        let base = u128::from(self.scene.env.basefee);
        tx.gas_price = base + *rng.pick(&[0_u128, 0, 1, 1_000_000_000]);
        // Before EIP-155 there is no chain id, and it is optional ever since.
        let replay_protected = self.scene.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
        tx.chain_id = (replay_protected && rng.chance(70)).then_some(1);
    }

    fn set_type(&self, rng: &mut Rng, runner: &mut Runner<'_>, tx: &mut TxEnv) {
        let spec = self.scene.spec;
        let call = tx.kind.is_call();
        let mut types = vec![(30, TransactionType::Legacy)];
        if spec.is_enabled_in(SpecId::BERLIN) {
            types.push((15, TransactionType::Eip2930));
        }
        if spec.is_enabled_in(SpecId::LONDON) {
            types.push((30, TransactionType::Eip1559));
        }
        if spec.is_enabled_in(SpecId::CANCUN) && call && self.blobs_left > 0 {
            types.push((10, TransactionType::Eip4844));
        }
        if spec.is_enabled_in(SpecId::PRAGUE) && call {
            types.push((25, TransactionType::Eip7702));
        }
        let kind = rng.weighted(&types);
        tx.tx_type = kind as u8;
        if kind == TransactionType::Legacy {
            return;
        }
        tx.chain_id = Some(1);
        if rng.chance(40) {
            tx.access_list = self.access_list(rng);
        }
        if kind != TransactionType::Eip2930 {
            tx.gas_priority_fee = Some(tx.gas_price.min(*rng.pick(&[0, 1, 1_000_000_000])));
        }
        if kind == TransactionType::Eip4844 {
            let price = self.scene.env.blob_excess_gas_and_price;
            let price = price.map_or(0, |blob| blob.blob_gasprice);
            tx.blob_hashes = blobs(rng, self.blobs_left.min(2));
            tx.max_fee_per_blob_gas = price + u128::from(rng.below(2));
        }
        if kind == TransactionType::Eip7702 {
            tx.authorization_list = authorization::list(rng, runner, self.scene, tx.caller);
        }
        // Plain transfers with a list of anything need more than 21,000.
        let entries = tx.authorization_list.len() + tx.access_list.len();
        tx.gas_limit += 40_000 * entries as u64;
    }

    fn access_list(&self, rng: &mut Rng) -> AccessList {
        let items = (0..rng.between(1, 2)).map(|_| AccessListItem {
            address: self.scene.cast.anyone(rng),
            storage_keys: (0..rng.below(4))
                .map(|slot| U256::from(slot).into())
                .collect(),
        });
        AccessList(items.collect())
    }
}

/// Lowers the gas limit so that the transaction stops anywhere.
fn starve(rng: &mut Rng, runner: &mut Runner<'_>, tx: &mut TxEnv) {
    if let Ok(executed) = runner.dry_run(tx) {
        let used = executed.result.tx_gas_used();
        let limit = rng.between(TRANSFER, used.max(TRANSFER));
        let starved = TxEnv {
            gas_limit: limit,
            ..tx.clone()
        };
        // Below the intrinsic gas it would not even start.
        if runner.dry_run(&starved).is_ok() {
            *tx = starved;
        }
    }
}

fn transaction(kind: TxKind, value: U256, data: Bytes, gas_limit: u64) -> TxEnv {
    TxEnv {
        kind,
        value,
        data,
        gas_limit,
        ..TxEnv::default()
    }
}

fn amount(rng: &mut Rng) -> U256 {
    U256::from(match rng.below(100) {
        0..50 => 0,
        50..75 => rng.between(1, 1_000),
        75..95 => rng.below(10_u64.pow(15)),
        _ => 5 * 10_u64.pow(18),
    })
}

fn blobs(rng: &mut Rng, most: u64) -> Vec<B256> {
    (0..rng.between(1, most))
        .map(|_| {
            let mut hash = rng.hash();
            hash[0] = 0x01;
            hash
        })
        .collect()
}
