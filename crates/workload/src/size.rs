//! How large a block and the state under it are.

/// How large a block and the state under it are.
///
/// A number is a size with so many transactions and a state as small as they allow:
///
/// ```
/// use parallax_workload::Size;
///
/// let small = Size::from(100);
/// assert_eq!(small, Size::new(100));
/// let large = Size::new(10_000).accounts(1_000_000).pools(10_000);
/// assert_eq!((large.transactions, large.accounts, large.pools), (10_000, 1_000_000, 10_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    /// Transactions of the block.
    pub transactions: usize,
    /// Accounts with ether, and with the tokens of the workload where it has any, that
    /// transactions draw from. 0, or fewer than the transactions need: as many as
    /// these need.
    pub accounts: usize,
    /// Pools that popularity is spread over. 0: as many as the workload has otherwise.
    pub pools: usize,
}

impl Size {
    /// So many transactions, and a state as small as they allow.
    #[must_use]
    pub fn new(transactions: usize) -> Self {
        Self {
            transactions,
            ..Self::default()
        }
    }

    /// The same with so many accounts.
    #[must_use]
    pub fn accounts(self, accounts: usize) -> Self {
        Self { accounts, ..self }
    }

    /// The same with so many pools.
    #[must_use]
    pub fn pools(self, pools: usize) -> Self {
        Self { pools, ..self }
    }

    /// The number of pools, if the workload has so many otherwise.
    pub(crate) fn pools_or(self, otherwise: usize) -> usize {
        if self.pools == 0 {
            otherwise
        } else {
            self.pools
        }
    }

    /// What the name of a workload says of it.
    pub(crate) fn label(self) -> String {
        let mut label = format!("txs={}", self.transactions);
        for (name, value) in [("accounts", self.accounts), ("pools", self.pools)] {
            if value > 0 {
                label += &format!(" {name}={value}");
            }
        }
        label
    }
}

impl From<usize> for Size {
    fn from(transactions: usize) -> Self {
        Self::new(transactions)
    }
}
