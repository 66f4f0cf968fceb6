//! Ethereum mainnet's forks: from a header to the rules that its block obeys.

use alloy_consensus::Header;
use alloy_eips::eip7840::BlobParams;
use alloy_evm::EvmEnv;
use alloy_hardforks::{
    EthereumChainHardforks, EthereumHardforks,
    mainnet::{MAINNET_BPO1_TIMESTAMP, MAINNET_BPO2_TIMESTAMP, MAINNET_DAO_BLOCK},
};
use revm::{
    context::{BlockEnv, CfgEnv},
    primitives::hardfork::SpecId,
};

/// Chain id of mainnet.
pub(crate) const MAINNET: u64 = 1;

/// Rules and block environment of a mainnet block.
pub(crate) fn environment(header: &Header) -> (CfgEnv, BlockEnv) {
    let forks = EthereumChainHardforks::mainnet();
    let blobs = blob_params(&forks, header.timestamp);
    let EvmEnv {
        mut cfg_env,
        block_env,
        ..
    } = EvmEnv::for_eth_block(header, forks, MAINNET, blobs);
    if let Some(update_fraction) = blobs.and_then(|params| params.update_fraction.try_into().ok()) {
        cfg_env.blob_base_fee_update_fraction = Some(update_fraction);
    }
    (cfg_env, block_env)
}

/// Blob parameters at a time
/// ([EIP-7840](https://eips.ethereum.org/EIPS/eip-7840)); the forks that change
/// nothing else ([EIP-7892](https://eips.ethereum.org/EIPS/eip-7892)) have no
/// [`SpecId`].
fn blob_params(forks: &EthereumChainHardforks, timestamp: u64) -> Option<BlobParams> {
    if timestamp >= MAINNET_BPO2_TIMESTAMP {
        Some(BlobParams::bpo2())
    } else if timestamp >= MAINNET_BPO1_TIMESTAMP {
        Some(BlobParams::bpo1())
    } else if forks.is_osaka_active_at_timestamp(timestamp) {
        Some(BlobParams::osaka())
    } else if forks.is_prague_active_at_timestamp(timestamp) {
        Some(BlobParams::prague())
    } else if forks.is_cancun_active_at_timestamp(timestamp) {
        Some(BlobParams::cancun())
    } else {
        None
    }
}

/// Block subsidy in wei: 5, then 3
/// ([EIP-649](https://eips.ethereum.org/EIPS/eip-649)), then 2 ether
/// ([EIP-1234](https://eips.ethereum.org/EIPS/eip-1234)), none after the merge.
pub(crate) fn block_reward(spec: SpecId) -> Option<u128> {
    const ETHER: u128 = 1_000_000_000_000_000_000;
    if spec.is_enabled_in(SpecId::MERGE) {
        None
    } else if spec.is_enabled_in(SpecId::PETERSBURG) {
        Some(2 * ETHER)
    } else if spec.is_enabled_in(SpecId::BYZANTIUM) {
        Some(3 * ETHER)
    } else {
        Some(5 * ETHER)
    }
}

/// Whether this block moves the funds of the DAO
/// ([EIP-779](https://eips.ethereum.org/EIPS/eip-779)).
pub(crate) fn is_dao_fork(number: u64) -> bool {
    number == MAINNET_DAO_BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(number: u64, timestamp: u64) -> Header {
        Header {
            number,
            timestamp,
            excess_blob_gas: (timestamp >= 1_710_338_135).then_some(40_000_000),
            ..Default::default()
        }
    }

    #[test]
    fn forks_start_at_their_block_or_time() {
        let cases = [
            (1_149_999, 0, SpecId::FRONTIER, Some(5)),
            (1_150_000, 0, SpecId::HOMESTEAD, Some(5)),
            (2_462_999, 0, SpecId::HOMESTEAD, Some(5)),
            (2_463_000, 0, SpecId::TANGERINE, Some(5)),
            (2_675_000, 0, SpecId::SPURIOUS_DRAGON, Some(5)),
            (4_369_999, 0, SpecId::SPURIOUS_DRAGON, Some(5)),
            (4_370_000, 0, SpecId::BYZANTIUM, Some(3)),
            (7_279_999, 0, SpecId::BYZANTIUM, Some(3)),
            (7_280_000, 0, SpecId::PETERSBURG, Some(2)),
            (9_069_000, 0, SpecId::ISTANBUL, Some(2)),
            (9_200_000, 0, SpecId::ISTANBUL, Some(2)),
            (12_244_000, 0, SpecId::BERLIN, Some(2)),
            (12_965_000, 0, SpecId::LONDON, Some(2)),
            (15_050_000, 0, SpecId::LONDON, Some(2)),
            (15_537_393, 0, SpecId::LONDON, Some(2)),
            (15_537_394, 0, SpecId::MERGE, None),
            (17_034_869, 1_681_338_443, SpecId::MERGE, None),
            (17_034_870, 1_681_338_455, SpecId::SHANGHAI, None),
            (19_426_587, 1_710_338_135, SpecId::CANCUN, None),
            (22_431_084, 1_746_612_311, SpecId::PRAGUE, None),
            (23_935_694, 1_764_798_551, SpecId::OSAKA, None),
        ];
        for (number, timestamp, spec, ether) in cases {
            let (cfg, env) = environment(&header(number, timestamp));
            assert_eq!(cfg.spec, spec, "block {number}");
            assert_eq!(env.prevrandao.is_some(), spec >= SpecId::MERGE);
            let reward = block_reward(spec).map(|wei| wei / 1_000_000_000_000_000_000);
            assert_eq!(reward, ether, "block {number}");
        }
    }

    #[test]
    fn blob_parameters_change_between_forks() {
        let fraction = |timestamp| {
            let (cfg, env) = environment(&header(24_000_000, timestamp));
            let price = env.blob_excess_gas_and_price.map(|blob| blob.blob_gasprice);
            (cfg.blob_base_fee_update_fraction, price)
        };
        assert_eq!(fraction(1_710_338_135), (Some(3_338_477), Some(159_773)));
        assert_eq!(fraction(1_746_612_311).0, Some(5_007_716));
        assert_eq!(fraction(1_764_798_551).0, Some(5_007_716));
        assert_eq!(fraction(MAINNET_BPO1_TIMESTAMP).0, Some(8_346_193));
        assert_eq!(fraction(MAINNET_BPO2_TIMESTAMP).0, Some(11_684_671));
        assert_eq!(fraction(0), (None, None));
    }

    #[test]
    fn the_dao_fork_is_one_block() {
        assert!(is_dao_fork(1_920_000));
        assert!(!is_dao_fork(1_920_001));
    }
}
