//! The networks that tests name.

use alloy_primitives::U256;
use parallax_chain::{Activation, Fork, Schedule};

/// The forks of a test chain: one, or one and its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network(Schedule);

impl Network {
    /// Reads a name such as `Osaka`, `HomesteadToDaoAt5`,
    /// `CancunToPragueAtTime15k` or `ArrowGlacierToParisAtDiffC0000`.
    ///
    /// # Errors
    ///
    /// The name, if it is not understood.
    pub fn parse(name: &str) -> Result<Self, String> {
        let from = |first| Schedule::new(1).with(first, Activation::Number(0));
        let parse = || {
            if let Some(first) = Fork::named(name) {
                return Some(from(first));
            }
            let (first, rest) = name.split_once("To")?;
            let (next, at) = rest.split_once("At")?;
            Some(from(Fork::named(first)?).with(Fork::named(next)?, activation(at)?))
        };
        parse()
            .map(Self)
            .ok_or_else(|| format!("unknown network {name}"))
    }

    /// Its forks, on a chain of this id.
    #[must_use]
    pub fn schedule(&self, chain_id: u64) -> Schedule {
        self.0.clone().with_chain_id(chain_id)
    }

    /// The rules of the block with this number and timestamp whose parent has
    /// this total difficulty.
    #[must_use]
    pub fn fork(&self, number: u64, timestamp: u64, parent_difficulty: U256) -> Fork {
        self.0.fork(number, timestamp, parent_difficulty)
    }
}

fn activation(text: &str) -> Option<Activation> {
    if let Some(time) = text.strip_prefix("Time") {
        let thousands = time.strip_suffix('k')?.parse::<u64>().ok()?;
        return Some(Activation::Timestamp(thousands * 1000));
    }
    if let Some(difficulty) = text.strip_prefix("Diff") {
        let difficulty = U256::from_str_radix(difficulty, 16).ok()?;
        return Some(Activation::Difficulty(difficulty));
    }
    text.parse().ok().map(Activation::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_networks_are_understood() {
        let fork = |name: &str, number, time, difficulty: u64| {
            let network = Network::parse(name).unwrap();
            network.fork(number, time, U256::from(difficulty))
        };
        assert_eq!(fork("Osaka", 0, 0, 0), Fork::Osaka);
        assert_eq!(fork("HomesteadToDaoAt5", 4, 0, 0), Fork::Homestead);
        assert_eq!(fork("HomesteadToDaoAt5", 5, 0, 0), Fork::Dao);
        let name = "CancunToPragueAtTime15k";
        assert_eq!(fork(name, 9, 14_999, 0), Fork::Cancun);
        assert_eq!(fork(name, 9, 15_000, 0), Fork::Prague);
        let name = "ArrowGlacierToParisAtDiffC0000";
        assert_eq!(fork(name, 9, 0, 0xbffff), Fork::ArrowGlacier);
        assert_eq!(fork(name, 9, 0, 0xc0000), Fork::Paris);
        assert!(Network::parse("Utopia").is_err());
    }
}
