// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// Looks at other accounts and writes down what it sees. Also fit to be the
/// delegate of an account (EIP-7702), then in that account's storage.
/// Storage: slot 0 balances, slot 1 hashes, slot 2 sizes, slot 3 own, slot 4
/// visits.
contract Prober {
    mapping(address => uint256) public balances;
    mapping(address => bytes32) public hashes;
    mapping(address => uint256) public sizes;
    uint256 public own;
    uint256 public visits;

    receive() external payable {}

    /// BALANCE, EXTCODEHASH and EXTCODESIZE of each account.
    function probe(address[] calldata accounts) external {
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            balances[account] = account.balance;
            hashes[account] = account.codehash;
            sizes[account] = account.code.length;
        }
    }

    /// SELFBALANCE.
    function self() external payable {
        own = address(this).balance;
    }

    /// Calls an account with value, whether it has code or not.
    function poke(address payable to, uint256 value) external payable returns (bool ok) {
        (ok,) = to.call{value: value}("");
        visits += 1;
    }

    /// Counts visits; in the storage of whoever delegates to this code.
    function visit() external payable {
        visits += 1;
    }
}
