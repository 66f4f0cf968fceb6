//! Order books: orders are matched by price, then by age, and paid for.

use crate::chain::{Chain, SEED, after, argument, generate, run};
use alloy_primitives::{Address, Log, U256, keccak256};
use parallax_workload::{Call, Markets, Protocol, Workload};
use revm::context::TxEnv;
use std::collections::{BTreeMap, BTreeSet};

/// An order as the contract shows it.
#[derive(Clone, Debug)]
struct Order {
    maker: Address,
    lots: u64,
    tick: u64,
    buy: bool,
}

/// A market that is followed by its events only.
struct Market {
    address: Address,
    orders: BTreeMap<u64, Order>,
    last_id: u64,
    base: Flows,
    quote: Flows,
}

/// A token in a market.
struct Flows {
    token: Address,
    unit: U256,
    /// Into the market and out of it, by trader.
    paid: BTreeMap<Address, U256>,
    got: BTreeMap<Address, U256>,
    /// Credited to makers.
    credit: BTreeMap<Address, U256>,
}

fn add(amounts: &mut BTreeMap<Address, U256>, who: Address, amount: U256) {
    *amounts.entry(who).or_default() += amount;
}

impl Market {
    /// With all orders that there are.
    fn read(chain: &mut Chain, address: Address) -> Self {
        let mut number =
            |name: &str| chain.words(address, Call::new(&format!("{name}()")).data())[0];
        let last_id = number("lastId").to();
        let [lot, tick] = ["lotSize", "tickSize"].map(&mut number);
        let mut flows = |name: &str, unit| Flows {
            token: chain.address(address, name),
            unit,
            paid: BTreeMap::new(),
            got: BTreeMap::new(),
            credit: BTreeMap::new(),
        };
        let (base, quote) = (flows("base()", lot), flows("quote()", tick));
        let orders = (1..=last_id).filter_map(|id| Some((id, order(chain, address, id)?)));
        Self {
            address,
            orders: orders.collect(),
            last_id,
            base,
            quote,
        }
    }

    /// The order that has to be taken next.
    fn best(&self, buy: bool) -> u64 {
        let side = self.orders.iter().filter(|(_, order)| order.buy == buy);
        let best = side.min_by_key(|(id, order)| {
            let price = order.tick as i64;
            (if buy { -price } else { price }, **id)
        });
        *best.unwrap().0
    }

    fn cost(&self, order: &Order, lots: u64) -> U256 {
        self.quote.unit * U256::from(order.tick) * U256::from(lots)
    }

    /// The token that a side pays with, the amount, and the other token.
    fn price(&mut self, buy: bool, order: &Order, lots: u64) -> (&mut Flows, U256) {
        let cost = self.cost(order, lots);
        if buy {
            (&mut self.quote, cost)
        } else {
            let amount = self.base.unit * U256::from(lots);
            (&mut self.base, amount)
        }
    }

    fn place(&mut self, tx: &TxEnv) {
        self.last_id += 1;
        let order = Order {
            maker: tx.caller,
            buy: !argument(tx, 0).is_zero(),
            tick: argument(tx, 1).to(),
            lots: argument(tx, 2).to(),
        };
        let (flows, amount) = self.price(order.buy, &order, order.lots);
        add(&mut flows.paid, tx.caller, amount);
        self.orders.insert(self.last_id, order);
    }

    fn cancel(&mut self, tx: &TxEnv) {
        let order = self.orders.remove(&argument(tx, 0).to()).unwrap();
        assert_eq!(order.maker, tx.caller);
        let (flows, amount) = self.price(order.buy, &order, order.lots);
        add(&mut flows.got, tx.caller, amount);
    }

    /// By its `Filled` events, each of which must be about the best order.
    fn take(&mut self, tx: &TxEnv, logs: &[Log]) {
        let buy = !argument(tx, 0).is_zero();
        let (limit, mut left): (u64, u64) = (argument(tx, 1).to(), argument(tx, 2).to());
        let event = keccak256("Filled(uint64,address,uint16,uint64)");
        let fills: Vec<_> = logs.iter().filter(|log| log.topics()[0] == event).collect();
        assert!((1..=16).contains(&fills.len()));
        for fill in &fills {
            let id = U256::from_be_bytes(fill.topics()[1].0).to();
            assert_eq!(id, self.best(!buy));
            let order = self.orders.remove(&id).unwrap();
            assert!(if buy {
                order.tick <= limit
            } else {
                order.tick >= limit
            });
            let lots = order.lots.min(left);
            left -= lots;
            let words: Vec<_> = fill.data.data.chunks(32).map(U256::from_be_slice).collect();
            assert_eq!(words, [order.tick, lots].map(U256::from));
            let (flows, amount) = self.price(buy, &order, lots);
            add(&mut flows.paid, tx.caller, amount);
            add(&mut flows.credit, order.maker, amount);
            let (flows, amount) = self.price(!buy, &order, lots);
            add(&mut flows.got, tx.caller, amount);
            if lots < order.lots {
                let lots = order.lots - lots;
                self.orders.insert(id, Order { lots, ..order });
            }
        }
        assert!(left == 0 || fills.len() == 16, "{left} are left");
    }

    /// The contract has the same orders; tokens and credits went where they should.
    fn check(&self, before: &mut Chain, after: &mut Chain) {
        for id in 1..=self.last_id {
            let expected = self.orders.get(&id).map(|order| order.lots);
            assert_eq!(
                order(after, self.address, id).map(|order| order.lots),
                expected
            );
        }
        for buy in [true, false] {
            let data = Call::new("best(bool)").word(u8::from(buy)).data();
            let tick = self.orders[&self.best(buy)].tick;
            assert_eq!(after.words(self.address, data), [1, tick].map(U256::from));
        }
        let tokens = [(&self.base, "baseCredit"), (&self.quote, "quoteCredit")];
        for (flows, credit) in tokens {
            let total = |amounts: &BTreeMap<_, U256>| amounts.values().sum::<U256>();
            let [held, holds] =
                [&mut *before, &mut *after].map(|at| at.balance(flows.token, self.address));
            assert_eq!(holds + total(&flows.got), held + total(&flows.paid));
            for (maker, amount) in &flows.credit {
                let data = Call::new(&format!("{credit}(address)")).address(*maker);
                let data = data.data();
                let [had, has] =
                    [&mut *before, &mut *after].map(|at| at.words(self.address, data.clone())[0]);
                assert_eq!(has - had, *amount);
            }
        }
    }
}

fn order(chain: &mut Chain, market: Address, id: u64) -> Option<Order> {
    let words = chain.words(market, Call::new("orders(uint256)").word(id).data());
    let maker = Address::from_word(words[0].into());
    (!maker.is_zero()).then(|| Order {
        maker,
        lots: words[1].to(),
        tick: words[2].to(),
        buy: !words[3].is_zero(),
    })
}

/// Balances moved as the markets say: those of one token in all of them.
fn check_balances(
    markets: &BTreeMap<Address, Market>,
    token: Address,
    before: &mut Chain,
    after: &mut Chain,
) {
    let (mut paid, mut got) = (BTreeMap::new(), BTreeMap::new());
    let flows = markets
        .values()
        .flat_map(|market| [&market.base, &market.quote]);
    for flows in flows.filter(|flows| flows.token == token) {
        for (all, amounts) in [(&mut paid, &flows.paid), (&mut got, &flows.got)] {
            amounts
                .iter()
                .for_each(|(who, amount)| add(all, *who, *amount));
        }
    }
    let traders: BTreeSet<_> = paid.keys().chain(got.keys()).copied().collect();
    for trader in traders {
        let of = |amounts: &BTreeMap<_, _>| amounts.get(&trader).copied().unwrap_or_default();
        let (had, has) = (before.balance(token, trader), after.balance(token, trader));
        assert_eq!(has + of(&paid), had + of(&got));
    }
}

/// Returns how many orders were placed, cancelled and taken, by market.
fn check_trade(workload: &Workload) -> BTreeMap<Address, [usize; 3]> {
    let output = run(workload);
    let mut before = Chain::new(&workload.state);
    let mut after = Chain::new(&after(workload, &output));
    let mut markets = BTreeMap::new();
    let mut counts = BTreeMap::<_, [usize; 3]>::new();
    let signatures = [
        "place(bool,uint16,uint64)",
        "cancel(uint64)",
        "take(bool,uint16,uint64)",
    ];
    let selectors = signatures.map(|signature| keccak256(signature)[..4].to_vec());
    for (tx, outcome) in workload.block.transactions.iter().zip(&output.outcomes) {
        let address = *tx.kind.to().unwrap();
        let market = markets
            .entry(address)
            .or_insert_with(|| Market::read(&mut before, address));
        let kind = selectors
            .iter()
            .position(|selector| tx.data.starts_with(selector));
        counts.entry(address).or_default()[kind.unwrap()] += 1;
        match kind.unwrap() {
            0 => market.place(tx),
            1 => market.cancel(tx),
            _ => market.take(tx, outcome.result.logs()),
        }
    }
    let mut tokens = BTreeSet::new();
    for market in markets.values() {
        market.check(&mut before, &mut after);
        tokens.extend([market.base.token, market.quote.token]);
    }
    for token in tokens {
        check_balances(&markets, token, &mut before, &mut after);
    }
    counts
}

#[test]
fn one_market() {
    let workload = generate(Protocol::OrderBook(Markets::One), 300, SEED).unwrap();
    let counts = check_trade(&workload);
    assert_eq!(counts.len(), 1);
    let [placed, cancelled, taken] = counts.into_values().next().unwrap();
    assert!((120..180).contains(&placed), "{placed}");
    assert!((35..85).contains(&cancelled), "{cancelled}");
    assert!((60..120).contains(&taken), "{taken}");
}

#[test]
fn many_markets() {
    let workload = generate(Protocol::OrderBook(Markets::Many), 300, SEED).unwrap();
    let counts = check_trade(&workload);
    assert!((55..=64).contains(&counts.len()), "{}", counts.len());
}
