//! Serving a chain: `parallax node`, and what `parallax dev` shares with it.

use crate::{
    Outcome,
    chain::{kept_genesis, open},
    cli::NodeArguments,
};
use eyre::{WrapErr, ensure};
use metrics_exporter_prometheus::PrometheusBuilder;
use parallax_node::NodeConfig;
use parallax_rpc::{Api, ApiConfig, Metrics, Server, ServerConfig, Wallet};
use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

/// Runs `parallax node`.
pub(crate) fn run(arguments: &NodeArguments) -> eyre::Result<Outcome> {
    ensure!(
        arguments.extra_data.len() <= 32,
        "--extra-data has {} bytes, and may have 32",
        arguments.extra_data.len()
    );
    let metrics = metrics()?;
    let genesis = kept_genesis(&arguments.data.datadir)?;
    let mut config = NodeConfig {
        beneficiary: arguments.beneficiary,
        extra_data: arguments.extra_data.clone(),
        gas_limit: Some(arguments.gas_limit),
        ..NodeConfig::default()
    };
    config.state.threads = arguments.threads.max(1);
    let node = Arc::new(open(&arguments.data, genesis, config)?);
    let api = Arc::new(Api::new(node, ApiConfig::default(), Wallet::default()));
    api.set_interval(block_time(arguments.block_time)?);
    let http = ServerConfig {
        address: SocketAddr::new(arguments.http.address, arguments.http.port),
        hosts: arguments.http.hosts.clone(),
        origins: arguments.http.origins.clone(),
        metrics: Some(metrics),
        ..ServerConfig::default()
    };
    serve(&api, http, |address| {
        writeln!(io::stdout(), "Listening on {address}")
    })?;
    Ok(Outcome::Verified)
}

/// The time between blocks that is asked for.
pub(crate) fn block_time(seconds: Option<f64>) -> eyre::Result<Option<Duration>> {
    let Some(seconds) = seconds else {
        return Ok(None);
    };
    let interval = Duration::try_from_secs_f64(seconds);
    let interval = interval.wrap_err("--block-time")?;
    ensure!(!interval.is_zero(), "--block-time must not be zero");
    Ok(Some(interval))
}

/// Serves until somebody says that it is enough; what has come in is durable then.
pub(crate) fn serve(
    api: &Arc<Api>,
    config: ServerConfig,
    listening: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> eyre::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("rpc")
        .build()
        .wrap_err("starting threads")?;
    let miner = api.start_miner().wrap_err("starting a thread")?;
    let served = runtime.block_on(async {
        let server = Server::listen(Arc::clone(api), config).await?;
        let end = end()?;
        listening(server.address()?)?;
        server.serve(end).await?;
        eyre::Ok(())
    });
    api.stop_miner();
    if miner.join().is_err() {
        tracing::error!("the thread that makes blocks has panicked");
    }
    runtime.shutdown_timeout(Duration::from_secs(5));
    served?;
    api.node().checkpoint()?;
    Ok(())
}

/// Begins to count; what `GET /metrics` says.
pub(crate) fn metrics() -> eyre::Result<Metrics> {
    let seconds = [
        0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0,
    ];
    let recorder = PrometheusBuilder::new().set_buckets(&seconds)?;
    let handle = recorder.install_recorder()?;
    Ok(Metrics::new(move || {
        handle.run_upkeep();
        handle.render()
    }))
}

/// Ready once SIGTERM or SIGINT has come.
fn end() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}
