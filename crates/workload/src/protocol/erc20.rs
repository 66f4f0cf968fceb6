//! Transfers of ERC-20 tokens that people hold: USDT, USDC, OpenZeppelin's.

mod ledger;
mod usdc;
mod usdt;

use super::{
    Stopped,
    token::{self, TokenCode},
};
use crate::{
    ArtifactError, PublishedArtifacts, Setup, Size,
    rng::Rng,
    snapshot::Recipe,
    world::{ETHER, World},
};
use alloy_primitives::Address;
pub(super) use ledger::{Ledger, Token};

/// Which token moves from whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transfers {
    /// Tether's token, between pairs of holders that share nothing.
    Usdt,
    /// Circle's token, a proxy, between pairs of holders that share nothing.
    Usdc,
    /// OpenZeppelin's token, between pairs of holders that share nothing.
    OpenZeppelin,
    /// OpenZeppelin's token, from one holder to many.
    Airdrop,
    /// OpenZeppelin's token, from many holders to one.
    Treasury,
    /// Tether's token as when it takes a fee, which its owner gets.
    Fee,
}

/// A token that can be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Issue {
    /// With a fee or without.
    Usdt {
        fee: bool,
    },
    Usdc,
    OpenZeppelin,
}

impl Transfers {
    fn issue(self) -> Issue {
        match self {
            Self::Usdt => Issue::Usdt { fee: false },
            Self::Fee => Issue::Usdt { fee: true },
            Self::Usdc => Issue::Usdc,
            Self::OpenZeppelin | Self::Airdrop | Self::Treasury => Issue::OpenZeppelin,
        }
    }

    /// Checks that the code of the token is there.
    pub(super) fn check(self, artifacts: &PublishedArtifacts) -> Result<(), ArtifactError> {
        self.issue().check(artifacts)
    }
}

impl Issue {
    fn check(self, artifacts: &PublishedArtifacts) -> Result<(), ArtifactError> {
        match self {
            Self::Usdt { .. } | Self::Usdc => artifacts.check_mainnet(),
            Self::OpenZeppelin => artifacts.check(&[token::ARTIFACT]),
        }
    }

    /// Puts the token on the chain; nobody holds any.
    pub(super) fn issue(
        self,
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
    ) -> Result<Token, Stopped> {
        match self {
            Self::Usdt { fee } => {
                let token = usdt::issue(setup.state_mut(), artifacts, owner)?;
                if fee {
                    usdt::take_fee(setup, owner)?;
                }
                Ok(token)
            }
            Self::Usdc => usdc::issue(setup.state_mut(), artifacts, owner),
            Self::OpenZeppelin => {
                let address = TokenCode::read(artifacts)?.deploy(setup, owner, 0)?;
                Ok(Token {
                    address,
                    unit: ETHER,
                    ledger: Ledger::OPEN_ZEPPELIN,
                })
            }
        }
    }

    fn recipe(self, artifacts: &PublishedArtifacts, seed: u64) -> Result<Recipe, Stopped> {
        let recipe = Recipe::new(&format!("{self:?}"), seed);
        Ok(match self {
            // The hashes of their codes are in the sources.
            Self::Usdt { .. } | Self::Usdc => recipe,
            Self::OpenZeppelin => recipe.artifacts(artifacts, &[token::ARTIFACT])?,
        })
    }
}

/// Whole tokens that a holder has before the block.
pub(super) const HELD: u128 = 1_000;

/// The most whole tokens that a transfer moves.
const MOST: u64 = 10;

/// Transfers, each sender and recipient once, or one of them always.
pub(super) fn transfers(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    row: Transfers,
    size: Size,
) -> Result<(), Stopped> {
    let residents = size.accounts.max(2 * size.transactions);
    let token = open(world, artifacts, row.issue(), residents)?;
    let mut rng = Rng::new(world.rng.next());
    let one = matches!(row, Transfers::Airdrop | Transfers::Treasury).then(|| {
        let one = world.user("treasury", 0);
        let amount = (1 + size.transactions as u128) * u128::from(MOST) * token.unit;
        token.give(&mut world.state, one, amount);
        one
    });
    let drawn = rng.distinct(2 * size.transactions, residents);
    for (index, pair) in drawn.chunks_exact(2).enumerate() {
        let holder = world.resident(pair[0]);
        let (from, to) = match (row, one) {
            (Transfers::Airdrop, Some(one)) => (one, recipient(world, &mut rng, pair[1], index)),
            (_, Some(one)) => (holder, one),
            (_, None) => (holder, recipient(world, &mut rng, pair[1], index)),
        };
        let amount = token.unit * u128::from(1 + rng.below(MOST));
        world.send_all([token.transfer(from, to, amount)]);
    }
    Ok(())
}

/// One recipient in four holds the token for the first time.
fn recipient(world: &mut World, rng: &mut Rng, resident: usize, index: usize) -> Address {
    if rng.chance(25) {
        world.user("newcomer", index)
    } else {
        world.resident(resident)
    }
}

/// A token that all residents hold.
fn open(
    world: &mut World,
    artifacts: &PublishedArtifacts,
    issue: Issue,
    residents: usize,
) -> Result<Token, Stopped> {
    let recipe = issue.recipe(artifacts, world.seed())?;
    let owner = world.address("issuer", 0);
    world.begin(artifacts, recipe, residents, |setup, residents| {
        let token = issue.issue(setup, artifacts, owner)?;
        for holder in residents {
            token.give(setup.state_mut(), *holder, HELD * token.unit);
        }
        Ok(token)
    })
}
