//! Parameters of a request.

use crate::error::RpcError;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

/// The parameters of a request, by position.
#[derive(Debug, Default)]
pub(crate) struct Params<'p> {
    values: Vec<&'p RawValue>,
    next: usize,
}

impl<'p> Params<'p> {
    /// Reads a list; nothing is an empty one.
    pub(crate) fn read(params: Option<&'p RawValue>) -> Result<Self, RpcError> {
        let Some(params) = params.filter(|params| params.get() != "null") else {
            return Ok(Self::default());
        };
        let values =
            serde_json::from_str(params.get()).map_err(|_| RpcError::params("non-array args"))?;
        Ok(Self { values, next: 0 })
    }

    fn take(&mut self) -> Option<&'p RawValue> {
        let value = self.values.get(self.next).copied();
        self.next += 1;
        value.filter(|value| value.get() != "null")
    }

    /// The next one, which must be there.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<T, RpcError> {
        let index = self.next;
        match self.optional()? {
            Some(value) => Ok(value),
            None => Err(RpcError::params(format!(
                "missing value for required argument {index}"
            ))),
        }
    }

    /// The next one, if it is there.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RpcError> {
        let index = self.next;
        let Some(value) = self.take() else {
            return Ok(None);
        };
        let read = serde_json::from_str(value.get());
        read.map_err(|error| RpcError::params(format!("invalid argument {index}: {error}")))
    }

    /// The next one as it is.
    pub(crate) fn value(&mut self) -> Result<Option<Value>, RpcError> {
        self.optional()
    }
}
