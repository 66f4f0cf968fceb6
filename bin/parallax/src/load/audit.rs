//! Whether the node has what it said that it has taken.

use super::{Request, rpc::Rpc, scenario::Prepared, send::Sent, watch::Watched};
use alloy_primitives::U256;
use serde_json::json;

/// What does not add up.
pub(super) fn check(
    rpc: &mut Rpc,
    prepared: &Prepared,
    requests: &[Request],
    sent: &Sent,
    watched: &Watched,
) -> eyre::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let mut mined = vec![0_u64; prepared.senders.len()];
    let mut lost = 0;
    for (index, request) in requests.iter().enumerate() {
        mined[request.sender] += u64::from(watched.mined[index]);
        lost += u64::from(sent.taken[index] && !watched.mined[index]);
    }
    if lost > 0 {
        wrong.push(format!(
            "{lost} transactions were taken and are in no block"
        ));
    }
    let params: Vec<_> = prepared
        .senders
        .iter()
        .map(|sender| json!([sender.address, "latest"]))
        .collect();
    let nonces = rpc.many("eth_getTransactionCount", &params)?;
    for (index, nonce) in nonces.into_iter().enumerate() {
        let nonce: U256 = serde_json::from_value(nonce)?;
        let expected = prepared.nonces[index] + mined[index];
        if nonce != U256::from(expected) {
            let address = prepared.senders[index].address;
            wrong.push(format!(
                "{address} has nonce {nonce}, and {expected} is what its blocks say"
            ));
        }
    }
    Ok(wrong)
}
