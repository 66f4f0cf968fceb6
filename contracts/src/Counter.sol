// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// One slot that everybody writes. Storage: slot 0 count.
contract Counter {
    uint256 public count;

    event Counted(address indexed by, uint256 count);

    function increment() external returns (uint256 now_) {
        now_ = count + 1;
        count = now_;
        emit Counted(msg.sender, now_);
    }

    /// Increments only if the counter stands where the sender believes.
    function incrementFrom(uint256 expected) external {
        require(count == expected, "moved");
        count = expected + 1;
    }
}
