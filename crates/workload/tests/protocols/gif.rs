//! Etherisc's framework: policies are applied for, sold and paid.

use crate::chain::{Chain, SEED, after, argument, generate, run};
use alloy_primitives::{Address, B256, U256, keccak256};
use parallax_engine::BlockOutput;
use parallax_workload::{Call, Cover, Protocol, Workload};
use revm::context::TxEnv;

/// A block on the fire insurance, executed.
struct Executed {
    workload: Workload,
    output: BlockOutput,
    before: Chain,
    after: Chain,
    token: Address,
    registry: Address,
    reader: Address,
    /// Where the capital is.
    wallet: Address,
}

/// What the framework says about a policy.
#[derive(Debug, PartialEq, Eq)]
struct Policy {
    holder: Address,
    state: u64,
    insured: U256,
    premium: U256,
    claims: U256,
    paid: U256,
    activated_at: U256,
}

/// States of a policy.
const APPLIED: u64 = 10;
const COLLATERALIZED: u64 = 40;

impl Executed {
    fn new(cover: Cover, transactions: usize) -> Option<Self> {
        let workload = generate(Protocol::Gif(cover), transactions, SEED)?;
        let output = run(&workload);
        let mut before = Chain::new(&workload.state);
        let product = *workload.block.transactions[0].kind.to().unwrap();
        let [token, registry, instance, wallet] = [
            "getToken()",
            "getRegistry()",
            "getInstance()",
            "getWallet()",
        ]
        .map(|getter| before.address(product, getter));
        let reader = before.address(instance, "getInstanceReader()");
        Some(Self {
            after: Chain::new(&after(&workload, &output)),
            reader,
            wallet: pool_wallet(&mut before, registry, reader, product, wallet),
            workload,
            output,
            before,
            token,
            registry,
        })
    }

    /// By selector, with their places in the block.
    fn transactions(&self, signature: &str) -> Vec<(usize, TxEnv)> {
        let selector = &keccak256(signature)[..4];
        let all = self.workload.block.transactions.iter().enumerate();
        all.filter(|(_, tx)| tx.data.starts_with(selector))
            .map(|(index, tx)| (index, tx.clone()))
            .collect()
    }

    /// A policy before the block and after it.
    fn policy(&mut self, id: U256) -> [Policy; 2] {
        let (registry, reader) = (self.registry, self.reader);
        [&mut self.before, &mut self.after].map(|chain| {
            let ask = |signature: &str| Call::new(signature).word(id).data();
            let holder = chain.words(registry, ask("ownerOf(uint96)"))[0];
            let state = chain.words(reader, ask("getPolicyState(uint96)"))[0];
            let info = chain.words(reader, ask("getPolicyInfo(uint96)"));
            Policy {
                holder: Address::from_word(holder.into()),
                state: state.to(),
                insured: info[4],
                premium: info[5],
                claims: info[7],
                paid: info[10],
                activated_at: info[11],
            }
        })
    }

    /// What somebody has, before and after.
    fn balances(&mut self, of: Address) -> [U256; 2] {
        [&mut self.before, &mut self.after].map(|chain| chain.balance(self.token, of))
    }

    /// A claim is paid in full to the holder; returns how much.
    fn check_claim(&mut self, tx: &TxEnv) -> U256 {
        let [before, after] = self.policy(argument(tx, 0));
        assert_eq!(after.holder, tx.caller);
        assert_eq!((before.claims, after.claims), (U256::ZERO, U256::ONE));
        assert_eq!((before.paid, after.paid), (U256::ZERO, before.insured));
        let [had, has] = self.balances(tx.caller);
        assert_eq!(has - had, before.insured);
        before.insured
    }
}

/// The wallet of the pool of a product, which has one of its own.
fn pool_wallet(
    chain: &mut Chain,
    registry: Address,
    reader: Address,
    product: Address,
    wallet: Address,
) -> Address {
    let id = Call::new("getNftIdForAddress(address)").address(product);
    let id = chain.words(registry, id.data())[0];
    let info = Call::new("getProductInfo(uint96)").word(id).data();
    // After the offset and five flags and numbers.
    let pool = chain.words(reader, info)[6];
    let address = Call::new("getObjectAddress(uint96)").word(pool).data();
    let pool = Address::from_word(chain.words(registry, address)[0].into());
    let pool_wallet = chain.address(pool, "getWallet()");
    assert_ne!(pool_wallet, wallet);
    pool_wallet
}

const CLAIM: &str = "submitClaim(uint96,uint256)";

#[test]
fn an_ordinary_day() {
    const TRANSACTIONS: usize = 60;
    let Some(mut executed) = Executed::new(Cover::Everyday, TRANSACTIONS) else {
        return;
    };
    let applications = executed.transactions("createApplication(string,uint96,uint40,uint96)");
    let sales = executed.transactions("createPolicy(uint96,uint40)");
    let claims = executed.transactions(CLAIM);
    assert_eq!(
        applications.len() + sales.len() + claims.len(),
        TRANSACTIONS
    );
    for kind in [&applications, &sales, &claims] {
        assert!((8..40).contains(&kind.len()), "{}", kind.len());
    }
    for (index, tx) in &applications {
        let result = &executed.output.outcomes[*index].result;
        let id = U256::from_be_slice(result.output().unwrap());
        let data = Call::new("ownerOf(uint96)").word(id).data();
        let holder = executed.after.words(executed.registry, data)[0];
        assert_eq!(B256::from(holder), tx.caller.into_word());
        let data = Call::new("getPolicyInfo(uint96)").word(id).data();
        let info = executed.after.words(executed.reader, data);
        assert_eq!(info[4], argument(tx, 1));
        let data = Call::new("getPolicyState(uint96)").word(id).data();
        let state = executed.after.words(executed.reader, data)[0];
        assert_eq!(state, U256::from(APPLIED));
    }
    let mut capital = executed.balances(executed.wallet);
    for (_, tx) in &sales {
        let [before, after] = executed.policy(argument(tx, 0));
        assert_eq!((before.state, after.state), (APPLIED, COLLATERALIZED));
        assert_eq!(after.activated_at, argument(tx, 1));
        assert_eq!(after.premium, before.insured / U256::from(40));
        let [had, has] = executed.balances(after.holder);
        assert_eq!(had - has, after.premium);
        capital[0] += after.premium;
    }
    for (_, tx) in &claims {
        capital[0] -= executed.check_claim(tx);
    }
    assert_eq!(capital[0], capital[1]);
}

#[test]
fn a_fire_and_all_payouts() {
    const TRANSACTIONS: usize = 40;
    let Some(mut executed) = Executed::new(Cover::Payout, TRANSACTIONS) else {
        return;
    };
    let reports = executed.transactions("reportFire(uint256,string,uint8,uint40)");
    let claims = executed.transactions(CLAIM);
    assert_eq!((reports.len(), claims.len()), (1, TRANSACTIONS - 1));
    assert_eq!(reports[0].0, 0);
    let [before, after] = executed.balances(executed.wallet);
    let payouts = claims.iter().map(|(_, tx)| executed.check_claim(tx));
    assert_eq!(before - after, payouts.sum::<U256>());
}
