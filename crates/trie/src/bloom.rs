//! The bloom filter of logs in a header (yellow paper, 4.4.1).

use alloy_primitives::{Address, B256, Bloom, Log};
use parallax_crypto::keccak256_fixed;

/// The bloom filter of logs, hashed many at once. That of two lists of logs is the union of
/// theirs (`|`): so pieces of a block can be done as they come, and side by side.
#[must_use]
pub fn logs_bloom<'l>(logs: impl IntoIterator<Item = &'l Log>) -> Bloom {
    let (mut addresses, mut topics) = (Vec::<Address>::new(), Vec::<B256>::new());
    for log in logs {
        // Most blocks have many logs in a row of one contract.
        if addresses.last() != Some(&log.address) {
            addresses.push(log.address);
        }
        topics.extend_from_slice(log.topics());
    }
    let addresses: Vec<[u8; 20]> = addresses.into_iter().map(Address::into_array).collect();
    let topics: Vec<[u8; 32]> = topics.into_iter().map(|topic| topic.0).collect();
    let mut hashes = vec![B256::ZERO; addresses.len() + topics.len()];
    let (of_addresses, of_topics) = hashes.split_at_mut(addresses.len());
    keccak256_fixed(&addresses, of_addresses);
    keccak256_fixed(&topics, of_topics);
    let mut bloom = Bloom::ZERO;
    hashes.iter().for_each(|hash| add(&mut bloom, hash));
    bloom
}

/// Sets three of 2,048 bits: those that the first three pairs of bytes of a hash name.
fn add(bloom: &mut Bloom, hash: &B256) {
    for pair in hash[..6].chunks_exact(2) {
        let bit = usize::from(u16::from_be_bytes([pair[0], pair[1]]) & 0x7ff);
        bloom.0[255 - bit / 8] |= 1 << (bit % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, keccak256};

    fn logs(count: u64) -> Vec<Log> {
        let log = |number: u64| {
            let topics = (0..number % 5)
                .map(|topic| keccak256([number, topic].map(u64::to_be_bytes).concat()));
            let address = Address::from_word(keccak256((number / 3).to_be_bytes()));
            Log::new_unchecked(address, topics.collect(), Bytes::new())
        };
        (0..count).map(log).collect()
    }

    #[test]
    fn it_is_that_of_alloy() {
        for count in [0, 1, 2, 9, 100, 1000] {
            let logs = logs(count);
            let mut expected = Bloom::ZERO;
            logs.iter().for_each(|log| expected.accrue_log(log));
            assert_eq!(logs_bloom(&logs), expected, "{count} logs");
            let pieces = logs.chunks(7).map(logs_bloom);
            assert_eq!(pieces.fold(Bloom::ZERO, |all, piece| all | piece), expected);
        }
    }
}
