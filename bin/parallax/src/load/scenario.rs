//! What has to be there before, and what is sent.

use super::{
    Request,
    rpc::Rpc,
    sign::{Chain, Signer, TIP},
};
use crate::cli::{LoadArguments, Scenario};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use eyre::{WrapErr, ensure};
use parallax_workload::{Contract, PublishedArtifacts};
use serde_json::json;

/// Tokens that each sender gets.
const TOKENS: u64 = 1_000_000_000;

/// Everything that transactions are made of.
#[derive(Debug)]
pub(super) struct Prepared {
    chain: Chain,
    pub(super) senders: Vec<Signer>,
    /// Their nonces at the start.
    pub(super) nonces: Vec<u64>,
    /// The contract that is called, if one is.
    target: Option<Address>,
    path: Vec<Address>,
}

/// Who pays, and the next nonce.
struct Funder<'r> {
    rpc: &'r mut Rpc,
    signer: Signer,
    chain: Chain,
    nonce: u64,
}

impl Funder<'_> {
    fn make(&mut self, to: TxKind, value: U256, input: Bytes, gas: u64) -> eyre::Result<Vec<u8>> {
        let (raw, _) = self
            .signer
            .sign(self.chain, self.nonce, to, value, input, gas)?;
        self.nonce += 1;
        Ok(raw)
    }

    fn deploy(&mut self, code: Bytes) -> eyre::Result<Address> {
        let address = self.signer.address.create(self.nonce);
        let raw = self.make(TxKind::Create, U256::ZERO, code, 10_000_000)?;
        self.rpc.send_all(&[raw])?;
        Ok(address)
    }

    fn call(&mut self, to: Address, input: Bytes) -> eyre::Result<()> {
        let raw = self.make(TxKind::Call(to), U256::ZERO, input, 5_000_000)?;
        self.rpc.send_all(&[raw])
    }

    /// The same for every sender.
    fn each(
        &mut self,
        senders: &[Signer],
        make: impl Fn(&Signer) -> (TxKind, U256, Bytes, u64),
    ) -> eyre::Result<()> {
        let mut raw = Vec::with_capacity(senders.len());
        for sender in senders {
            let (to, value, input, gas) = make(sender);
            raw.push(self.make(to, value, input, gas)?);
        }
        self.rpc.send_all(&raw)
    }
}

/// Pays and deploys what the load needs.
pub(super) fn prepare(rpc: &mut Rpc, arguments: &LoadArguments) -> eyre::Result<Prepared> {
    let price: u128 = rpc.number("eth_gasPrice", &json!([]))?.to();
    let chain = Chain {
        id: rpc.chain_id()?,
        max_fee: price * 4 + TIP,
    };
    let signer = Signer::new(arguments.key).wrap_err("--key")?;
    let nonce = rpc.nonce(&signer.address)?;
    let senders = Signer::many(arguments.seed, arguments.senders)?;
    let count = arguments.rate * arguments.duration / arguments.senders as u64 + 2;
    let gas = gas(arguments.scenario);
    let each = U256::from(chain.max_fee) * U256::from(gas + 100_000) * U256::from(count);
    let all = each * U256::from(senders.len());
    let has = rpc.number("eth_getBalance", &json!([signer.address, "latest"]))?;
    ensure!(
        has > all,
        "{} has {has} wei, and {all} are needed: take another --key, or fewer transactions",
        signer.address
    );
    let mut funder = Funder {
        rpc,
        signer,
        chain,
        nonce,
    };
    funder.each(&senders, |sender| {
        (TxKind::Call(sender.address), each, Bytes::new(), 21_000)
    })?;
    let (target, path) = match arguments.scenario {
        Scenario::Native => (None, Vec::new()),
        Scenario::Erc20 => (Some(token(&mut funder, &senders)?), Vec::new()),
        Scenario::Swap => pool(&mut funder, &senders)?,
    };
    let addresses = senders
        .iter()
        .map(|sender| json!([sender.address, "latest"]));
    let addresses: Vec<_> = addresses.collect();
    let nonces = funder.rpc.many("eth_getTransactionCount", &addresses)?;
    let nonces = nonces
        .into_iter()
        .map(|nonce| Ok(serde_json::from_value::<U256>(nonce)?.to()));
    Ok(Prepared {
        chain,
        nonces: nonces.collect::<eyre::Result<_>>()?,
        senders,
        target,
        path,
    })
}

const fn gas(scenario: Scenario) -> u64 {
    match scenario {
        Scenario::Native => 21_000,
        Scenario::Erc20 => 80_000,
        Scenario::Swap => 250_000,
    }
}

/// A token of which every sender has some.
fn token(funder: &mut Funder<'_>, senders: &[Signer]) -> eyre::Result<Address> {
    let supply = U256::MAX >> 1;
    let code = [&Contract::Token.artifact().creation[..], &words(&[supply])].concat();
    let token = funder.deploy(code.into())?;
    funder.each(senders, |sender| {
        let input = abi(
            "transfer(address,uint256)",
            &[sender.address.into_word().into(), U256::from(TOKENS)],
        );
        (TxKind::Call(token), U256::ZERO, input, 80_000)
    })?;
    Ok(token)
}

/// A pool of Uniswap V2 with its router, which every sender lets take their tokens.
fn pool(
    funder: &mut Funder<'_>,
    senders: &[Signer],
) -> eyre::Result<(Option<Address>, Vec<Address>)> {
    let artifacts = PublishedArtifacts::installed();
    let word = |address: Address| U256::from_be_bytes(address.into_word().0);
    let own = funder.signer.address;
    let mut deploy = |path: &str, arguments: &[U256]| -> eyre::Result<Address> {
        let code = artifacts.read(path)?.with_arguments(&words(arguments))?;
        funder.deploy(code)
    };
    let factory = deploy("@uniswap/v2-core/build/UniswapV2Factory.json", &[word(own)])?;
    let weth = deploy("@uniswap/v2-periphery/build/WETH9.json", &[])?;
    let router = deploy(
        "@uniswap/v2-periphery/build/UniswapV2Router02.json",
        &[word(factory), word(weth)],
    )?;
    let path = [token(funder, senders)?, token(funder, senders)?];
    let approve = abi("approve(address,uint256)", &[word(router), U256::MAX]);
    for token in path {
        funder.call(token, approve.clone())?;
    }
    let much = U256::from(TOKENS) * U256::from(1_000_000_000_u64);
    let end = U256::from(u64::MAX);
    let liquidity = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)";
    let arguments = [
        word(path[0]),
        word(path[1]),
        much,
        much,
        U256::ZERO,
        U256::ZERO,
        word(own),
        end,
    ];
    funder.call(router, abi(liquidity, &arguments))?;
    let mut raw = Vec::new();
    for (sender, nonce) in senders.iter().zip(std::iter::repeat(0)) {
        for (more, token) in (0..).zip(path) {
            let to = TxKind::Call(token);
            let (signed, _) = sender.sign(
                funder.chain,
                nonce + more,
                to,
                U256::ZERO,
                approve.clone(),
                80_000,
            )?;
            raw.push(signed);
        }
    }
    funder.rpc.send_all(&raw)?;
    Ok((Some(router), path.to_vec()))
}

impl Prepared {
    /// The transaction of a place in the order.
    pub(super) fn request(&self, index: usize, arguments: &LoadArguments) -> eyre::Result<Request> {
        let sender = index % self.senders.len();
        let round = (index / self.senders.len()) as u64;
        let signer = &self.senders[sender];
        let (to, value, input) = self.payload(index, signer, arguments.scenario);
        let nonce = self.nonces[sender] + round;
        let gas = gas(arguments.scenario);
        let (raw, hash) = signer.sign(self.chain, nonce, TxKind::Call(to), value, input, gas)?;
        Ok(Request {
            raw: raw.into(),
            hash,
            sender,
        })
    }

    fn payload(&self, index: usize, signer: &Signer, scenario: Scenario) -> (Address, U256, Bytes) {
        let recipient = recipient(index);
        let target = self.target.unwrap_or(recipient);
        let input = match scenario {
            Scenario::Native => return (recipient, U256::from(1), Bytes::new()),
            Scenario::Erc20 => abi(
                "transfer(address,uint256)",
                &[recipient.into_word().into(), U256::from(1)],
            ),
            Scenario::Swap => {
                let word = |address: Address| U256::from_be_bytes(address.into_word().0);
                // There and back, so that the price stays where it is.
                let path = match index % 2 {
                    0 => [self.path[0], self.path[1]],
                    _ => [self.path[1], self.path[0]],
                };
                abi(
                    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
                    &[
                        U256::from(1000),
                        U256::ZERO,
                        U256::from(160),
                        word(signer.address),
                        U256::from(u64::MAX),
                        U256::from(2),
                        word(path[0]),
                        word(path[1]),
                    ],
                )
            }
        };
        (target, U256::ZERO, input)
    }
}

/// Somebody who gets something: of a hundred thousand, another one each time.
fn recipient(index: usize) -> Address {
    Address::from_word(keccak256(format!("recipient {}", index % 100_000)))
}

fn words(words: &[U256]) -> Vec<u8> {
    words.iter().flat_map(|word| B256::from(*word).0).collect()
}

/// A call of a function whose arguments are words already.
fn abi(signature: &str, arguments: &[U256]) -> Bytes {
    let selector = keccak256(signature);
    [&selector[..4], &words(arguments)].concat().into()
}
