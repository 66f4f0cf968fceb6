//! Every case that fails and need not pass, with the reason.

/// A group of cases that need not pass.
#[derive(Clone, Copy, Debug)]
pub struct Skip {
    /// A case belongs to the group if its name contains all of these.
    pub parts: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

/// revm's database interface does not say whether an account has storage.
const COLLISION: &str = "EIP-7610: creation at an address that has storage but neither code nor \
     nonce, which revm cannot see and which mainnet does not contain";

/// The whole list.
pub const SKIPS: &[Skip] = &[
    Skip {
        parts: &[
            "test_initcollision.py",
            "-non-empty-balance-correct-initcode",
        ],
        reason: COLLISION,
    },
    Skip {
        parts: &[
            "test_initcollision.py",
            "-non-empty-balance-revert-initcode",
        ],
        reason: COLLISION,
    },
    Skip {
        parts: &["dynamicAccountOverwriteEmpty_Paris"],
        reason: COLLISION,
    },
    Skip {
        parts: &["RevertInCreateInInitCreate2Paris"],
        reason: COLLISION,
    },
];

impl Skip {
    /// Whether a case belongs to the group.
    #[must_use]
    pub fn covers(&self, case: &str) -> bool {
        self.parts.iter().all(|part| case.contains(part))
    }
}

/// The place in [`SKIPS`] of the group that a case belongs to, if there is one.
#[must_use]
pub fn group(case: &str) -> Option<usize> {
    SKIPS.iter().position(|skip| skip.covers(case))
}
