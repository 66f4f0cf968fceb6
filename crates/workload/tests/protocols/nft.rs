//! Mints: everyone gets the next number.

use crate::chain::{Chain, SEED, after, generate, run};
use alloy_primitives::{Address, U256, keccak256};
use parallax_workload::{Call, Protocol};

const TRANSACTIONS: usize = 50;

#[test]
fn numbers_are_minted_in_order_to_their_minters() {
    let workload = generate(Protocol::NftMint, TRANSACTIONS, SEED).unwrap();
    let output = run(&workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(&workload, &output));
    let collection = *workload.block.transactions[0].kind.to().unwrap();
    let supply = |chain: &mut Chain| chain.words(collection, Call::new("totalSupply()").data())[0];
    let first = supply(&mut before) + U256::ONE;
    assert_eq!(supply(&mut after), first + U256::from(TRANSACTIONS - 1));
    for (index, tx) in workload.block.transactions.iter().enumerate() {
        let id = first + U256::from(index);
        let owner_of = Call::new("ownerOf(uint256)").word(id).data();
        let owner = Address::from_word(after.words(collection, owner_of)[0].into());
        assert_eq!(owner, tx.caller);
        assert_eq!(after.balance(collection, owner), U256::ONE);
        assert_eq!(before.balance(collection, owner), U256::ZERO);
        let [transfer] = output.outcomes[index].result.logs() else {
            panic!("one event");
        };
        let event = keccak256("Transfer(address,address,uint256)");
        let topics = [
            event,
            Address::ZERO.into_word(),
            owner.into_word(),
            id.into(),
        ];
        assert_eq!(transfer.topics(), topics);
    }
}
