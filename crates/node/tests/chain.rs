//! A chain from its first block: making, finding, refusing and taking back blocks.

use alloy_consensus::{
    Header, SignableTransaction, TxEip1559, TxEnvelope, crypto::secp256k1::sign_message,
};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, TxKind, U256, address, b256};
use parallax_chain::Genesis;
use parallax_engine::StateChanges;
use parallax_node::{Edit, Moment, Node, NodeConfig, NodeError, SealedBlock, TransactionError};
use parallax_pool::PoolError;
use parallax_state::History;
use std::{path::Path, sync::Arc};

const ALICE: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const KEY: B256 = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const BOB: Address = Address::repeat_byte(0xb0);

fn genesis(chain_id: u64) -> Genesis {
    let json = format!(
        r#"{{
        "config": {{
            "chainId": {chain_id}, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0,
            "eip158Block": 0, "byzantiumBlock": 0, "constantinopleBlock": 0,
            "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0,
            "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0
        }},
        "difficulty": "0x0", "gasLimit": "0x1c9c380", "timestamp": "0x1", "nonce": "0x0",
        "extraData": "0x", "mixHash": "{}", "coinbase": "{}",
        "alloc": {{ "{ALICE}": {{ "balance": "0xde0b6b3a7640000" }} }}
    }}"#,
        B256::ZERO,
        Address::ZERO,
    );
    Genesis::read(json.as_bytes()).unwrap()
}

fn open(folder: &Path) -> Node {
    let mut config = NodeConfig::default();
    config.state.history = History::Archive;
    Node::open(folder, genesis(7), config, &|_| ()).unwrap()
}

/// A payment by Alice.
fn payment(nonce: u64, value: u64) -> Vec<u8> {
    let tx = TxEip1559 {
        chain_id: 7,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(BOB),
        value: U256::from(value),
        ..TxEip1559::default()
    };
    let signature = sign_message(KEY, tx.signature_hash()).unwrap();
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718()
}

fn pay(node: &Node, nonce: u64, value: u64) -> Arc<SealedBlock> {
    node.submit(&payment(nonce, value)).unwrap();
    node.mine().unwrap()
}

fn balance(node: &Node, moment: Moment) -> U256 {
    let account = node.state_at(moment).account(&BOB).unwrap();
    account.map_or(U256::ZERO, |account| account.balance)
}

#[test]
fn blocks_are_found_by_all_that_they_can_be_found_by() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let hash = node.submit(&payment(0, 5)).unwrap();
    let block = node.mine().unwrap();
    assert_eq!(block.succeeded(0), Some(true));
    for nonce in 1..400 {
        pay(&node, nonce, 1);
    }
    // The first ones are not in memory any more, and nothing is after a restart.
    let check = |node: &Node| {
        let (found, index) = node.transaction(&hash).unwrap().unwrap();
        assert_eq!((found.hash, index), (block.hash, 0));
        let found = node.block_by_hash(&block.hash).unwrap().unwrap();
        assert_eq!(found.receipts, block.receipts);
        assert_eq!(found.transactions, block.transactions);
        assert_eq!(found.header, block.header);
        assert_eq!(node.block(0).unwrap().unwrap().number(), 0);
        let first = node.block(0).unwrap().unwrap().hash;
        assert_eq!(node.block_by_hash(&first).unwrap().unwrap().number(), 0);
        assert!(node.block(401).unwrap().is_none());
        assert!(node.transaction(&B256::ZERO).unwrap().is_none());
        assert_eq!(balance(node, Moment::Block(1)), U256::from(5));
        assert_eq!(balance(node, Moment::Pending), U256::from(404));
    };
    check(&node);
    drop(node);
    check(&open(folder.path()));
}

#[test]
fn what_one_makes_another_takes_over() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (maker, taker) = (open(one.path()), open(two.path()));
    for nonce in 0..3 {
        let block = pay(&maker, nonce, 1);
        let rlp = alloy_rlp::encode(block.to_consensus());
        assert_eq!(taker.import(&rlp).unwrap().hash, block.hash);
    }
    assert_eq!(taker.head().header, maker.head().header);
}

#[test]
fn blocks_that_are_wrong_change_nothing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (maker, taker) = (open(one.path()), open(two.path()));
    let good = pay(&maker, 0, 1).to_consensus();
    type Spoil = fn(&mut Header);
    let wrong: [(&str, Spoil); 7] = [
        ("state root", |header| header.state_root = B256::ZERO),
        ("receipts root", |header| header.receipts_root = B256::ZERO),
        ("gas used", |header| header.gas_used += 1),
        ("base fee", |header| header.base_fee_per_gas = Some(1)),
        ("timestamp", |header| header.timestamp = 1),
        ("gas limit", |header| header.gas_limit *= 2),
        ("transactions root", |header| {
            header.transactions_root = B256::ZERO;
        }),
    ];
    for (what, spoil) in wrong {
        let mut block = good.clone();
        spoil(&mut block.header);
        let error = taker.import(&alloy_rlp::encode(&block)).unwrap_err();
        assert!(error.to_string().contains(what), "{what}: {error}");
        assert_eq!(taker.head().number(), 0);
        assert_eq!(balance(&taker, Moment::Pending), U256::ZERO);
    }
    let rlp = alloy_rlp::encode(&good);
    let mut cut = rlp.clone();
    cut.pop();
    assert!(matches!(taker.import(&cut), Err(NodeError::Encoding(_))));
    taker.import(&rlp).unwrap();
    assert!(matches!(taker.import(&rlp), Err(NodeError::NotNext { .. })));
}

#[test]
fn transactions_that_are_wrong_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    assert!(matches!(
        node.submit(&[]),
        Err(TransactionError::Encoding(_))
    ));
    assert!(matches!(
        node.submit(&[5, 6]),
        Err(TransactionError::Encoding(_))
    ));
    let mut longer = payment(0, 1);
    longer.push(0);
    assert!(matches!(
        node.submit(&longer),
        Err(TransactionError::Encoding(_))
    ));
    let much = node.submit(&payment(0, u64::MAX)).unwrap_err();
    assert!(matches!(much, TransactionError::Funds { .. }), "{much}");
    let hash = node.submit(&payment(0, 1)).unwrap();
    let again = node.submit(&payment(0, 1)).unwrap_err();
    assert!(
        matches!(again, TransactionError::Pool(PoolError::AlreadyKnown(known)) if known == hash)
    );
    let instead = node.submit(&payment(0, 2)).unwrap_err();
    assert!(matches!(
        instead,
        TransactionError::Pool(PoolError::Underpriced { .. })
    ));
    node.mine().unwrap();
    let late = node.submit(&payment(0, 3)).unwrap_err();
    assert!(matches!(
        late,
        TransactionError::Pool(PoolError::NonceTooLow { next: 1, nonce: 0 })
    ));
    // With a gap it waits.
    node.submit(&payment(2, 1)).unwrap();
    assert!(node.mine().unwrap().transactions.is_empty());
    node.submit(&payment(1, 1)).unwrap();
    assert_eq!(node.mine().unwrap().transactions.len(), 2);
}

#[test]
fn roots_of_the_past_with_some_changes() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    for nonce in 0..5 {
        pay(&node, nonce, 1);
    }
    let edit = Edit {
        nonce: Some(9),
        ..Edit::default()
    };
    node.edit(BOB, &edit).unwrap();
    for number in 0..6 {
        let root = node.root_with(number, &StateChanges::default()).unwrap();
        assert_eq!(root, node.block(number).unwrap().unwrap().header.state_root);
    }
    // Nothing of it has stayed, and what was edited has.
    let account = node
        .state_at(Moment::Pending)
        .account(&BOB)
        .unwrap()
        .unwrap();
    assert_eq!((account.balance, account.nonce), (U256::from(5), 9));
    assert_eq!(pay(&node, 5, 1).number(), 6);
    assert!(node.root_with(9, &StateChanges::default()).is_err());
}

#[test]
fn developers_go_back() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    pay(&node, 0, 1);
    let edit = Edit {
        balance: Some(U256::from(100)),
        storage: vec![(U256::from(1), U256::from(2))],
        ..Edit::default()
    };
    node.edit(BOB, &edit).unwrap();
    let id = node.snapshot();
    let first = pay(&node, 1, 1);
    pay(&node, 2, 1);
    assert_eq!(balance(&node, Moment::Pending), U256::from(102));
    assert!(node.revert(id).unwrap());
    assert!(!node.revert(id).unwrap(), "it can be used once");
    assert_eq!(node.head().number(), 1);
    assert_eq!(balance(&node, Moment::Pending), U256::from(100));
    assert_eq!(balance(&node, Moment::Block(1)), U256::from(1));
    assert!(node.block_by_hash(&first.hash).unwrap().is_none());
    // What was taken back can be sent again, and the edit is part of the next block.
    let again = pay(&node, 1, 1);
    assert_eq!(again.number(), 2);
    assert_eq!(balance(&node, Moment::Block(2)), U256::from(101));
    let slot = node.state_at(Moment::Block(2)).word(&BOB, &U256::from(1));
    assert_eq!(slot.unwrap(), U256::from(2));
    drop(node);
    let node = open(folder.path());
    assert_eq!(node.head().hash, again.hash);
    node.rewind(0).unwrap();
    assert_eq!(balance(&node, Moment::Pending), U256::ZERO);
    drop(node);
    assert_eq!(open(folder.path()).head().number(), 0);
}

#[test]
fn another_genesis_and_a_second_process_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let second = Node::open(folder.path(), genesis(7), NodeConfig::default(), &|_| ());
    assert!(second.is_err());
    drop(node);
    let mut other = genesis(7);
    other.header.gas_limit += 1;
    let error = Node::open(folder.path(), other, NodeConfig::default(), &|_| ()).unwrap_err();
    assert!(matches!(error, NodeError::OtherGenesis { .. }), "{error}");
}
