// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

contract Counter {
    uint256 public number;

    event Counted(uint256 number);

    function set(uint256 to) external {
        number = to;
        emit Counted(to);
    }
}
