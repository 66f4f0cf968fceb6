// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Counter} from "../src/Counter.sol";
import {Cheating} from "../src/Vm.sol";

contract Deploy is Cheating {
    bool public constant IS_SCRIPT = true;

    function run() external {
        vm.startBroadcast();
        Counter counter = new Counter();
        counter.set(42);
        vm.stopBroadcast();
    }
}
