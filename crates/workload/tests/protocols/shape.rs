//! How much the transactions of a block depend on each other.
//!
//! Each is executed on plain revm after those before it. What it touched is what revm
//! loaded: storage slots, and the account of the sender, whose nonce has to be right. A
//! payment only adds to a balance, so it makes nobody depend on anybody.

use alloy_primitives::{Address, U256, map::HashMap};
use parallax_workload::Workload;
use revm::{
    Context, DatabaseCommit, ExecuteEvm, MainBuilder, MainContext,
    database_interface::WrapDatabaseRef,
};

/// A slot of an account, or the nonce of a sender.
type Place = (Address, Option<U256>);

/// How much the transactions of a block depend on each other; fractions of all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Those that touch nothing that one before them wrote.
    pub(crate) independent: f64,
    /// The longest chain of which each touches what the one before wrote.
    pub(crate) longest_chain: f64,
    /// Those that touch the place that is touched most of those that anyone writes.
    pub(crate) hottest: f64,
}

#[derive(Default)]
struct Known {
    /// How long the chain to whoever wrote it last is.
    depth: usize,
    touched: usize,
}

impl Shape {
    pub(crate) fn of(workload: &Workload) -> Self {
        let db = WrapDatabaseRef(workload.state.clone());
        let mut evm = Context::mainnet()
            .with_cfg(workload.block.cfg.clone())
            .with_block(workload.block.env.clone())
            .with_db(db)
            .build_mainnet();
        let (mut places, mut independent, mut longest) = (HashMap::<Place, Known>::default(), 0, 0);
        for tx in &workload.block.transactions {
            let state = evm.transact(tx.clone()).unwrap().state;
            let mut touched = vec![((tx.caller, None), true)];
            for (address, account) in &state {
                let slots = account.storage.iter();
                touched.extend(
                    slots.map(|(slot, value)| ((*address, Some(*slot)), value.is_changed())),
                );
            }
            let before = touched.iter().filter_map(|(place, _)| places.get(place));
            let depth = 1 + before.map(|known| known.depth).max().unwrap_or_default();
            for (place, written) in touched {
                let known = places.entry(place).or_default();
                known.touched += 1;
                if written {
                    known.depth = depth;
                }
            }
            independent += usize::from(depth == 1);
            longest = longest.max(depth);
            evm.ctx.journaled_state.database.0.commit(state);
        }
        let written = places.values().filter(|known| known.depth > 0);
        let hottest = written.map(|known| known.touched).max().unwrap_or_default();
        let all = workload.block.transactions.len().max(1) as f64;
        let [independent, longest_chain, hottest] =
            [independent, longest, hottest].map(|count: usize| count as f64 / all);
        Self {
            independent,
            longest_chain,
            hottest,
        }
    }
}

#[test]
fn known_blocks_have_the_shape_that_they_are_made_with() {
    use parallax_workload::{Kind, generate};
    let shape = |kind| Shape::of(&generate(kind, 50, 1));
    let none = shape(Kind::Erc20);
    assert_eq!((none.independent, none.longest_chain), (1.0, 1.0 / 50.0));
    let all = shape(Kind::Counter);
    assert_eq!(
        (all.independent, all.longest_chain, all.hottest),
        (1.0 / 50.0, 1.0, 1.0)
    );
    let one_sender = shape(Kind::TransfersFromOne);
    assert_eq!(one_sender.longest_chain, 1.0);
}
