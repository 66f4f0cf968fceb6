//! The compiled contracts do what their comments say.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, map::HashMap};
use parallax_engine::{Block, BlockOutput, sequential};
use parallax_workload::{Call, Contract, MemoryState, mapping_slot, token};
use revm::{
    context::{
        TxEnv,
        either::Either,
        transaction::{Authorization, RecoveredAuthority, RecoveredAuthorization},
    },
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
};

const USER: Address = Address::repeat_byte(0xaa);
const OTHER: Address = Address::repeat_byte(0xbb);
const COINBASE: Address = Address::repeat_byte(0xcc);

/// A block of one user's transactions.
struct Scenario {
    block: Block,
    state: MemoryState,
}

impl Scenario {
    fn new() -> Self {
        let mut block = Block {
            cfg: sequential::cfg(SpecId::OSAKA, 1),
            ..Block::default()
        };
        block.env.beneficiary = COINBASE;
        block.env.gas_limit = 100_000_000;
        block.env.prevrandao = Some(B256::ZERO);
        block.env.blob_excess_gas_and_price =
            Some(BlobExcessGasAndPrice::new_with_spec(0, SpecId::OSAKA));
        let mut state = MemoryState::default();
        state.set_account(USER, U256::from(10).pow(U256::from(18)), 0);
        Self { block, state }
    }

    fn contract(&mut self, contract: Contract) -> Address {
        let address = Address::repeat_byte(contract as u8 + 1);
        self.state.set_code(address, contract.code());
        address
    }

    fn send(&mut self, kind: impl Into<TxKind>, value: u64, data: Bytes) -> &mut TxEnv {
        self.block.transactions.push(TxEnv {
            caller: USER,
            kind: kind.into(),
            value: U256::from(value),
            data,
            gas_limit: 2_000_000,
            nonce: self.block.transactions.len() as u64,
            ..TxEnv::default()
        });
        self.block.transactions.last_mut().unwrap()
    }

    fn run(&self) -> Outcome<'_> {
        let output = sequential::replay(&self.block, &self.state, false).unwrap();
        Outcome {
            output,
            state: &self.state,
        }
    }
}

struct Outcome<'a> {
    output: BlockOutput,
    state: &'a MemoryState,
}

impl Outcome<'_> {
    fn successes(&self) -> Vec<bool> {
        let outcomes = self.output.outcomes.iter();
        outcomes
            .map(|outcome| outcome.result.is_success())
            .collect()
    }

    fn slot(&self, address: Address, slot: impl Into<U256>) -> U256 {
        let slot = slot.into();
        let changes = self.output.changes.accounts.iter();
        let storage: HashMap<_, _> = changes
            .filter(|account| account.address == address)
            .flat_map(|account| {
                account
                    .storage
                    .iter()
                    .map(|(slot, _, after)| (*slot, *after))
            })
            .collect();
        let before = self.state.storage(address, slot);
        storage.get(&slot).copied().unwrap_or(before)
    }

    fn balance(&self, address: Address) -> U256 {
        let mut changes = self.output.changes.accounts.iter();
        let change = changes.find(|account| account.address == address);
        let info = match change {
            Some(change) => change.after.as_ref(),
            None => self.state.account(address),
        };
        info.map_or(U256::ZERO, |info| info.balance)
    }
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

fn deployed(constructor: Contract, arguments: &Bytes) -> Bytes {
    let creation = &constructor.artifact().creation;
    let mut scenario = Scenario::new();
    let data = [creation.as_ref(), arguments].concat();
    scenario.send(TxKind::Create, 0, data.into());
    let outcome = scenario.run();
    outcome.output.outcomes[0].result.output().unwrap().clone()
}

#[test]
fn creation_gives_the_runtime_code() {
    let arguments = Call::bare()
        .address(USER)
        .address(OTHER)
        .word(1)
        .word(1)
        .data();
    for contract in Contract::ALL {
        if contract == Contract::ShardedExchange {
            // Its constructor calls tokens, of which there are none here.
            continue;
        }
        let code = deployed(contract, &arguments);
        let runtime = contract.code().original_bytes();
        assert_eq!(code.len(), runtime.len(), "{contract:?}");
        // Immutable variables are zero where nobody has set them.
        let mut bytes = code.iter().zip(&runtime);
        assert!(
            bytes.all(|(created, compiled)| created == compiled || *compiled == 0),
            "{contract:?}"
        );
    }
}

#[test]
fn allowances_are_spent() {
    let mut scenario = Scenario::new();
    let token = scenario.contract(Contract::Token);
    let state = &mut scenario.state;
    state.set_storage(token, token::balance(OTHER), U256::from(100));
    state.set_storage(token, token::allowance(OTHER, USER), U256::from(70));
    let take = || {
        Call::new("transferFrom(address,address,uint256)")
            .address(OTHER)
            .address(USER)
            .word(50)
            .data()
    };
    scenario.send(token, 0, take());
    scenario.send(token, 0, take());
    let approve = Call::new("approve(address,uint256)")
        .address(OTHER)
        .word(9)
        .data();
    scenario.send(token, 0, approve);
    let outcome = scenario.run();
    assert_eq!(outcome.successes(), [true, false, true]);
    assert_eq!(outcome.slot(token, token::balance(USER)), U256::from(50));
    assert_eq!(
        outcome.slot(token, token::allowance(OTHER, USER)),
        U256::from(20)
    );
    assert_eq!(
        outcome.slot(token, token::allowance(USER, OTHER)),
        U256::from(9)
    );
}

#[test]
fn factory_creates_destroys_and_creates_again() {
    let mut scenario = Scenario::new();
    let factory = scenario.contract(Contract::Factory);
    let salt = B256::with_last_byte(1);
    let flash = || {
        Call::new("flash(bytes32,address)")
            .hash(salt)
            .address(OTHER)
            .data()
    };
    scenario.send(factory, 5, flash());
    scenario.send(factory, 6, flash());
    let create = || Call::new("create2(bytes32)").hash(salt).data();
    scenario.send(factory, 7, create());
    scenario.send(factory, 0, create());
    scenario.send(factory, 0, Call::new("create()").data());
    scenario.send(
        factory,
        0,
        Call::new("set(bytes32,uint256)").hash(salt).word(3).data(),
    );
    let outcome = scenario.run();
    // The second CREATE2 finds code at its address.
    assert_eq!(outcome.successes(), [true, true, true, false, true, true]);
    assert_eq!(outcome.balance(OTHER), U256::from(11));
    assert_eq!(outcome.slot(factory, U256::ZERO), U256::from(4));
    let mut creation = Contract::Child.artifact().creation.to_vec();
    creation.extend(U256::ONE.to_be_bytes::<32>());
    let child = factory.create2_from_code(salt, creation);
    assert_eq!(outcome.balance(child), U256::from(7));
    assert_eq!(outcome.slot(child, U256::ZERO), U256::from(3));
    assert_eq!(outcome.slot(child, U256::ONE), U256::from(1));
}

#[test]
fn wallet_pays_looks_and_regrets() {
    let mut scenario = Scenario::new();
    let wallet = scenario.contract(Contract::Wallet);
    scenario.send(
        wallet,
        10,
        Call::new("forward(address)").address(OTHER).data(),
    );
    scenario.send(wallet, 9, Call::new("tip()").data());
    scenario.send(
        wallet,
        8,
        Call::new("regret(address)").address(OTHER).data(),
    );
    scenario.send(wallet, 7, Call::new("half(address)").address(OTHER).data());
    let outcome = scenario.run();
    assert_eq!(outcome.successes(), [true, true, false, true]);
    assert_eq!(outcome.balance(OTHER), U256::from(10));
    assert_eq!(outcome.balance(COINBASE), U256::from(9));
    assert_eq!(outcome.balance(wallet), U256::from(7));
    assert_eq!(outcome.slot(wallet, U256::ZERO), U256::from(10));

    scenario.send(wallet, 0, Call::new("look()").data());
    let sweep = Call::new("sweep(address)").address(COINBASE).data();
    scenario.send(wallet, 0, sweep);
    let outcome = scenario.run();
    assert_eq!(outcome.slot(wallet, U256::ZERO), U256::from(9));
    assert_eq!(outcome.balance(COINBASE), U256::from(16));
}

#[test]
fn reverter_fails_in_every_way() {
    let mut scenario = Scenario::new();
    let reverter = scenario.contract(Contract::Reverter);
    scenario.send(
        reverter,
        0,
        Call::new("write(uint256,uint256)").word(1).word(1).data(),
    );
    scenario.send(reverter, 0, Call::new("invalid(uint256)").word(1).data());
    scenario.send(reverter, 0, Call::new("exhaust(uint256)").word(1).data());
    scenario.send(reverter, 0, Call::new("flip(uint256)").word(1).data());
    scenario.send(reverter, 0, Call::new("flip(uint256)").word(1).data());
    let outlive = Call::new("outlive(uint256,uint256)")
        .word(2)
        .word(50_000)
        .data();
    scenario.send(reverter, 0, outlive);
    let outcome = scenario.run();
    assert_eq!(
        outcome.successes(),
        [false, false, false, true, false, true]
    );
    let cell = |key: u64| mapping_slot(U256::from(key), U256::ZERO);
    assert_eq!(outcome.slot(reverter, cell(1)), U256::ONE);
    assert_eq!(outcome.slot(reverter, cell(2)), U256::ZERO);
    assert_eq!(outcome.slot(reverter, U256::ONE), U256::ONE);
}

#[test]
fn data_dependent_follows_what_it_finds() {
    let mut scenario = Scenario::new();
    let contract = scenario.contract(Contract::DataDependent);
    scenario.send(contract, 0, Call::new("hop(uint256)").word(5).data());
    scenario.send(contract, 0, Call::new("hop(uint256)").word(6).data());
    let chase = Call::new("chase(uint256,uint256,uint256)")
        .word(0)
        .word(2)
        .word(7);
    scenario.send(contract, 0, chase.data());
    let outcome = scenario.run();
    let cell = |key: u64| mapping_slot(U256::from(key), U256::ONE);
    assert_eq!(outcome.slot(contract, U256::ZERO), U256::from(11));
    // 0 leads to 1 (it was hopped on once), 1 leads to 0, and there it ends.
    assert_eq!(outcome.slot(contract, cell(0)), U256::from(7));
    assert_eq!(outcome.slot(contract, cell(5)), U256::ONE);
}

#[test]
fn prober_sees_other_accounts() {
    let mut scenario = Scenario::new();
    let prober = scenario.contract(Contract::Prober);
    scenario.state.set_account(OTHER, U256::from(77), 3);
    let probe = Call::new("probe(address[])")
        .word(32)
        .word(2)
        .address(OTHER)
        .address(prober);
    scenario.send(prober, 0, probe.data());
    scenario.send(prober, 5, Call::new("self()").data());
    let poke = Call::new("poke(address,uint256)")
        .address(OTHER)
        .word(2)
        .data();
    scenario.send(prober, 0, poke);
    let outcome = scenario.run();
    assert_eq!(outcome.successes(), [true; 3]);
    let seen =
        |map: u64, of: Address| outcome.slot(prober, mapping_slot(word(of), U256::from(map)));
    assert_eq!(seen(0, OTHER), U256::from(77));
    let hash: U256 = Contract::Prober.code().hash_slow().into();
    assert_eq!(seen(1, prober), hash);
    assert_eq!(seen(2, prober), U256::from(Contract::Prober.code().len()));
    assert_eq!(outcome.slot(prober, U256::from(3)), U256::from(5));
    assert_eq!(outcome.balance(OTHER), U256::from(79));
}

#[test]
fn prober_runs_as_a_delegate() {
    let mut scenario = Scenario::new();
    let prober = scenario.contract(Contract::Prober);
    let tx = scenario.send(OTHER, 0, Call::new("visit()").data());
    let authorization = Authorization {
        chain_id: U256::ONE,
        address: prober,
        nonce: 0,
    };
    let authority = RecoveredAuthority::Valid(OTHER);
    tx.tx_type = 4;
    tx.chain_id = Some(1);
    tx.authorization_list = vec![Either::Right(RecoveredAuthorization::new_unchecked(
        authorization,
        authority,
    ))];
    let outcome = scenario.run();
    assert_eq!(outcome.successes(), [true]);
    assert_eq!(outcome.slot(OTHER, U256::from(4)), U256::ONE);
    assert_eq!(outcome.slot(prober, U256::from(4)), U256::ZERO);
}
