//! What there is to do, and doing it.

use super::{Activity, Crowd};
use crate::{
    PublishedArtifacts, Setup,
    protocol::{
        Act, Intent, Stopped,
        amm_v2::Market,
        arbitrage, collectible,
        erc20::{HELD, Issue, Token},
        lending::{self, Aave},
        multicall, smart_account,
        token::TokenCode,
    },
    rng::{Rng, Zipf},
    world::{ETHER, SLOT_SECONDS, gas},
};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use serde::{Deserialize, Serialize};

/// Assets that are lent and borrowed.
const LENT: usize = 4;

/// Tokens beside the dollars and those of the pools.
const TOKENS: usize = 24;

/// What stands in the town before the day.
#[derive(Serialize, Deserialize)]
pub(super) struct Town {
    owner: Address,
    market: Market,
    pools: usize,
    dollars: [Token; 2],
    tokens: Vec<Token>,
    multicall: Address,
    collection: Address,
}

/// The town on the day.
pub(super) struct Open {
    town: Town,
    token: Zipf,
    pool: Zipf,
    token_code: TokenCode,
    lending: lending::Market<Aave>,
    minted: u64,
    created: usize,
}

impl Town {
    /// Builds everything.
    pub(super) fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
        dollars: [Issue; 2],
        pools: usize,
        rng: &mut Rng,
    ) -> Result<Self, Stopped> {
        let market = Market::open(setup, artifacts, owner, pools, rng)?;
        let mut issue = |issue: Issue| issue.issue(setup, artifacts, owner);
        let dollars = [issue(dollars[0])?, issue(dollars[1])?];
        let tokens = (0..TOKENS).map(|_| issue(Issue::OpenZeppelin));
        Ok(Self {
            owner,
            market,
            pools,
            dollars,
            tokens: tokens.collect::<Result<_, Stopped>>()?,
            multicall: multicall::deploy(setup, artifacts, owner)?,
            collection: collectible::deploy(setup, artifacts, owner)?,
        })
    }

    /// Gives everyone dollars of both kinds.
    pub(super) fn hand_out(&self, setup: &mut Setup, residents: &[Address]) {
        for token in self.dollars {
            for holder in residents {
                token.give(setup.state_mut(), *holder, HELD * token.unit);
            }
        }
    }

    /// Opens the doors.
    pub(super) fn begin(
        self,
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        rng: &mut Rng,
    ) -> Result<Open, Stopped> {
        let lending = lending::Market::open(setup, artifacts, self.owner, LENT, rng)?;
        // Interest accrues before users come, so that no slot of a reserve is empty.
        setup.next_block(SLOT_SECONDS);
        Ok(Open {
            lending,
            token: Zipf::new(TOKENS),
            pool: Zipf::new(self.pools),
            token_code: TokenCode::read(artifacts)?,
            minted: 0,
            created: 0,
            town: self,
        })
    }
}

impl Open {
    /// Someone does something.
    pub(super) fn act(
        &mut self,
        setup: &mut Setup,
        activity: Activity,
        crowd: &mut Crowd,
    ) -> Result<Act, Stopped> {
        let from = crowd.sender();
        let intent = match activity {
            Activity::Pay => pay(from, crowd),
            Activity::Dollar(index) => transfer(setup, &self.town.dollars[index], from, crowd),
            Activity::Token => transfer(setup, &self.token(crowd), from, crowd),
            Activity::Approve => {
                let token = self.token(crowd);
                token.approve(from, self.town.market.router(), U256::MAX)
            }
            Activity::Swap => self.swap(setup, from, crowd)?,
            Activity::LateSwap => {
                let pool = self.pool.rank(&mut crowd.rng);
                let market = &mut self.town.market;
                return Ok(Act::Reverts(market.late_swap(
                    setup,
                    from,
                    pool,
                    &mut crowd.rng,
                )?));
            }
            Activity::Arbitrage => self.arbitrage(setup, from, crowd)?,
            Activity::LateArbitrage => {
                return Ok(Act::Reverts(self.late_arbitrage(setup, from, crowd)?));
            }
            Activity::Multicall => self.pay_out(setup, from, crowd),
            Activity::Collectible => {
                let (owner, collection) = (self.town.owner, self.town.collection);
                let pair = [from, crowd.recipient()];
                collectible::hand_on(setup, collection, owner, &mut self.minted, pair)?
            }
            Activity::SmartAccount => {
                let (token, amount) = (self.town.dollars[1], amount(crowd));
                let people = [from, crowd.account(), crowd.recipient()];
                smart_account::pay(setup, &token, people, amount * token.unit)?
            }
            Activity::Lend => {
                // What is owed and what covers it depends on nothing else that they do.
                let user = crowd.account();
                let ether = U256::from(ETHER);
                setup.state_mut().set_account(user, ether, 0);
                self.lending.errand(setup, user, &mut crowd.rng)?
            }
            Activity::Deploy => return self.create(from),
        };
        Ok(Act::Succeeds(intent))
    }

    fn token(&self, crowd: &mut Crowd) -> Token {
        self.town.tokens[self.token.rank(&mut crowd.rng)]
    }

    fn swap(
        &mut self,
        setup: &mut Setup,
        from: Address,
        crowd: &mut Crowd,
    ) -> Result<Intent, Stopped> {
        let pool = self.pool.rank(&mut crowd.rng);
        self.town.market.swap(setup, from, pool, &mut crowd.rng)
    }

    /// A bot looks around until it finds a gap, and swaps if there is none.
    fn arbitrage(
        &mut self,
        setup: &mut Setup,
        from: Address,
        crowd: &mut Crowd,
    ) -> Result<Intent, Stopped> {
        /// How long it looks.
        const TRIES: usize = 8;
        let market = &mut self.town.market;
        for _ in 0..TRIES {
            let route = market.triangle(&mut crowd.rng);
            if let Some((route, gain)) = route.and_then(|route| arbitrage::gap(market, route)) {
                return market.around(setup, from, &route, gain, &mut crowd.rng);
            }
        }
        self.swap(setup, from, crowd)
    }

    /// A bot asks for twice what there is to get: a gap that is no longer there.
    fn late_arbitrage(
        &mut self,
        setup: &mut Setup,
        from: Address,
        crowd: &mut Crowd,
    ) -> Result<Intent, Stopped> {
        let market = &mut self.town.market;
        let pool = self.pool.rank(&mut crowd.rng);
        let Some(route) = market.triangle(&mut crowd.rng) else {
            return market.late_swap(setup, from, pool, &mut crowd.rng);
        };
        let amount = ETHER * amount(crowd);
        let least = 2 * market.quote(&route, amount).max(amount);
        market.around(setup, from, &route, [amount, least], &mut crowd.rng)
    }

    /// Several get the same.
    fn pay_out(&mut self, setup: &mut Setup, from: Address, crowd: &mut Crowd) -> Intent {
        let token = self.token(crowd);
        let count = crowd.rng.between(2, 5);
        let recipients: Vec<_> = (0..count).map(|_| crowd.recipient()).collect();
        let amount = amount(crowd) * token.unit;
        let multicall = self.town.multicall;
        multicall::pay_out(setup, multicall, &token, from, &recipients, amount)
    }

    fn create(&mut self, from: Address) -> Result<Act, Stopped> {
        self.created += 1;
        Ok(Act::Creates {
            from,
            code: self.token_code.creation(from, TOKENS + self.created)?,
            gas_limit: gas::CREATION,
        })
    }
}

fn amount(crowd: &mut Crowd) -> u128 {
    u128::from(crowd.rng.between(1, 10))
}

fn pay(from: Address, crowd: &mut Crowd) -> Intent {
    Intent {
        from,
        to: crowd.recipient(),
        // So little that nobody runs out of ether.
        value: 1 + u128::from(crowd.rng.below(ETHER as u64 / 1_000)),
        data: Bytes::new(),
        gas_limit: gas::TRANSFER,
    }
}

/// A transfer by someone who is given what it takes.
fn transfer(setup: &mut Setup, token: &Token, from: Address, crowd: &mut Crowd) -> Intent {
    let amount = amount(crowd) * token.unit;
    token.give(setup.state_mut(), from, amount);
    token.transfer(from, crowd.recipient(), amount)
}

impl Crowd {
    /// An address of its own.
    fn account(&mut self) -> Address {
        Address::from_word(keccak256(self.rng.hash()))
    }
}
