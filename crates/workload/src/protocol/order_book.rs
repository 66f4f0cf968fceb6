//! Orders on a central limit order book.

mod book;

use super::{Intent, Markets, Stopped, own, token};
use crate::{
    Call, Contract, Setup, SetupError,
    rng::Rng,
    world::{ETHER, World},
};
use alloy_primitives::Address;
use book::{Book, Order, Side};

/// Where there are many markets.
const MANY: usize = 64;
/// Orders in a market before the block.
const DEPTH: usize = 100;
/// With fewer orders than this, nobody takes or cancels on a side.
const THIN: usize = 10;

/// Units of the base token in a lot: a thousandth.
const LOT_SIZE: u128 = ETHER / 1_000;
/// Units of the quote token that a lot costs per tick.
const TICK_SIZE: u128 = ETHER / 100_000;
/// Between the buyers and the sellers: 300 quote tokens.
const MIDDLE: u16 = 30_000;
/// How far from there the orders are, in ticks.
const SPREAD: u16 = 50;

/// Gas limits, with a margin; a take may fill many orders.
mod gas {
    pub(super) const PLACE: u64 = 250_000;
    pub(super) const CANCEL: u64 = 120_000;
    pub(super) const TAKE: u64 = 900_000;
}

/// What somebody does.
#[derive(Clone, Copy)]
enum Action {
    Place,
    Cancel,
    Take,
}

/// In a hundred transactions; what is taken or cancelled is as much as is placed.
const ACTIONS: [(u64, Action); 3] = [
    (50, Action::Place),
    (20, Action::Cancel),
    (30, Action::Take),
];

/// Orders by distinct traders; those who cancel are those who placed.
pub(super) fn trade(
    world: &mut World,
    markets: Markets,
    transactions: usize,
) -> Result<(), Stopped> {
    let mut rng = Rng::new(world.rng.next());
    let owner = world.address("deployer", 0);
    let count = match markets {
        Markets::One => 1,
        Markets::Many => MANY,
    };
    let makers: Vec<_> = (0..count * DEPTH)
        .map(|index| world.user("maker", index))
        .collect();
    let traders: Vec<_> = (0..transactions)
        .map(|index| world.user("trader", index))
        .collect();
    let intents = world.prepare(|setup| {
        let quote = own::token(setup, owner)?;
        let mut markets = makers
            .chunks(DEPTH)
            .map(|makers| Market::open(setup, owner, quote, makers, &mut rng))
            .collect::<Result<Vec<_>, _>>()?;
        let intents = traders.into_iter().map(|trader| {
            let market = rng.index(count);
            markets[market].trade(setup, trader, &mut rng)
        });
        intents.collect::<Result<Vec<_>, SetupError>>()
    })?;
    world.send_all(intents);
    Ok(())
}

/// A market, and its orders as they will be when all that was made so far has been
/// executed.
pub(super) struct Market {
    owner: Address,
    address: Address,
    base: Address,
    quote: Address,
    book: Book,
}

impl Market {
    /// Deploys it for a new token, with an order of each maker.
    pub(super) fn open(
        setup: &mut Setup,
        owner: Address,
        quote: Address,
        makers: &[Address],
        rng: &mut Rng,
    ) -> Result<Self, SetupError> {
        let base = own::token(setup, owner)?;
        let arguments = Call::bare()
            .address(base)
            .address(quote)
            .word(LOT_SIZE)
            .word(TICK_SIZE);
        let address = own::deploy(setup, owner, Contract::OrderBook, arguments)?;
        let mut market = Self {
            owner,
            address,
            base,
            quote,
            book: Book::default(),
        };
        for maker in makers {
            let intent = market.place(setup, *maker, rng)?;
            setup.call(intent.from, intent.to, intent.data)?;
        }
        Ok(market)
    }

    /// Whatever someone does next: the trader, or the maker of an order that is
    /// cancelled.
    pub(super) fn trade(
        &mut self,
        setup: &mut Setup,
        trader: Address,
        rng: &mut Rng,
    ) -> Result<Intent, SetupError> {
        let side = Side::any(rng);
        match rng.weighted(&ACTIONS) {
            Action::Cancel if self.book.len(side) > THIN => Ok(self.cancel(side, rng)),
            Action::Take if self.book.len(side) > THIN => self.take(setup, trader, side, rng),
            _ => self.place(setup, trader, rng),
        }
    }

    /// An order that rests, more often near the middle than far away.
    fn place(
        &mut self,
        setup: &mut Setup,
        maker: Address,
        rng: &mut Rng,
    ) -> Result<Intent, SetupError> {
        let side = Side::any(rng);
        let [one, other] = [(); 2].map(|()| 1 + rng.below(u64::from(SPREAD)) as u16);
        let distance = one.min(other);
        let tick = match side {
            Side::Buy => MIDDLE - distance,
            Side::Sell => MIDDLE + distance,
        };
        let lots = rng.between(1, 100);
        self.admit(setup, maker, side, lots)?;
        self.book.place(side, tick, Order::new(maker, lots));
        let call = Call::new("place(bool,uint16,uint64)")
            .word(u8::from(side == Side::Buy))
            .word(tick)
            .word(lots);
        Ok(self.intent(maker, call, gas::PLACE))
    }

    /// The maker of any order takes it back.
    fn cancel(&mut self, side: Side, rng: &mut Rng) -> Intent {
        let order = self.book.cancel(side, rng.index(self.book.len(side)));
        let call = Call::new("cancel(uint64)").word(order.id);
        self.intent(order.maker, call, gas::CANCEL)
    }

    /// A trade with the best orders of a side, whatever their prices.
    fn take(
        &mut self,
        setup: &mut Setup,
        taker: Address,
        maker_side: Side,
        rng: &mut Rng,
    ) -> Result<Intent, SetupError> {
        let lots = rng.between(1, 150);
        self.book.take(maker_side, lots);
        let (side, limit) = match maker_side {
            Side::Sell => (Side::Buy, MIDDLE + SPREAD),
            Side::Buy => (Side::Sell, MIDDLE - SPREAD),
        };
        self.admit(setup, taker, side, lots)?;
        let call = Call::new("take(bool,uint16,uint64)")
            .word(u8::from(side == Side::Buy))
            .word(limit)
            .word(lots);
        Ok(self.intent(taker, call, gas::TAKE))
    }

    /// Gives someone what it takes to sell or buy so many lots at any price there is,
    /// and more, so that no slot is emptied.
    fn admit(
        &self,
        setup: &mut Setup,
        trader: Address,
        side: Side,
        lots: u64,
    ) -> Result<(), SetupError> {
        let (token, amount) = match side {
            Side::Buy => (self.quote, u128::from(MIDDLE + SPREAD) * TICK_SIZE),
            Side::Sell => (self.base, LOT_SIZE),
        };
        let amount = u128::from(lots) * amount + ETHER;
        token::transfer(setup, token, self.owner, trader, amount)?;
        token::approve(setup, token, trader, self.address)
    }

    fn intent(&self, from: Address, call: Call, gas_limit: u64) -> Intent {
        Intent {
            from,
            to: self.address,
            value: 0,
            data: call.data(),
            gas_limit,
        }
    }
}
