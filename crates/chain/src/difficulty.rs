//! What proof of work asked for.

use crate::Fork;
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_primitives::U256;

const MINIMUM: u64 = 131_072;

/// Blocks between two doublings of the bomb.
const PERIOD: u64 = 100_000;

/// The difficulty of a block under proof of work
/// ([EIP-2](https://eips.ethereum.org/EIPS/eip-2),
/// [EIP-100](https://eips.ethereum.org/EIPS/eip-100)).
#[must_use]
pub fn difficulty(fork: Fork, header: &Header, parent: &Header) -> U256 {
    let step = parent.difficulty / U256::from(2048);
    let elapsed = header.timestamp.saturating_sub(parent.timestamp);
    // Steps up and steps down.
    let (up, down) = if fork < Fork::Homestead {
        if elapsed < 13 { (1, 0) } else { (0, 1) }
    } else if fork < Fork::Byzantium {
        (1, elapsed / 10)
    } else {
        let has_ommers = parent.ommers_hash != EMPTY_OMMER_ROOT_HASH;
        (if has_ommers { 2 } else { 1 }, elapsed / 9)
    };
    let down = down.min(up + 99);
    let raised = parent.difficulty.saturating_add(step * U256::from(up));
    raised
        .saturating_sub(step * U256::from(down))
        .max(U256::from(MINIMUM))
        .saturating_add(bomb(fork, header.number))
}

/// What doubles every 100,000 blocks, from 200,000 on, counted from the delay of the fork.
fn bomb(fork: Fork, number: u64) -> U256 {
    let periods = number.saturating_sub(delay(fork)) / PERIOD;
    match periods.checked_sub(2) {
        Some(doublings) => U256::from(2).saturating_pow(U256::from(doublings)),
        None => U256::ZERO,
    }
}

/// Blocks by which the bomb is late
/// ([EIP-649](https://eips.ethereum.org/EIPS/eip-649),
/// [1234](https://eips.ethereum.org/EIPS/eip-1234),
/// [2384](https://eips.ethereum.org/EIPS/eip-2384),
/// [3554](https://eips.ethereum.org/EIPS/eip-3554),
/// [4345](https://eips.ethereum.org/EIPS/eip-4345),
/// [5133](https://eips.ethereum.org/EIPS/eip-5133)).
const fn delay(fork: Fork) -> u64 {
    match fork {
        Fork::Frontier
        | Fork::Homestead
        | Fork::Dao
        | Fork::TangerineWhistle
        | Fork::SpuriousDragon => 0,
        Fork::Byzantium => 3_000_000,
        Fork::Constantinople | Fork::Petersburg | Fork::Istanbul => 5_000_000,
        Fork::MuirGlacier | Fork::Berlin => 9_000_000,
        Fork::London => 9_700_000,
        Fork::ArrowGlacier => 10_700_000,
        _ => 11_400_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bomb_is_delayed() {
        assert_eq!(bomb(Fork::Frontier, 199_999), U256::ZERO);
        assert_eq!(bomb(Fork::Frontier, 200_000), U256::from(1));
        assert_eq!(bomb(Fork::Homestead, 1_500_000), U256::from(1 << 13));
        assert_eq!(bomb(Fork::Byzantium, 3_199_999), U256::ZERO);
        assert_eq!(bomb(Fork::GrayGlacier, 11_700_000), U256::from(2));
    }

    #[test]
    fn blocks_of_mainnet_have_it() {
        // Number, difficulty and timestamp of two blocks in a row, as recorded.
        let block = |number, timestamp, difficulty: u128| Header {
            number,
            timestamp,
            difficulty: U256::from(difficulty),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            ..Header::default()
        };
        let parent = block(1, 1_438_269_988, 17_171_480_576);
        let child = block(2, 1_438_270_017, 17_163_096_064);
        assert_eq!(
            difficulty(Fork::Frontier, &child, &parent),
            child.difficulty
        );
    }
}
