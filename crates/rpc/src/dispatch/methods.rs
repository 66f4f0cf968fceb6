//! Which method has which name.

use crate::{api::Api, error::RpcError, params::Params};
use serde_json::{Value, json};

impl Api {
    /// Calls the method of a name.
    pub(crate) fn method(&self, name: &str, params: Params<'_>) -> Result<Value, RpcError> {
        match name.split_once('_') {
            Some(("eth", _)) => self.eth(name, params),
            Some(("debug" | "txpool" | "testing", _)) => self.debug(name, params),
            Some(("anvil" | "hardhat" | "evm", _)) if self.config.is_development => {
                self.develop(name, params)
            }
            _ => self.other(name, params),
        }
    }

    fn other(&self, name: &str, params: Params<'_>) -> Result<Value, RpcError> {
        match name {
            "net_version" => Ok(json!(self.node.schedule().chain_id().to_string())),
            "net_listening" => Ok(json!(true)),
            "net_peerCount" => Ok(json!("0x0")),
            "web3_clientVersion" => Ok(json!(self.config.client_version)),
            "web3_sha3" => self.sha3(params),
            "rpc_modules" => Ok(json!({
                "debug": "1.0", "eth": "1.0", "net": "1.0", "txpool": "1.0", "web3": "1.0",
            })),
            "parallax_sendRawTransactions" => self.send_raw_many(params),
            "personal_sign" => self.sign(params, true),
            name => Err(RpcError::method(name)),
        }
    }

    fn debug(&self, name: &str, params: Params<'_>) -> Result<Value, RpcError> {
        match name {
            "debug_getRawBlock" => self.raw_block(params),
            "debug_getRawHeader" => self.raw_header(params),
            "debug_getRawReceipts" => self.raw_receipts(params),
            "debug_getRawTransaction" => self.raw_transaction(params),
            "debug_getBadBlocks" => Ok(Self::bad_blocks()),
            "debug_traceTransaction" => self.trace_transaction(params),
            "debug_traceBlock" => self.trace_raw_block(params),
            "debug_traceBlockByHash" => self.trace_block_by_hash(params),
            "debug_traceBlockByNumber" => self.trace_block_by_number(params),
            "debug_traceCall" => self.trace_call(params),
            "debug_setHead" if self.config.is_development => self.set_head(params),
            "txpool_status" => Ok(self.pool_status()),
            "txpool_content" => Ok(self.pool_content()),
            "txpool_contentFrom" => self.pool_content_from(params),
            "txpool_inspect" => Ok(self.pool_inspect()),
            "testing_buildBlockV1" => self.build_block(params),
            name => Err(RpcError::method(name)),
        }
    }

    fn eth(&self, name: &str, params: Params<'_>) -> Result<Value, RpcError> {
        match name {
            "eth_accounts" => Ok(self.accounts()),
            "eth_baseFee" => Ok(self.base_fee()),
            "eth_blobBaseFee" => Ok(self.blob_base_fee()),
            "eth_blockNumber" => Ok(self.block_number()),
            "eth_call" => self.call(params),
            "eth_capabilities" => Ok(self.capabilities()),
            "eth_chainId" => Ok(self.chain_id()),
            "eth_coinbase" => Ok(json!(self.node.beneficiary())),
            "eth_config" => self.config(),
            "eth_createAccessList" => self.create_access_list(params),
            "eth_estimateGas" => self.estimate_gas(params),
            "eth_feeHistory" => self.fee_history(params),
            "eth_fillTransaction" => self.fill_transaction(params),
            "eth_gasPrice" => self.gas_price(),
            "eth_getAccount" => self.account(params),
            "eth_getAccountInfo" => self.account_info(params),
            "eth_getBalance" => self.balance(params),
            "eth_getBlockByHash" => self.block_by_hash(params),
            "eth_getBlockByNumber" => self.block_by_number(params),
            "eth_getBlockReceipts" => self.block_receipts(params),
            "eth_getBlockTransactionCountByHash" => self.count_by_hash(params),
            "eth_getBlockTransactionCountByNumber" => self.count_by_number(params),
            "eth_getCode" => self.code(params),
            "eth_getFilterChanges" => self.filter_changes(params),
            "eth_getFilterLogs" => self.filter_logs(params),
            "eth_getHeaderByHash" => self.header_by_hash(params),
            "eth_getHeaderByNumber" => self.header_by_number(params),
            "eth_getLogs" => self.logs(params),
            "eth_getProof" => self.proof(params),
            "eth_getRawTransactionByHash" => self.raw_transaction(params),
            "eth_getStorageAt" => self.storage_at(params),
            "eth_getStorageValues" => self.storage_values(params),
            "eth_getTransactionByBlockHashAndIndex" => self.transaction_in_hash(params),
            "eth_getTransactionByBlockNumberAndIndex" => self.transaction_in_number(params),
            "eth_getTransactionByHash" => self.transaction_by_hash(params),
            "eth_getTransactionBySenderAndNonce" => self.transaction_by_nonce(params),
            "eth_getTransactionCount" => self.transaction_count(params),
            "eth_getTransactionReceipt" => self.transaction_receipt(params),
            "eth_getUncleByBlockHashAndIndex" => self.uncle_by_hash(params),
            "eth_getUncleByBlockNumberAndIndex" => self.uncle_by_number(params),
            "eth_getUncleCountByBlockHash" => self.uncles_by_hash(params),
            "eth_getUncleCountByBlockNumber" => self.uncles_by_number(params),
            "eth_maxPriorityFeePerGas" => self.tip(),
            "eth_mining" => Ok(json!(false)),
            "eth_hashrate" => Ok(json!("0x0")),
            "eth_newBlockFilter" => self.new_block_filter(),
            "eth_newFilter" => self.new_filter(params),
            "eth_newPendingTransactionFilter" => self.new_transaction_filter(),
            "eth_protocolVersion" => Ok(json!("0x44")),
            "eth_sendRawTransaction" => self.send_raw(params),
            "eth_sendRawTransactionSync" => self.send_raw_sync(params),
            "eth_sendTransaction" => self.send(params),
            "eth_sign" => self.sign(params, false),
            "eth_signTransaction" => self.sign_transaction(params),
            "eth_simulateV1" => self.simulate(params),
            "eth_syncing" => Ok(json!(false)),
            "eth_uninstallFilter" => self.uninstall_filter(params),
            name => Err(RpcError::method(name)),
        }
    }
}
