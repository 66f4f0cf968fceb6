// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Counter} from "../src/Counter.sol";

contract ForkTest {
    bool public constant IS_TEST = true;

    /// On a fork the prefunded accounts are there.
    function test_fork() external {
        require(address(0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266).balance > 0, "not a fork");
        require(block.chainid == 31337, "another chain");
        Counter counter = new Counter();
        counter.set(7);
        require(counter.number() == 7, "not counted");
    }
}
