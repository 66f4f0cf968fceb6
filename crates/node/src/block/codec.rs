//! What the log has of a block.
//!
//! ```text
//! header     RLP
//! body       version  total difficulty 32  senders n x 20 behind n  RLP of the body
//! receipts   RLP, a list for each: status or state root, gas used up to there, logs
//! ```

use super::{SealedBlock, Transaction};
use alloy_consensus::{BlockBody, Eip658Value, Header, Receipt};
use alloy_primitives::{Address, B256, Log, U256};
use alloy_rlp::{BufMut, Decodable, Encodable, Header as RlpHeader};
use parallax_chain::{Fork, SignedTransaction};

/// Another number if the parts look otherwise.
const VERSION: u8 = 1;

impl SealedBlock {
    /// What the list of a block has behind its header, without the list around it.
    fn put_body(&self, out: &mut dyn BufMut) {
        let transactions = list(self.transactions_length());
        transactions.encode(out);
        self.transactions
            .iter()
            .for_each(|tx| tx.signed.encode(out));
        self.ommers.encode(out);
        if let Some(withdrawals) = &self.withdrawals {
            withdrawals.encode(out);
        }
    }

    fn transactions_length(&self) -> usize {
        self.transactions.iter().map(|tx| tx.signed.length()).sum()
    }

    fn body_length(&self) -> usize {
        let transactions = self.transactions_length();
        let withdrawals = self.withdrawals.as_ref().map_or(0, Encodable::length);
        list(transactions).length() + transactions + self.ommers.length() + withdrawals
    }

    /// Its length on the network, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let payload = self.header.length() + self.body_length();
        list(payload).length() + payload
    }

    pub(crate) fn encode_body(&self) -> Vec<u8> {
        let body = self.body_length();
        let mut out = Vec::with_capacity(64 + 20 * self.transactions.len() + body);
        out.push(VERSION);
        out.extend_from_slice(&self.total_difficulty.to_be_bytes::<32>());
        let count = u32::try_from(self.transactions.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for tx in &self.transactions {
            out.extend_from_slice(tx.sender.as_slice());
        }
        list(body).encode(&mut out);
        self.put_body(&mut out);
        out
    }

    pub(crate) fn encode_receipts(&self) -> Vec<u8> {
        let payload = self.receipts.iter().map(receipt_length).sum();
        let mut out = Vec::with_capacity(payload + 9);
        list(payload).encode(&mut out);
        for receipt in &self.receipts {
            list(receipt_payload(receipt)).encode(&mut out);
            receipt.status.encode(&mut out);
            receipt.cumulative_gas_used.encode(&mut out);
            receipt.logs.encode(&mut out);
        }
        out
    }

    /// What was written; `None` if it was not written by this program.
    pub(crate) fn decode(
        header: &[u8],
        body: &[u8],
        receipts: &[u8],
        fork: impl FnOnce(&Header, U256) -> Fork,
    ) -> Option<Self> {
        let hash = alloy_primitives::keccak256(header);
        let header = Header::decode(&mut &header[..]).ok()?;
        let (version, rest) = body.split_first()?;
        let (total, rest) = rest.split_first_chunk::<32>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        let (senders, mut rest) = rest.split_at_checked(count.checked_mul(20)?)?;
        let body = BlockBody::<SignedTransaction>::decode(&mut rest).ok()?;
        if *version != VERSION || !rest.is_empty() || body.transactions.len() != count {
            return None;
        }
        let receipts = decode_receipts(receipts).ok()?;
        let total_difficulty = U256::from_be_bytes(*total);
        let parent = total_difficulty.saturating_sub(header.difficulty);
        let transactions = body.transactions.into_iter();
        let transactions = transactions.zip(senders.chunks_exact(20));
        Some(Self {
            fork: fork(&header, parent),
            header,
            hash,
            total_difficulty,
            transactions: transactions
                .map(|(signed, sender)| Transaction {
                    signed,
                    sender: Address::from_slice(sender),
                })
                .collect(),
            ommers: body.ommers,
            withdrawals: body.withdrawals,
            receipts,
        })
    }
}

fn receipt_payload(receipt: &Receipt<Log>) -> usize {
    receipt.status.length() + receipt.cumulative_gas_used.length() + receipt.logs.length()
}

fn receipt_length(receipt: &Receipt<Log>) -> usize {
    let payload = receipt_payload(receipt);
    list(payload).length() + payload
}

/// The header of a list.
const fn list(payload_length: usize) -> RlpHeader {
    RlpHeader {
        list: true,
        payload_length,
    }
}

fn decode_receipts(mut bytes: &[u8]) -> Result<Vec<Receipt<Log>>, alloy_rlp::Error> {
    let mut all = RlpHeader::decode_bytes(&mut bytes, true)?;
    let mut receipts = Vec::new();
    while !all.is_empty() {
        let mut one = RlpHeader::decode_bytes(&mut all, true)?;
        receipts.push(Receipt {
            status: Eip658Value::decode(&mut one)?,
            cumulative_gas_used: u64::decode(&mut one)?,
            logs: Vec::<Log>::decode(&mut one)?,
        });
    }
    Ok(receipts)
}

/// The hash of a header as it is in the log.
pub(crate) fn hash_of(header: &Header) -> (Vec<u8>, B256) {
    let encoded = alloy_rlp::encode(header);
    let hash = alloy_primitives::keccak256(&encoded);
    (encoded, hash)
}
