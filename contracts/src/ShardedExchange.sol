// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken, pull} from "./IToken.sol";

/// @title Holds the tokens of one shard
/// @notice An account of its own, because two swaps also meet in the balance of
/// whoever holds the tokens.
contract Vault {
    constructor(IToken token0, IToken token1) {
        token0.approve(msg.sender, type(uint256).max);
        token1.approve(msg.sender, type(uint256).max);
    }
}

/// @title A constant-product exchange of one pair in many shards, with a fee of 0.3 %
/// @notice A demonstration. In an ordinary pool all swaps write the same reserves,
/// so a block of them is a chain. Here a trader's address decides which shard the
/// trader meets; swaps in different shards share nothing, and a parallel executor
/// runs them at the same time.
///
/// The price: a swap sees the liquidity of its shard only, so it moves the price
/// more, and shards drift apart until someone uses `swapIn` to trade between them.
/// @dev Tokens must move exactly what they are told to, return true, and not reduce
/// an unlimited allowance.
contract ShardedExchange {
    struct Shard {
        address vault;
        uint112 reserve0;
        uint112 reserve1;
        uint256 totalShares;
    }

    /// Shares that nobody gets, so that one share never costs too much.
    uint256 public constant MINIMUM_SHARES = 1_000;

    IToken public immutable token0;
    IToken public immutable token1;
    uint256 public immutable shardCount;

    mapping(uint256 => Shard) public shards;
    mapping(uint256 => mapping(address => uint256)) public sharesOf;

    event Swap(
        uint256 indexed shard,
        address indexed sender,
        bool zeroForOne,
        uint256 amountIn,
        uint256 amountOut,
        address indexed to
    );
    event Added(uint256 indexed shard, address indexed provider, uint256 amount0, uint256 amount1);
    event Removed(uint256 indexed shard, address indexed provider, uint256 amount0, uint256 amount1);

    error NoShards();
    error NoShard(uint256 shard);
    error NoLiquidity();
    error TooLittle(uint256 amount, uint256 least);
    error TooMuch();

    constructor(IToken token0_, IToken token1_, uint256 shardCount_) {
        if (shardCount_ == 0) revert NoShards();
        token0 = token0_;
        token1 = token1_;
        shardCount = shardCount_;
        for (uint256 shard = 0; shard < shardCount_; ++shard) {
            shards[shard].vault = address(new Vault(token0_, token1_));
        }
    }

    /// @notice The shard that a trader's swaps happen in.
    function shardOf(address trader) public view returns (uint256) {
        return uint160(trader) % shardCount;
    }

    /// @notice What `amountIn` buys, after the fee.
    function amountOut(uint256 amountIn, uint256 reserveIn, uint256 reserveOut)
        public
        pure
        returns (uint256)
    {
        uint256 afterFee = amountIn * 997;
        return afterFee * reserveOut / (reserveIn * 1000 + afterFee);
    }

    /// @notice Swaps in the sender's own shard.
    /// @param zeroForOne Whether token0 is sold.
    /// @param amountIn How much is sold.
    /// @param least The least that must come out.
    /// @param to Who gets it.
    function swap(bool zeroForOne, uint112 amountIn, uint256 least, address to)
        external
        returns (uint256)
    {
        return _swap(shardOf(msg.sender), zeroForOne, amountIn, least, to);
    }

    /// @notice Swaps in a shard of the sender's choice, which keeps prices together.
    function swapIn(uint256 shard, bool zeroForOne, uint112 amountIn, uint256 least, address to)
        external
        returns (uint256)
    {
        return _swap(shard, zeroForOne, amountIn, least, to);
    }

    /// @notice Adds liquidity to a shard, for a share of it. The first to come sets
    /// the price; later the tokens are taken at the price of the shard.
    /// @param most0 The most of token0 that is taken.
    /// @param most1 The most of token1 that is taken.
    /// @param least The least shares that must come out.
    function addLiquidity(uint256 shard, uint112 most0, uint112 most1, uint256 least)
        external
        returns (uint256 shares)
    {
        Shard storage pool = _at(shard);
        uint256 total = pool.totalShares;
        (uint256 amount0, uint256 amount1) = (most0, most1);
        if (total == 0) {
            total = MINIMUM_SHARES;
            shares = _root(amount0 * amount1);
            if (shares <= MINIMUM_SHARES) revert NoLiquidity();
            shares -= MINIMUM_SHARES;
        } else {
            (uint256 r0, uint256 r1) = (pool.reserve0, pool.reserve1);
            (uint256 shares0, uint256 shares1) = (amount0 * total / r0, amount1 * total / r1);
            shares = shares0 < shares1 ? shares0 : shares1;
            amount0 = _divideUp(shares * r0, total);
            amount1 = _divideUp(shares * r1, total);
        }
        if (shares == 0 || shares < least) revert TooLittle(shares, least);
        pool.totalShares = total + shares;
        sharesOf[shard][msg.sender] += shares;
        _setReserves(pool, pool.reserve0 + amount0, pool.reserve1 + amount1);
        emit Added(shard, msg.sender, amount0, amount1);
        pull(token0, msg.sender, pool.vault, amount0);
        pull(token1, msg.sender, pool.vault, amount1);
    }

    /// @notice Gives shares back for the tokens that they are a share of.
    function removeLiquidity(uint256 shard, uint256 shares, uint256 least0, uint256 least1)
        external
        returns (uint256 amount0, uint256 amount1)
    {
        Shard storage pool = _at(shard);
        (uint256 r0, uint256 r1) = (pool.reserve0, pool.reserve1);
        uint256 total = pool.totalShares;
        if (total == 0) revert NoLiquidity();
        (amount0, amount1) = (shares * r0 / total, shares * r1 / total);
        if (amount0 < least0) revert TooLittle(amount0, least0);
        if (amount1 < least1) revert TooLittle(amount1, least1);
        sharesOf[shard][msg.sender] -= shares;
        pool.totalShares = total - shares;
        _setReserves(pool, r0 - amount0, r1 - amount1);
        emit Removed(shard, msg.sender, amount0, amount1);
        pull(token0, pool.vault, msg.sender, amount0);
        pull(token1, pool.vault, msg.sender, amount1);
    }

    function _swap(uint256 shard, bool zeroForOne, uint112 amountIn, uint256 least, address to)
        private
        returns (uint256 out)
    {
        Shard storage pool = _at(shard);
        (uint256 r0, uint256 r1) = (pool.reserve0, pool.reserve1);
        if (r0 == 0 || r1 == 0) revert NoLiquidity();
        out = zeroForOne ? amountOut(amountIn, r0, r1) : amountOut(amountIn, r1, r0);
        if (out == 0 || out < least) revert TooLittle(out, least);
        if (zeroForOne) _setReserves(pool, r0 + amountIn, r1 - out);
        else _setReserves(pool, r0 - out, r1 + amountIn);
        emit Swap(shard, msg.sender, zeroForOne, amountIn, out, to);
        (IToken tokenIn, IToken tokenOut) = zeroForOne ? (token0, token1) : (token1, token0);
        pull(tokenIn, msg.sender, pool.vault, amountIn);
        pull(tokenOut, pool.vault, to, out);
    }

    function _at(uint256 shard) private view returns (Shard storage) {
        if (shard >= shardCount) revert NoShard(shard);
        return shards[shard];
    }

    function _setReserves(Shard storage pool, uint256 r0, uint256 r1) private {
        if (r0 > type(uint112).max || r1 > type(uint112).max) revert TooMuch();
        (pool.reserve0, pool.reserve1) = (uint112(r0), uint112(r1));
    }

    function _divideUp(uint256 value, uint256 by) private pure returns (uint256) {
        return (value + by - 1) / by;
    }

    /// @dev The square root, rounded down (Heron's method from above).
    function _root(uint256 value) private pure returns (uint256 root) {
        if (value < 4) return value == 0 ? 0 : 1;
        root = value;
        uint256 next = value / 2 + 1;
        while (next < root) (root, next) = (next, (value / next + next) / 2);
    }
}
