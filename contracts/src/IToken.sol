// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The part of ERC-20 (EIP-20) that our contracts call
interface IToken {
    function balanceOf(address owner) external view returns (uint256);
    function approve(address spender, uint256 value) external returns (bool);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

error TransferFailed();

/// @dev Moves tokens of the contract that executes; a refusal reverts.
function push(IToken token, address to, uint256 value) {
    if (!token.transfer(to, value)) revert TransferFailed();
}

/// @dev Moves tokens that their owner has approved; a refusal reverts.
function pull(IToken token, address from, address to, uint256 value) {
    if (!token.transferFrom(from, to, value)) revert TransferFailed();
}
