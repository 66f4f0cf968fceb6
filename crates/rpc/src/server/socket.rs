//! WebSocket: requests, and subscriptions.

use super::{Shared, http};
use crate::{
    dispatch::{Handled, Request},
    error::RpcError,
    eth::logs::for_each_matching,
    json,
    params::Params,
};
use alloy_primitives::U64;
use alloy_rpc_types_eth::Filter;
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use parallax_node::Event;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc::{self, Sender},
    },
    task::AbortHandle,
};

/// Messages that wait for a reader; a slow one falls behind and is told so.
const WAITING: usize = 1024;

pub(super) fn accept(shared: &Arc<Shared>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(permit) = Arc::clone(&shared.sockets).try_acquire_owned() else {
        let text = "there are as many connections as there may be\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let shared = Arc::clone(shared);
    upgrade
        .max_message_size(shared.config.body_bytes)
        .on_upgrade(async move |socket| {
            serve(shared, socket).await;
            drop(permit);
        })
}

async fn serve(shared: Arc<Shared>, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let (sender, mut waiting) = mpsc::channel::<Message>(WAITING);
    let writer = tokio::spawn(async move {
        while let Some(message) = waiting.recv().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
    });
    let subscriptions = Arc::new(Subscriptions::default());
    while let Some(Ok(message)) = stream.next().await {
        let text = match message {
            Message::Text(text) => text.to_string(),
            Message::Binary(bytes) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => text,
                Err(_) => break,
            },
            Message::Ping(bytes) => {
                let _ = sender.send(Message::Pong(bytes)).await;
                continue;
            }
            Message::Pong(_) => continue,
            Message::Close(_) => break,
        };
        let answer = match is_about_subscriptions(&text) {
            true => subscribe(&shared, &subscriptions, &sender, text).await,
            false => http::handle(&shared, text).await,
        };
        if let Handled::Answer(text) = answer
            && sender.send(Message::Text(text.into())).await.is_err()
        {
            break;
        }
    }
    subscriptions.end();
    drop(sender);
    writer.abort();
}

fn is_about_subscriptions(text: &str) -> bool {
    text.contains("eth_subscribe") || text.contains("eth_unsubscribe")
}

/// The subscriptions of a connection.
#[derive(Debug, Default)]
struct Subscriptions {
    last: AtomicU64,
    running: Mutex<HashMap<u64, AbortHandle>>,
}

impl Subscriptions {
    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.running().drain().for_each(|(_, task)| task.abort());
    }
}

/// What somebody wants to be told.
#[derive(Debug)]
enum Topic {
    Heads,
    Logs(Box<Filter>),
    Transactions { is_full: bool },
    Syncing,
}

async fn subscribe(
    shared: &Arc<Shared>,
    subscriptions: &Arc<Subscriptions>,
    sender: &Sender<Message>,
    text: String,
) -> Handled {
    let (shared, subscriptions) = (Arc::clone(shared), Arc::clone(subscriptions));
    let (sender, runtime) = (sender.clone(), tokio::runtime::Handle::current());
    let work = tokio::task::spawn_blocking(move || {
        let mut own = |request: &Request<'_>| {
            let method = request.method.as_deref()?;
            match method {
                "eth_subscribe" => Some(begin(&shared, &subscriptions, &sender, &runtime, request)),
                "eth_unsubscribe" => Some(stop(&subscriptions, request)),
                _ => None,
            }
        };
        shared.api.handle_with(&text, &mut own)
    });
    work.await.unwrap_or(Handled::Nothing)
}

fn begin(
    shared: &Arc<Shared>,
    subscriptions: &Subscriptions,
    sender: &Sender<Message>,
    runtime: &tokio::runtime::Handle,
    request: &Request<'_>,
) -> Result<Value, RpcError> {
    let topic = topic(Params::read(request.params)?)?;
    let mut running = subscriptions.running();
    if running.len() >= shared.config.subscriptions {
        return Err(RpcError::limit(format!(
            "a connection may have {} subscriptions",
            shared.config.subscriptions
        )));
    }
    // Numbers that cannot be guessed are not needed: they are the connection's own.
    let id = subscriptions.last.fetch_add(1, Ordering::Relaxed) + 1;
    let events = shared.api.node().subscribe();
    let name = json!(U64::from(id));
    let task = runtime.spawn(tell(topic, events, name.clone(), sender.clone()));
    running.insert(id, task.abort_handle());
    Ok(name)
}

fn stop(subscriptions: &Subscriptions, request: &Request<'_>) -> Result<Value, RpcError> {
    let id: U64 = Params::read(request.params)?.next()?;
    let task = subscriptions.running().remove(&id.to());
    if let Some(task) = &task {
        task.abort();
    }
    Ok(json!(task.is_some()))
}

fn topic(mut params: Params<'_>) -> Result<Topic, RpcError> {
    let name: String = params.next()?;
    Ok(match name.as_str() {
        "newHeads" => Topic::Heads,
        "logs" => Topic::Logs(params.optional()?.unwrap_or_default()),
        "newPendingTransactions" => Topic::Transactions {
            is_full: params.optional()?.unwrap_or_default(),
        },
        "syncing" => Topic::Syncing,
        name => {
            return Err(RpcError::params(format!(
                "no {name:?} subscription in eth namespace"
            )));
        }
    })
}

async fn tell(topic: Topic, mut events: Receiver<Event>, id: Value, sender: Sender<Message>) {
    if matches!(topic, Topic::Syncing) {
        let _ = sender.send(notification(&id, &json!(false))).await;
    }
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "a subscriber is too slow");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        for news in topic.news(&event) {
            if sender.send(notification(&id, &news)).await.is_err() {
                return;
            }
        }
    }
}

fn notification(id: &Value, result: &Value) -> Message {
    let text = json!({
        "jsonrpc": "2.0",
        "method": "eth_subscription",
        "params": { "subscription": id, "result": result },
    });
    Message::Text(text.to_string().into())
}

impl Topic {
    fn news(&self, event: &Event) -> Vec<Value> {
        match (self, event) {
            (Self::Heads, Event::Block(block) | Event::Rewound(block)) => {
                vec![json::block::header(&block.header, block.hash)]
            }
            (Self::Logs(filter), Event::Block(block)) => {
                let mut logs = Vec::new();
                for_each_matching(block, filter, |entry, index, number| {
                    logs.push(json::log::log(entry, block, index, number, false));
                });
                logs
            }
            (Self::Transactions { is_full }, Event::Transaction(tx)) => vec![match is_full {
                true => json::transaction::waiting(&tx.signed, tx.sender),
                false => json!(tx.hash()),
            }],
            _ => Vec::new(),
        }
    }
}
