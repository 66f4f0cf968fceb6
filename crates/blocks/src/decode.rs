//! From the JSON of a recorded block to what the engine takes.

use crate::{
    codes::Codes,
    error::BlockFileError,
    file::{BlockFile, Gap},
    fork,
    json::{self, FORMAT, RawAccount, RawBlock, RawWithdrawal},
    state::{Account, ParentState},
    witness::Witness,
};
use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, EthereumTxEnvelope, Header, TxEip4844,
    proofs::calculate_withdrawals_root, transaction::SignerRecoverable,
};
use alloy_eips::{
    eip2718::Decodable2718, eip4895::Withdrawal, eip6110::MAINNET_DEPOSIT_CONTRACT_ADDRESS,
};
use alloy_evm::FromRecoveredTx;
use alloy_primitives::{
    Address, B256, Bytes,
    map::{AddressMap, B256Map},
};
use alloy_trie::root::ordered_trie_root_encoded;
use parallax_engine::{Block, ProtocolChanges};
use revm::{
    context::TxEnv,
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};

/// Decodes the text of file `name`, recovering the senders.
pub(crate) fn decode(
    name: String,
    text: &[u8],
    codes: &mut Codes,
) -> Result<BlockFile, BlockFileError> {
    let mut raw: RawBlock = json::parse(&name, text)?;
    check_format(&name, &raw)?;
    let (cfg, env) = fork::environment(&raw.header);
    let spec = cfg.spec;
    let withdrawals = decode_withdrawals(&name, raw.withdrawals.take())?;
    let known = withdrawals.as_deref().unwrap_or_default();
    let gap = find_gap(&name, &raw.header, spec, known)?;
    let witness = decode_witness(&name, &mut raw)?;
    let state = decode_state(&name, &mut raw, codes)?;
    Ok(BlockFile {
        block: Block {
            cfg,
            env,
            transactions: decode_transactions(&name, &raw, spec)?,
            protocol: protocol_changes(&raw.header, spec, withdrawals.unwrap_or_default()),
            max_blob_gas: None,
        },
        name,
        state,
        transactions_root: ordered_trie_root_encoded(&raw.txs),
        witness,
        gap,
        header: raw.header,
    })
}

fn check_format(name: &str, raw: &RawBlock) -> Result<(), BlockFileError> {
    if let Some(format) = raw.format.as_deref().filter(|format| *format != FORMAT) {
        let reason = format!("`{format}` is not known, only `{FORMAT}` is");
        return Err(BlockFileError::field(name, "format", reason));
    }
    match raw.chain_id {
        Some(id) if id != fork::MAINNET => {
            let reason = format!("{id} is not Ethereum mainnet ({})", fork::MAINNET);
            Err(BlockFileError::field(name, "chainId", reason))
        }
        _ => Ok(()),
    }
}

fn decode_transactions(
    name: &str,
    raw: &RawBlock,
    spec: SpecId,
) -> Result<Vec<TxEnv>, BlockFileError> {
    if let Some(senders) = &raw.senders
        && senders.len() != raw.txs.len()
    {
        let reason = format!("{} senders for {} txs", senders.len(), raw.txs.len());
        return Err(BlockFileError::field(name, "senders", reason));
    }
    raw.txs
        .iter()
        .enumerate()
        .map(|(index, bytes)| {
            let wrong =
                |reason: String| BlockFileError::field(name, format!("txs[{index}]"), reason);
            let (transaction, sender) = decode_transaction(bytes, spec).map_err(wrong)?;
            if let Some(recorded) = raw.senders.as_ref().map(|senders| senders[index])
                && recorded != sender
            {
                let reason = format!("is {recorded}, the signature is by {sender}");
                return Err(BlockFileError::field(
                    name,
                    format!("senders[{index}]"),
                    reason,
                ));
            }
            Ok(TxEnv::from_recovered_tx(&transaction, sender))
        })
        .collect()
}

fn decode_transaction(
    bytes: &Bytes,
    spec: SpecId,
) -> Result<(EthereumTxEnvelope<TxEip4844>, Address), String> {
    let mut rest = bytes.as_ref();
    let transaction = EthereumTxEnvelope::decode_2718(&mut rest)
        .map_err(|error| format!("is no EIP-2718 transaction: {error}"))?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the transaction", rest.len()));
    }
    // Signatures with a high `s` were valid until EIP-2.
    let sender = if spec.is_enabled_in(SpecId::HOMESTEAD) {
        transaction.recover_signer()
    } else {
        transaction.recover_signer_unchecked()
    };
    match sender {
        Ok(sender) => Ok((transaction, sender)),
        Err(error) => Err(format!("has an invalid signature: {error}")),
    }
}

fn decode_withdrawals(
    name: &str,
    raw: Option<Vec<RawWithdrawal>>,
) -> Result<Option<Vec<Withdrawal>>, BlockFileError> {
    raw.map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(position, withdrawal)| withdrawal.decode(name, position))
            .collect()
    })
    .transpose()
}

fn protocol_changes(
    header: &Header,
    spec: SpecId,
    withdrawals: Vec<Withdrawal>,
) -> ProtocolChanges {
    let requests = spec.is_enabled_in(SpecId::PRAGUE);
    ProtocolChanges {
        parent_hash: Some(header.parent_hash),
        parent_beacon_block_root: header.parent_beacon_block_root,
        withdrawals,
        ommers: Vec::new(),
        block_reward: fork::block_reward(spec),
        dao_fork: fork::is_dao_fork(header.number),
        deposit_contract: requests.then_some(MAINNET_DEPOSIT_CONTRACT_ADDRESS),
        collect_requests: requests,
    }
}

/// What the file leaves out.
///
/// # Errors
/// If it has what the header excludes.
fn find_gap(
    name: &str,
    header: &Header,
    spec: SpecId,
    withdrawals: &[Withdrawal],
) -> Result<Option<Gap>, BlockFileError> {
    let given = calculate_withdrawals_root(withdrawals);
    if header.withdrawals_root.is_some_and(|root| root != given) {
        if !withdrawals.is_empty() {
            let reason = "are not those of the header's withdrawalsRoot";
            return Err(BlockFileError::field(name, "withdrawals", reason));
        }
        return Ok(Some(Gap::Withdrawals));
    }
    if header.ommers_hash != EMPTY_OMMER_ROOT_HASH {
        if spec.is_enabled_in(SpecId::MERGE) {
            let reason = "is not that of no ommers, as it must be since the merge";
            return Err(BlockFileError::field(name, "header.sha3Uncles", reason));
        }
        return Ok(Some(Gap::Ommers));
    }
    Ok(None)
}

fn decode_witness(name: &str, raw: &mut RawBlock) -> Result<Option<Witness>, BlockFileError> {
    let Some(nodes) = raw.witness.take() else {
        return Ok(None);
    };
    let root = raw.parent_state_root.ok_or_else(|| {
        BlockFileError::field(
            name,
            "parentStateRoot",
            "is missing, though there is a witness",
        )
    })?;
    Ok(Some(Witness::new(root, nodes.into_iter().collect())))
}

fn decode_state(
    name: &str,
    raw: &mut RawBlock,
    codes: &mut Codes,
) -> Result<ParentState, BlockFileError> {
    let mut used = B256Map::default();
    let mut plain = AddressMap::default();
    let mut hashed = B256Map::default();
    match (raw.pre.take(), raw.pre_hashed.take()) {
        (Some(pre), None) => {
            for (address, account) in pre {
                let info = decode_info(&account, codes, &mut used)?;
                let storage = account.storage;
                plain.insert(
                    address,
                    Account {
                        info,
                        storage,
                        ..Default::default()
                    },
                );
            }
        }
        (None, Some(pre)) => {
            for (hash, account) in pre {
                let info = decode_info(&account, codes, &mut used)?;
                let slots = account.storage.into_iter();
                let hashed_storage = slots
                    .map(|(slot, value)| (B256::from(slot), value))
                    .collect();
                hashed.insert(
                    hash,
                    Account {
                        info,
                        hashed_storage,
                        ..Default::default()
                    },
                );
            }
        }
        (None, None) => {
            return Err(BlockFileError::field(
                name,
                "pre",
                "neither it nor preHashed is there",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(BlockFileError::field(
                name,
                "pre",
                "preHashed is there as well",
            ));
        }
    }
    let block_hashes = std::mem::take(&mut raw.block_hashes);
    Ok(ParentState::new(
        raw.header.number,
        block_hashes,
        used,
        plain,
        hashed,
    ))
}

fn decode_info(
    account: &RawAccount,
    codes: &mut Codes,
    used: &mut B256Map<Bytecode>,
) -> Result<AccountInfo, BlockFileError> {
    let code_hash = account.code_hash.unwrap_or(KECCAK_EMPTY);
    if code_hash != KECCAK_EMPTY
        && let Some(code) = codes.get(code_hash)?
    {
        used.insert(code_hash, code);
    }
    Ok(AccountInfo {
        balance: account.balance,
        nonce: account.nonce,
        code_hash,
        account_id: None,
        code: None,
    })
}
