// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken} from "../src/IToken.sol";
import {Token} from "../src/Token.sol";

/// What forge does for a test (its cheat codes).
interface Vm {
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function warp(uint256 timestamp) external;
    function assume(bool condition) external pure;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit() external;
}

/// The base of all tests: failed assertions revert, which forge reports.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(string what, uint256 left, uint256 right);
    error NotTrue(string what);

    function equal(uint256 left, uint256 right, string memory what) internal pure {
        if (left != right) revert NotEqual(what, left, right);
    }

    function equal(address left, address right, string memory what) internal pure {
        equal(uint160(left), uint160(right), what);
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    /// A number in a range, both ends included, from any number.
    function within(uint256 any, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + any % (high - low + 1);
    }

    function user(uint256 index) internal pure returns (address) {
        return address(uint160(0x1000 + index));
    }

    /// A token of which the test has 2^127.
    function newToken() internal returns (IToken) {
        return IToken(address(new Token(1 << 127)));
    }

    /// Gives somebody tokens, and a spender the right to take them.
    function fund(IToken token, address owner, uint256 amount, address spender) internal {
        token.transfer(owner, amount);
        vm.prank(owner);
        token.approve(spender, type(uint256).max);
    }
}
