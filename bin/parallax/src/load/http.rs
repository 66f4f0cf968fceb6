//! A connection over which requests go one after the other.

use eyre::{WrapErr, ensure, eyre};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An HTTP/1.1 connection that stays open.
#[derive(Debug)]
pub(super) struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
    buffer: Vec<u8>,
}

/// The address of `http://host:port`.
pub(super) fn address(url: &str) -> eyre::Result<String> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| eyre!("{url}: it must begin with http://"))?;
    let address = rest.split('/').next().unwrap_or(rest);
    Ok(match address.contains(':') {
        true => address.to_owned(),
        false => format!("{address}:80"),
    })
}

impl Connection {
    pub(super) fn open(address: &str) -> eyre::Result<Self> {
        let stream = TcpStream::connect(address);
        let stream = stream.wrap_err_with(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            address: address.to_owned(),
            stream: BufReader::with_capacity(1 << 16, stream),
            buffer: Vec::new(),
        })
    }

    /// Sends a request and waits for the answer.
    pub(super) fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> eyre::Result<Vec<u8>> {
        self.buffer.clear();
        write!(
            self.buffer,
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        )?;
        self.buffer.extend_from_slice(body);
        self.stream.get_mut().write_all(&self.buffer)?;
        self.answer()
    }

    fn answer(&mut self) -> eyre::Result<Vec<u8>> {
        let status = self.line()?;
        let (mut length, mut is_chunked) = (None, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            match name.as_str() {
                "content-length" => length = value.parse::<usize>().ok(),
                "transfer-encoding" => is_chunked = value.eq_ignore_ascii_case("chunked"),
                _ => {}
            }
        }
        let body = match (is_chunked, length) {
            (true, _) => self.chunks()?,
            (false, length) => self.exactly(length.unwrap_or(0))?,
        };
        let is_good = status.split(' ').nth(1) == Some("200");
        ensure!(is_good, "{status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    fn line(&mut self) -> eyre::Result<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line)?;
        ensure!(read > 0, "the connection was closed");
        Ok(line.trim_end().to_owned())
    }

    fn exactly(&mut self, length: usize) -> eyre::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn chunks(&mut self) -> eyre::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(line.split(';').next().unwrap_or(""), 16)?;
            body.extend(self.exactly(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}
