//! From a text to a method and back.

mod methods;

use crate::{
    api::Api,
    error::{NO_METHOD, RpcError},
    params::Params,
};
use alloy_primitives::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::{borrow::Cow, time::Instant};

/// Requests that a batch may have.
pub const MOST_IN_BATCH: usize = 10_000;

/// An answer, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// What to send.
    Answer(String),
    /// Nobody waits for an answer.
    Nothing,
}

/// A request of JSON-RPC 2.0.
#[derive(Debug, Deserialize)]
pub(crate) struct Request<'r> {
    #[serde(borrow)]
    pub(crate) jsonrpc: Option<Cow<'r, str>>,
    #[serde(borrow)]
    pub(crate) id: Option<&'r RawValue>,
    #[serde(borrow)]
    pub(crate) method: Option<Cow<'r, str>>,
    #[serde(borrow)]
    pub(crate) params: Option<&'r RawValue>,
}

impl Api {
    /// Answers a request or a batch of requests.
    #[must_use]
    pub fn handle(&self, text: &str) -> Handled {
        self.handle_with(text, &mut |_| None)
    }

    /// As [`Api::handle`], for somebody who has methods of their own.
    pub(crate) fn handle_with(
        &self,
        text: &str,
        own: &mut dyn FnMut(&Request<'_>) -> Option<Result<Value, RpcError>>,
    ) -> Handled {
        if !text.trim_start().starts_with('[') {
            return self.handle_one(text, own);
        }
        let requests: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(requests) => requests,
            Err(error) => {
                return Handled::Answer(failure(None, &RpcError::parse(error.to_string())));
            }
        };
        let wrong = match requests.len() {
            0 => Some(RpcError::request("empty batch")),
            len if len > MOST_IN_BATCH => Some(RpcError::request(format!(
                "batch too large: {len} requests, at most {MOST_IN_BATCH}"
            ))),
            _ => None,
        };
        if let Some(error) = wrong {
            return Handled::Answer(failure(None, &error));
        }
        let mut answers = Answers::default();
        let mut rest = &requests[..];
        while let Some((first, others)) = rest.split_first() {
            let sent = self.handle_transactions(rest, &mut answers);
            if sent > 0 {
                rest = &rest[sent..];
                continue;
            }
            answers.add(self.handle_one(first.get(), own));
            rest = others;
        }
        answers.end()
    }

    /// Transactions at the beginning of a batch go in together: how many there are. One
    /// alone is a request like others.
    fn handle_transactions(&self, requests: &[&RawValue], answers: &mut Answers) -> usize {
        let parsed = requests
            .iter()
            .map_while(|request| transaction(request.get()));
        let (ids, raw): (Vec<_>, Vec<_>) = parsed.unzip();
        if raw.len() < 2 {
            return 0;
        }
        for (id, result) in ids.into_iter().zip(self.send_all(&raw)) {
            answers.add(Handled::Answer(match result {
                Ok(hash) => success(Some(id), &json!(hash)),
                Err(error) => failure(Some(id), &error),
            }));
        }
        raw.len()
    }

    fn handle_one(
        &self,
        text: &str,
        own: &mut dyn FnMut(&Request<'_>) -> Option<Result<Value, RpcError>>,
    ) -> Handled {
        let request: Request<'_> = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) if error.is_data() => {
                return Handled::Answer(failure(None, &RpcError::request(error.to_string())));
            }
            Err(error) => {
                return Handled::Answer(failure(None, &RpcError::parse(error.to_string())));
            }
        };
        let result = match own(&request) {
            Some(result) => result,
            None => self.call_method(&request),
        };
        if request.id.is_none() && request.method.is_some() {
            return Handled::Nothing;
        }
        Handled::Answer(match result {
            Ok(result) => success(request.id, &result),
            Err(error) => failure(request.id, &error),
        })
    }

    fn call_method(&self, request: &Request<'_>) -> Result<Value, RpcError> {
        if request
            .jsonrpc
            .as_deref()
            .is_some_and(|version| version != "2.0")
        {
            return Err(RpcError::request("jsonrpc must be \"2.0\""));
        }
        let Some(method) = &request.method else {
            return Err(RpcError::request("there is no method"));
        };
        let begun = Instant::now();
        let result = Params::read(request.params).and_then(|params| self.method(method, params));
        let outcome = match &result {
            Ok(_) => "ok",
            // Names that somebody made up would never end.
            Err(error) if error.code == NO_METHOD => return result,
            Err(_) => "error",
        };
        let labels = [
            ("method", method.to_string()),
            ("outcome", outcome.to_owned()),
        ];
        metrics::histogram!("parallax_rpc_seconds", &labels).record(begun.elapsed().as_secs_f64());
        result
    }
}

/// The id and the transaction of an `eth_sendRawTransaction`, if that is what it is.
fn transaction(text: &str) -> Option<(&RawValue, Bytes)> {
    let request: Request<'_> = serde_json::from_str(text).ok()?;
    if request.method.as_deref() != Some("eth_sendRawTransaction")
        || request.jsonrpc.as_deref() != Some("2.0")
    {
        return None;
    }
    let mut params = Params::read(request.params).ok()?;
    Some((request.id?, params.next().ok()?))
}

/// The answers to a batch.
#[derive(Debug, Default)]
struct Answers(String);

impl Answers {
    fn add(&mut self, handled: Handled) {
        if let Handled::Answer(answer) = handled {
            self.0.push(if self.0.is_empty() { '[' } else { ',' });
            self.0.push_str(&answer);
        }
    }

    fn end(mut self) -> Handled {
        if self.0.is_empty() {
            return Handled::Nothing;
        }
        self.0.push(']');
        Handled::Answer(self.0)
    }
}

fn id(id: Option<&RawValue>) -> &str {
    id.map_or("null", RawValue::get)
}

fn success(to: Option<&RawValue>, result: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id(to))
}

pub(crate) fn failure(to: Option<&RawValue>, error: &RpcError) -> String {
    let error = json!(error.to_json());
    format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id(to))
}
