// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken} from "./IToken.sol";

/// A constant-product pair with a fee of 0.3 %.
///
/// Storage: slot 0 token0, slot 1 token1, slot 2 reserve0 | reserve1 << 112 |
/// timestamp << 224, slot 3 price0Cumulative, slot 4 price1Cumulative, slot 5
/// the lock (1 when open).
contract Exchange {
    address public token0;
    address public token1;
    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private timestampLast;
    uint256 public price0Cumulative;
    uint256 public price1Cumulative;
    uint256 private unlocked = 1;

    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );
    event Sync(uint112 reserve0, uint112 reserve1);

    error Locked();
    error Overflow();
    error TooLittleOut(uint256 amountOut, uint256 minimum);
    error NoLiquidity();
    error ConstantProduct();
    error TransferFailed();

    modifier lock() {
        if (unlocked != 1) revert Locked();
        unlocked = 0;
        _;
        unlocked = 1;
    }

    constructor(address token0_, address token1_) {
        token0 = token0_;
        token1 = token1_;
    }

    function getReserves() public view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, timestampLast);
    }

    /// Takes whatever tokens the pair holds as its reserves.
    function sync() external lock {
        _update(
            IToken(token0).balanceOf(address(this)),
            IToken(token1).balanceOf(address(this)),
            reserve0,
            reserve1
        );
    }

    /// What `amountIn` buys, after the fee.
    function amountOut(uint256 amountIn, uint256 reserveIn, uint256 reserveOut)
        public
        pure
        returns (uint256)
    {
        uint256 afterFee = amountIn * 997;
        return afterFee * reserveOut / (reserveIn * 1000 + afterFee);
    }

    /// Pulls `amountIn` of token0 (or of token1) from the sender and pushes the
    /// other token to `to`.
    function swap(bool zeroForOne, uint256 amountIn, uint256 minimumOut, address to)
        external
        lock
        returns (uint256 out)
    {
        (uint112 r0, uint112 r1,) = getReserves();
        if (r0 == 0 || r1 == 0) revert NoLiquidity();
        out = zeroForOne ? amountOut(amountIn, r0, r1) : amountOut(amountIn, r1, r0);
        if (out == 0 || out < minimumOut) revert TooLittleOut(out, minimumOut);
        _exchange(zeroForOne, amountIn, out, to);
        _settle(r0, r1, zeroForOne ? amountIn : 0, zeroForOne ? 0 : amountIn);
        if (zeroForOne) emit Swap(msg.sender, amountIn, 0, 0, out, to);
        else emit Swap(msg.sender, 0, amountIn, out, 0, to);
    }

    function _exchange(bool zeroForOne, uint256 amountIn, uint256 out, address to) private {
        (address tokenIn, address tokenOut) = zeroForOne ? (token0, token1) : (token1, token0);
        if (!IToken(tokenIn).transferFrom(msg.sender, address(this), amountIn)) {
            revert TransferFailed();
        }
        if (!IToken(tokenOut).transfer(to, out)) revert TransferFailed();
    }

    /// Checks what the pair holds now against what it held before.
    function _settle(uint112 r0, uint112 r1, uint256 in0, uint256 in1) private {
        uint256 b0 = IToken(token0).balanceOf(address(this));
        uint256 b1 = IToken(token1).balanceOf(address(this));
        uint256 product = (b0 * 1000 - in0 * 3) * (b1 * 1000 - in1 * 3);
        if (product < uint256(r0) * r1 * 1000 ** 2) revert ConstantProduct();
        _update(b0, b1, r0, r1);
    }

    function _update(uint256 b0, uint256 b1, uint112 r0, uint112 r1) private {
        if (b0 > type(uint112).max || b1 > type(uint112).max) revert Overflow();
        uint32 time = uint32(block.timestamp);
        unchecked {
            // Both the timestamp and the accumulators wrap by design: only
            // differences between two readings mean anything.
            uint32 elapsed = time - timestampLast;
            if (elapsed > 0 && r0 != 0 && r1 != 0) {
                price0Cumulative += ((uint256(r1) << 112) / r0) * elapsed;
                price1Cumulative += ((uint256(r0) << 112) / r1) * elapsed;
            }
        }
        reserve0 = uint112(b0);
        reserve1 = uint112(b1);
        timestampLast = time;
        emit Sync(uint112(b0), uint112(b1));
    }
}
