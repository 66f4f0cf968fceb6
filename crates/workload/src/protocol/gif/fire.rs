//! The framework's example of a product: houses in a city are insured against fire.

use super::{
    framework::Framework,
    linker::{Linker, word},
};
use crate::{
    Call, PublishedArtifacts, Setup,
    protocol::{Intent, Stopped, token},
    rng::Rng,
    world::{SLOT_SECONDS, TIMESTAMP},
};
use alloy_primitives::{Address, U256};

/// One token, of which the product's has 6 decimals.
const DOLLAR: u128 = 1_000_000;
/// Capital of the pool, in one bundle.
const CAPITAL: u128 = 100_000_000_000 * DOLLAR;
/// Where all houses are.
const CITY: &str = "London";
/// How long a policy is valid in seconds: half a year.
const LIFETIME: u64 = 180 * 24 * 3600;
/// Lifetime of the bundle: longer.
const BUNDLE_LIFETIME: u64 = 10 * LIFETIME;
/// Everything that is insured is paid.
const DAMAGE_LARGE: u8 = 3;

/// Gas limits, with a margin.
mod gas {
    pub(super) const APPLY: u64 = 1_000_000;
    pub(super) const UNDERWRITE: u64 = 1_600_000;
    pub(super) const REPORT: u64 = 200_000;
    pub(super) const CLAIM: u64 = 1_600_000;
}

/// A policy or an application for one, by its number in the registry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy(U256);

/// The product with its pool.
pub(super) struct FireInsurance {
    /// Owner of the product, the pool and the bundle.
    owner: Address,
    token: Address,
    product: Address,
    /// Collects the premiums.
    collector: Address,
    bundle: U256,
}

impl FireInsurance {
    /// Deploys the framework and the product, and funds its pool.
    pub(super) fn open(
        setup: &mut Setup,
        artifacts: &PublishedArtifacts,
        owner: Address,
    ) -> Result<Self, Stopped> {
        let mut linker = Linker::new(setup, artifacts, owner);
        let linker = &mut linker;
        let framework = Framework::deploy(linker)?;
        let token = linker.deploy("FireUSD", Call::bare())?;
        let (product, id) = deploy_product(linker, &framework, token)?;
        let pool = deploy_pool(linker, &framework, product, id)?;
        let call = Call::new("initializeCity(string)").word(32u8);
        linker.call(product, call.bytes(CITY.as_bytes()))?;
        let collector = linker.address(product, "getTokenHandler()")?;
        let bundle = fund(linker, pool, token)?;
        Ok(Self {
            owner,
            token,
            product,
            collector,
            bundle,
        })
    }

    /// A policy that is valid from now on.
    pub(super) fn insure(
        &self,
        setup: &mut Setup,
        customer: Address,
        rng: &mut Rng,
    ) -> Result<Policy, Stopped> {
        let policy = self.applied(setup, customer, rng)?;
        self.perform(setup, self.underwrite(policy, parent_time()))?;
        Ok(policy)
    }

    /// An application that waits for the owner.
    pub(super) fn applied(
        &self,
        setup: &mut Setup,
        customer: Address,
        rng: &mut Rng,
    ) -> Result<Policy, Stopped> {
        let intent = self.apply(setup, customer, rng)?;
        let output = setup.call(intent.from, intent.to, intent.data)?;
        Ok(Policy(word(&output, 0)))
    }

    /// Does before the block what could be a part of it.
    pub(super) fn perform(&self, setup: &mut Setup, intent: Intent) -> Result<(), Stopped> {
        setup.call(intent.from, intent.to, intent.data)?;
        Ok(())
    }

    /// An application for a policy on 1,000 to 100,000 dollars, with the customer
    /// given more than the premium, which is 2.5 %.
    pub(super) fn apply(
        &self,
        setup: &mut Setup,
        customer: Address,
        rng: &mut Rng,
    ) -> Result<Intent, Stopped> {
        let insured = u128::from(rng.between(1_000, 100_000)) * DOLLAR;
        token::transfer(setup, self.token, self.owner, customer, insured / 20)?;
        token::approve(setup, self.token, customer, self.collector)?;
        let call = Call::new("createApplication(string,uint96,uint40,uint96)")
            // Where the name of the city begins: after these four words.
            .word(4 * 32)
            .word(insured)
            .word(LIFETIME)
            .word(self.bundle)
            .bytes(CITY.as_bytes());
        Ok(self.intent(customer, call, gas::APPLY))
    }

    /// The owner accepts an application: capital is locked, the premium collected.
    pub(super) fn underwrite(&self, policy: Policy, activate_at: u64) -> Intent {
        let call = Call::new("createPolicy(uint96,uint40)")
            .word(policy.0)
            .word(activate_at);
        self.intent(self.owner, call, gas::UNDERWRITE)
    }

    /// The owner reports a fire that destroys everything.
    pub(super) fn report(&self, fire: u64, time: u64) -> Intent {
        let call = Call::new("reportFire(uint256,string,uint8,uint40)")
            .word(fire)
            // Where the name of the city begins: after these four words.
            .word(4 * 32)
            .word(DAMAGE_LARGE)
            .word(time)
            .bytes(CITY.as_bytes());
        self.intent(self.owner, call, gas::REPORT)
    }

    /// The claim of a policyholder, which is confirmed and paid at once.
    pub(super) fn claim(&self, customer: Address, policy: Policy, fire: u64) -> Intent {
        let call = Call::new("submitClaim(uint96,uint256)")
            .word(policy.0)
            .word(fire);
        self.intent(customer, call, gas::CLAIM)
    }

    fn intent(&self, from: Address, call: Call, gas_limit: u64) -> Intent {
        Intent {
            from,
            to: self.product,
            value: 0,
            data: call.data(),
            gas_limit,
        }
    }
}

/// When policies become valid that are sold before the block.
pub(super) fn parent_time() -> u64 {
    TIMESTAMP - SLOT_SECONDS
}

fn deploy_product(
    linker: &mut Linker<'_>,
    framework: &Framework,
    token: Address,
) -> Result<(Address, U256), Stopped> {
    let name = b"FireProduct";
    let authorization = named(name);
    let authorization = linker.deploy("FireProductAuthorization", authorization)?;
    let arguments = component(framework, framework.instance_id, authorization, name);
    let product = linker.deploy("FireProduct", arguments)?;
    let call = Call::new("registerProduct(address,address)")
        .address(product)
        .address(token);
    let registered = linker.call(framework.instance, call)?;
    Ok((product, word(&registered, 0)))
}

fn deploy_pool(
    linker: &mut Linker<'_>,
    framework: &Framework,
    product: Address,
    product_id: U256,
) -> Result<Address, Stopped> {
    let name = b"FirePool";
    let authorization = linker.deploy("FirePoolAuthorization", named(name))?;
    let arguments = component(framework, product_id, authorization, name);
    let pool = linker.deploy("FirePool", arguments)?;
    let call = Call::new("registerComponent(address)").address(pool);
    linker.call(product, call)?;
    Ok(pool)
}

/// Arguments of an authorization.
fn named(name: &[u8]) -> Call {
    Call::bare().word(32u8).bytes(name)
}

/// Arguments of a product, whose parent is the instance, or of a pool, whose parent is
/// the product.
fn component(framework: &Framework, parent: U256, authorization: Address, name: &[u8]) -> Call {
    Call::bare()
        .address(framework.registry)
        .word(parent)
        // Where the name begins: after these four words.
        .word(4 * 32)
        .address(authorization)
        .bytes(name)
}

/// Puts the capital in, without fees.
fn fund(linker: &mut Linker<'_>, pool: Address, token: Address) -> Result<U256, Stopped> {
    let handler = linker.address(pool, "getTokenHandler()")?;
    token::approve(linker.setup, token, linker.owner, handler)?;
    let call = Call::new("approveTokenHandler(address,uint96)")
        .address(token)
        .word(CAPITAL);
    linker.call(pool, call)?;
    let call = Call::new("createBundle((uint160,uint96),uint96,uint40)")
        .word(0u8)
        .word(0u8)
        .word(CAPITAL)
        .word(BUNDLE_LIFETIME);
    let created = linker.call(pool, call)?;
    Ok(word(&created, 0))
}
