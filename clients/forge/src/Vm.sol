// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// The cheat codes that are used here.
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

abstract contract Cheating {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
}
