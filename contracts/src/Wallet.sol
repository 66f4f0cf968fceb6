// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// Moves value in awkward ways. Storage: slot 0 seen, slot 1 tipped.
contract Wallet {
    uint256 public seen;
    uint256 public tipped;

    receive() external payable {}

    /// Passes the value on.
    function forward(address payable to) external payable {
        _send(to, msg.value);
    }

    /// Splits the value between two recipients.
    function split(address payable a, address payable b) external payable {
        _send(a, msg.value / 2);
        _send(b, msg.value - msg.value / 2);
    }

    /// Pays whoever builds the block.
    function tip() external payable {
        tipped += msg.value;
        _send(block.coinbase, msg.value);
    }

    /// Stores the builder's balance, which changes with every fee.
    function look() external {
        seen = block.coinbase.balance;
    }

    /// Pays and then undoes it all.
    function regret(address payable to) external payable {
        tipped += msg.value;
        _send(to, msg.value);
        revert("regret");
    }

    /// Pays in an inner frame that reverts; the outer one goes on.
    function half(address payable to) external payable {
        try this.regret{value: msg.value}(to) {} catch {}
        seen = to.balance;
    }

    /// Empties this wallet.
    function sweep(address payable to) external {
        _send(to, address(this).balance);
    }

    function _send(address to, uint256 value) private {
        (bool ok,) = to.call{value: value}("");
        require(ok, "send");
    }
}
