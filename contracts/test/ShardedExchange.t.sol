// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken} from "../src/IToken.sol";
import {ShardedExchange} from "../src/ShardedExchange.sol";
import {Test} from "./Test.sol";

contract ShardedExchangeTest is Test {
    uint256 private constant SHARDS = 4;
    uint112 private constant LIQUIDITY = 1e24;
    uint256 private constant FUNDS = 1e24;

    IToken private token0;
    IToken private token1;
    ShardedExchange private exchange;

    function setUp() external {
        token0 = newToken();
        token1 = newToken();
        exchange = new ShardedExchange(token0, token1, SHARDS);
        token0.approve(address(exchange), type(uint256).max);
        token1.approve(address(exchange), type(uint256).max);
        for (uint256 shard = 0; shard < SHARDS; ++shard) {
            exchange.addLiquidity(shard, LIQUIDITY, 2 * LIQUIDITY, 0);
        }
        for (uint256 index = 0; index < 8; ++index) {
            fund(token0, user(index), FUNDS, address(exchange));
            fund(token1, user(index), FUNDS, address(exchange));
        }
    }

    /// Reserves, which must be what the vault holds.
    function reserves(uint256 shard) private view returns (uint256, uint256) {
        (address vault, uint112 reserve0, uint112 reserve1,) = exchange.shards(shard);
        equal(token0.balanceOf(vault), reserve0, "vault's token0");
        equal(token1.balanceOf(vault), reserve1, "vault's token1");
        return (reserve0, reserve1);
    }

    function test_a_swap_stays_in_the_shard_of_the_trader() external {
        uint256 own = exchange.shardOf(user(1));
        vm.prank(user(1));
        uint256 out = exchange.swap(true, 1e18, 0, user(2));
        equal(out, exchange.amountOut(1e18, LIQUIDITY, 2 * uint256(LIQUIDITY)), "by the formula");
        equal(token0.balanceOf(user(1)), FUNDS - 1e18, "paid");
        equal(token1.balanceOf(user(2)), FUNDS + out, "received");
        for (uint256 shard = 0; shard < SHARDS; ++shard) {
            (uint256 r0, uint256 r1) = reserves(shard);
            equal(r0, shard == own ? LIQUIDITY + 1e18 : LIQUIDITY, "token0");
            equal(r1, 2 * uint256(LIQUIDITY) - (shard == own ? out : 0), "token1");
        }
    }

    function test_neighbours_trade_in_different_shards() external view {
        for (uint256 index = 1; index < 8; ++index) {
            yes(exchange.shardOf(user(index)) != exchange.shardOf(user(index - 1)), "shards");
            yes(exchange.shardOf(user(index)) < SHARDS, "a shard");
        }
    }

    function test_prices_are_kept_together_by_arbitrage() external {
        vm.startPrank(user(0));
        uint256 out = exchange.swapIn(0, true, 1e23, 0, user(0));
        // Cheap in shard 0 now, so what was sold there is worth more in shard 1.
        uint256 back = exchange.swapIn(1, true, 1e23, 0, user(0));
        equal(out, back, "untouched shards have one price");
        vm.expectRevert(abi.encodeWithSelector(ShardedExchange.NoShard.selector, SHARDS));
        exchange.swapIn(SHARDS, true, 1e18, 0, user(0));
        vm.stopPrank();
    }

    function test_too_little_is_refused() external {
        uint256 quote = exchange.amountOut(1e18, LIQUIDITY, 2 * uint256(LIQUIDITY));
        vm.prank(user(0));
        vm.expectRevert(
            abi.encodeWithSelector(ShardedExchange.TooLittle.selector, quote, quote + 1)
        );
        exchange.swap(true, 1e18, quote + 1, user(0));
    }

    function testFuzz_the_product_never_falls(uint256[8] memory amounts, uint8 directions)
        external
    {
        for (uint256 index = 0; index < amounts.length; ++index) {
            uint256 shard = exchange.shardOf(user(index));
            (uint256 r0, uint256 r1) = reserves(shard);
            uint112 amountIn = uint112(within(amounts[index], 1e3, FUNDS));
            vm.prank(user(index));
            exchange.swap(directions >> index & 1 == 0, amountIn, 0, user(index));
            (uint256 after0, uint256 after1) = reserves(shard);
            yes(after0 * after1 >= r0 * r1, "product");
        }
    }

    function testFuzz_liquidity_comes_back_but_for_the_rounding(uint112 most0, uint112 most1)
        external
    {
        most0 = uint112(within(most0, 1e6, FUNDS));
        most1 = uint112(within(most1, 1e6, FUNDS));
        vm.startPrank(user(0));
        exchange.swap(true, 123_456_789, 0, user(0));
        uint256 before0 = token0.balanceOf(user(0));
        uint256 before1 = token1.balanceOf(user(0));
        uint256 shares = exchange.addLiquidity(0, uint112(most0 / 2), uint112(most1 / 2), 1);
        yes(before0 - token0.balanceOf(user(0)) <= most0 / 2, "at most what was offered");
        yes(before1 - token1.balanceOf(user(0)) <= most1 / 2, "at most what was offered");
        exchange.removeLiquidity(0, shares, 0, 0);
        vm.stopPrank();
        (uint256 after0, uint256 after1) =
            (token0.balanceOf(user(0)), token1.balanceOf(user(0)));
        yes(after0 <= before0 && before0 - after0 <= 2, "token0");
        yes(after1 <= before1 && before1 - after1 <= 4, "token1");
    }

    function test_shares_cannot_be_given_back_twice() external {
        uint256 shares = exchange.sharesOf(0, address(this));
        exchange.removeLiquidity(0, shares, 0, 0);
        (uint256 r0,) = reserves(0);
        yes(r0 > 0 && r0 <= 1_000, "the minimum stays");
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        exchange.removeLiquidity(0, 1, 0, 0);
    }
}
