//! `parallax dev`: a chain for development.

mod accounts;
mod banner;
mod genesis;

use crate::{
    Outcome,
    chain::{keep_genesis, kept_genesis, read_genesis},
    cli::{DevArguments, Ordering},
    db::progress::Progress,
    serve::{block_time, metrics, serve},
};
use accounts::Account;
use alloy_primitives::{Address, address, hex};
use eyre::{WrapErr, eyre};
use parallax_chain::Genesis;
use parallax_node::{Node, NodeConfig};
use parallax_pool::{Order, PoolConfig};
use parallax_rpc::{Api, ApiConfig, Handled, ServerConfig, Wallet};
use parallax_state::{History, State};
use std::{
    fs,
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

/// Who gets the fees. It is nobody's account, so that no balance changes by itself.
const NOBODY: Address = address!("0000000000000000000000000000000000000000");

/// Runs `parallax dev`.
pub(crate) fn run(arguments: &DevArguments) -> eyre::Result<Outcome> {
    let accounts = accounts::derive(
        &arguments.mnemonic,
        &arguments.derivation_path,
        arguments.accounts,
    )?;
    let temporary = match arguments.datadir {
        Some(_) => None,
        None => Some(tempfile::tempdir().wrap_err("making a folder for the chain")?),
    };
    let folder = match (&arguments.datadir, &temporary) {
        (Some(folder), _) => folder,
        (None, Some(temporary)) => temporary.path(),
        (None, None) => return Err(eyre!("there is no folder")),
    };
    let metrics = metrics()?;
    let api = Arc::new(open(arguments, &accounts, folder)?);
    if let Some(path) = arguments.load_state.as_ref().or(arguments.state.as_ref())
        && (path.exists() || arguments.load_state.is_some())
    {
        load(&api, path)?;
    }
    if let Some(path) = &arguments.config_out {
        let json = banner::json(arguments, &accounts, api.node());
        fs::write(path, json.to_string()).wrap_err_with(|| path.display().to_string())?;
    }
    if let Some(time) = arguments.timestamp {
        api.node().set_time(time);
    }
    api.set_interval(block_time(arguments.block_time)?);
    let host = arguments.host.first().copied();
    let config = ServerConfig {
        address: SocketAddr::new(
            host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            arguments.port,
        ),
        hosts: vec!["*".to_owned()],
        origins: match arguments.no_cors {
            true => Vec::new(),
            false => vec![arguments.allow_origin.clone()],
        },
        metrics: Some(metrics),
        ..ServerConfig::default()
    };
    serve(&api, config, |address| {
        let mut out = io::stdout().lock();
        if !arguments.quiet {
            banner::print(&mut out, arguments, &accounts, api.node())?;
        }
        writeln!(out, "Listening on {address}")?;
        out.flush()
    })?;
    if let Some(path) = arguments.dump_state.as_ref().or(arguments.state.as_ref()) {
        dump(&api, path)?;
    }
    Ok(Outcome::Verified)
}

fn open(arguments: &DevArguments, accounts: &[Account], folder: &Path) -> eyre::Result<Api> {
    let genesis = match State::is_at(folder) {
        true => kept_genesis(folder)?,
        false => begin(arguments, accounts, folder)?,
    };
    let mut config = NodeConfig {
        pool: PoolConfig {
            order: match arguments.order {
                Ordering::Fees => Order::Fees,
                Ordering::Fifo => Order::Arrival,
            },
            ..PoolConfig::default()
        },
        beneficiary: NOBODY,
        gas_limit: Some(arguments.gas_limit),
        exact_gas_limit: true,
        contracts_may_send: true,
        ..NodeConfig::default()
    };
    config.state.history = History::Archive;
    config.state.threads = arguments.threads.max(1);
    let progress = Progress::new();
    let node = Node::open(folder, genesis, config, &|step| progress.step(step));
    progress.finish();
    let node = node.wrap_err_with(|| format!("opening {}", folder.display()))?;
    let mut wallet = Wallet::default();
    for account in accounts {
        wallet.add(&account.key);
    }
    wallet.impersonate_all(arguments.auto_impersonate);
    let config = ApiConfig {
        // Tools that look for anvil look for this.
        client_version: format!("anvil/v1.5.0 (parallax {})", env!("CARGO_PKG_VERSION")),
        is_development: true,
        mines_at_once: !arguments.no_mining
            && (arguments.block_time.is_none() || arguments.mixed_mining),
        ..ApiConfig::default()
    };
    Ok(Api::new(Arc::new(node), config, wallet))
}

/// The genesis of a chain that begins, of which a copy is kept.
fn begin(arguments: &DevArguments, accounts: &[Account], folder: &Path) -> eyre::Result<Genesis> {
    let json = match &arguments.init {
        Some(path) => genesis::with_accounts(&read_genesis(path)?.0, arguments, accounts)?,
        None => genesis::new(arguments, accounts),
    };
    let json = json.to_string().into_bytes();
    let genesis = Genesis::read(&json)?;
    fs::create_dir_all(folder).wrap_err_with(|| folder.display().to_string())?;
    keep_genesis(folder, &json)?;
    Ok(genesis)
}

/// Begins with the accounts of a file: JSON, or its hexadecimal digits.
fn load(api: &Api, path: &Path) -> eyre::Result<()> {
    let bytes = fs::read(path).wrap_err_with(|| format!("reading {}", path.display()))?;
    let digits = match bytes.starts_with(b"0x") {
        true => String::from_utf8(bytes)?.trim().to_owned(),
        false => hex::encode_prefixed(bytes),
    };
    let request =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"anvil_loadState","params":["{digits}"]}}"#);
    call(api, &request).wrap_err_with(|| path.display().to_string())?;
    Ok(())
}

fn dump(api: &Api, path: &Path) -> eyre::Result<()> {
    let result = call(
        api,
        r#"{"jsonrpc":"2.0","id":1,"method":"anvil_dumpState"}"#,
    )?;
    let json = hex::decode(result.as_str().unwrap_or_default())?;
    fs::write(path, json).wrap_err_with(|| format!("writing {}", path.display()))
}

/// Calls a method as a client would.
fn call(api: &Api, request: &str) -> eyre::Result<serde_json::Value> {
    let Handled::Answer(answer) = api.handle(request) else {
        return Err(eyre!("there was no answer"));
    };
    let mut answer: serde_json::Value = serde_json::from_str(&answer)?;
    match answer.get("error") {
        Some(error) => Err(eyre!("{}", error["message"].as_str().unwrap_or_default())),
        None => Ok(answer["result"].take()),
    }
}
