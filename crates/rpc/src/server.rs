//! The methods over HTTP and WebSocket, on one port.

mod http;
mod socket;

use crate::api::Api;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::Semaphore};

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen; port 0: any that is free.
    pub address: SocketAddr,
    /// Names by which browsers may call it, besides addresses and `localhost`. `*`: all.
    pub hosts: Vec<String>,
    /// Pages that may call it; `*`: all.
    pub origins: Vec<String>,
    /// Bytes that a request may have. 16 MiB.
    pub body_bytes: usize,
    /// Requests that are worked on at once; others wait. 128.
    pub requests: usize,
    /// WebSockets that may be open. 1,024.
    pub sockets: usize,
    /// Subscriptions that one of them may have. 64.
    pub subscriptions: usize,
    /// What `GET /metrics` says; without it there is no such thing.
    pub metrics: Option<Metrics>,
}

/// The numbers for operators, as text.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn() -> String + Send + Sync>);

impl Metrics {
    /// By somebody who knows them.
    #[must_use]
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }

    pub(crate) fn render(&self) -> String {
        (self.0)()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8545)),
            hosts: Vec::new(),
            origins: Vec::new(),
            body_bytes: 16 << 20,
            requests: 128,
            sockets: 1024,
            subscriptions: 64,
            metrics: None,
        }
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The port cannot be had.
    #[error("listening on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// It had to stop.
    #[error("serving: {0}")]
    Serve(io::Error),
}

/// A server that listens already.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) api: Arc<Api>,
    pub(crate) config: ServerConfig,
    /// One for each request that may be worked on.
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) sockets: Arc<Semaphore>,
}

impl Server {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the port cannot be had.
    pub async fn listen(api: Arc<Api>, config: ServerConfig) -> Result<Self, ServerError> {
        let address = config.address;
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| ServerError::Listen { address, source })?;
        let shared = Arc::new(Shared {
            requests: Arc::new(Semaphore::new(config.requests)),
            sockets: Arc::new(Semaphore::new(config.sockets)),
            api,
            config,
        });
        Ok(Self { listener, shared })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `end`, and ends what has begun.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn serve(
        self,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let limit = self.shared.config.body_bytes;
        let app = Router::new()
            .route("/", post(http::post).get(http::get).options(http::options))
            .route("/transactions", post(http::transactions))
            .route("/health", get(http::health))
            .route("/ready", get(http::health))
            .route("/metrics", get(http::metrics))
            .layer(DefaultBodyLimit::max(limit))
            .with_state(self.shared);
        axum::serve(self.listener, app)
            .with_graceful_shutdown(end)
            .await
            .map_err(ServerError::Serve)
    }
}
