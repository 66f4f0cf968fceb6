//! HTTP.

use super::{Shared, socket};
use crate::{
    dispatch::{Handled, failure},
    error::RpcError,
};
use axum::{
    body::Bytes,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};

/// What a browser is shown.
const PAGE: &str = include_str!("page.html");

/// A request or a batch.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refused) = admit(&shared, &headers) {
        return *refused;
    }
    let Ok(text) = String::from_utf8(body.into()) else {
        let error = RpcError::parse("the request is not UTF-8");
        return answer(&shared, &headers, failure(None, &error));
    };
    let handled = handle(&shared, text).await;
    match handled {
        Handled::Answer(text) => answer(&shared, &headers, text),
        Handled::Nothing => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Lets a thread work on it that may take its time.
pub(super) async fn handle(shared: &Arc<Shared>, text: String) -> Handled {
    let permit = Arc::clone(&shared.requests).acquire_owned().await;
    let api = Arc::clone(&shared.api);
    let work = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        api.handle(&text)
    });
    match work.await {
        Ok(handled) => handled,
        Err(error) => {
            tracing::error!(%error, "a request could not be answered");
            let error = RpcError::internal("the request could not be answered");
            Handled::Answer(failure(None, &error))
        }
    }
}

/// Many transactions without JSON around them.
pub(super) async fn transactions(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refused) = admit(&shared, &headers) {
        return *refused;
    }
    let permit = Arc::clone(&shared.requests).acquire_owned().await;
    let api = Arc::clone(&shared.api);
    let work = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        api.send_binary(&body)
    });
    match work.await {
        Ok(Ok(answers)) => {
            let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
            (kind, answers).into_response()
        }
        Ok(Err(error)) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// A page for people, or the beginning of a WebSocket.
pub(super) async fn get(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if let Err(refused) = admit(&shared, request.headers()) {
        return *refused;
    }
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &shared).await {
        Ok(upgrade) => socket::accept(&shared, upgrade),
        Err(_) => Html(PAGE).into_response(),
    }
}

/// What a browser asks before it calls from another page.
pub(super) async fn options(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow(&shared, &headers, &mut response);
    response
}

/// Whether it is alive.
pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let head = shared.api.node().head();
    let text = serde_json::json!({ "status": "ok", "block": head.number(), "hash": head.hash });
    (
        [(header::CONTENT_TYPE, "application/json")],
        text.to_string(),
    )
        .into_response()
}

/// The numbers for operators, as Prometheus reads them.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    match &shared.config.metrics {
        Some(metrics) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
            (kind, metrics.render()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(shared: &Shared, headers: &HeaderMap, text: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "application/json")], text).into_response();
    allow(shared, headers, &mut response);
    response
}

/// Tells a browser which pages may read the answer.
fn allow(shared: &Shared, headers: &HeaderMap, response: &mut Response) {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return;
    };
    let origins = &shared.config.origins;
    let is_any = origins.iter().any(|allowed| allowed == "*");
    if !is_any && !origins.iter().any(|allowed| origin == allowed.as_str()) {
        return;
    }
    let allowed = match is_any {
        true => HeaderValue::from_static("*"),
        false => origin.clone(),
    };
    let fixed: [(HeaderName, &'static str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Refuses what comes by a name that is not ours: a page somewhere may have had its own name
/// point here.
fn admit(shared: &Shared, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let Some(host) = headers.get(header::HOST) else {
        return Ok(());
    };
    let host = host.to_str().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        match port.bytes().all(|byte| byte.is_ascii_digit()) {
            true => name,
            false => host,
        }
    });
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_own = name == "localhost"
        || name.parse::<IpAddr>().is_ok()
        || shared
            .config
            .hosts
            .iter()
            .any(|own| own == "*" || own == name);
    match is_own {
        true => Ok(()),
        false => {
            let refused = (StatusCode::FORBIDDEN, format!("invalid host {name:?}\n"));
            Err(Box::new(refused.into_response()))
        }
    }
}
