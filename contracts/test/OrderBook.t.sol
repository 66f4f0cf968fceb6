// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken} from "../src/IToken.sol";
import {OrderBook} from "../src/OrderBook.sol";
import {Test} from "./Test.sol";

contract OrderBookTest is Test {
    uint64 private constant LOT = 1e15;
    uint64 private constant TICK = 1e13;
    uint256 private constant FUNDS = 1e27;

    IToken private base;
    IToken private quote;
    OrderBook private book;

    function setUp() external {
        base = newToken();
        quote = newToken();
        book = new OrderBook(base, quote, LOT, TICK);
        for (uint256 index = 0; index < 8; ++index) {
            fund(base, user(index), FUNDS, address(book));
            fund(quote, user(index), FUNDS, address(book));
        }
    }

    function place(uint256 maker, bool buy, uint16 tick, uint64 lots) private returns (uint64) {
        vm.prank(user(maker));
        return book.place(buy, tick, lots);
    }

    function take(uint256 taker, bool buy, uint16 limit, uint64 lots)
        private
        returns (uint64 filled, uint256 cost)
    {
        vm.prank(user(taker));
        return book.take(buy, limit, lots);
    }

    function lotsOf(uint64 id) private view returns (uint64 lots) {
        (, lots,,,,) = book.orders(id);
    }

    function bestIs(bool buy, uint16 tick) private view {
        (bool found, uint16 best) = book.best(buy);
        yes(found == (tick != 0), "a best price");
        equal(best, tick, "best price");
    }

    function test_placing_holds_what_is_sold() external {
        place(0, false, 1_000, 7);
        equal(base.balanceOf(address(book)), 7 * uint256(LOT), "base held");
        place(1, true, 900, 5);
        equal(quote.balanceOf(address(book)), 5 * 900 * uint256(TICK), "quote held");
        equal(quote.balanceOf(user(1)), FUNDS - 5 * 900 * uint256(TICK), "quote left");
        bestIs(false, 1_000);
        bestIs(true, 900);
    }

    function test_the_best_price_is_taken_first_then_the_oldest() external {
        uint64 dear = place(0, false, 1_001, 10);
        uint64 older = place(1, false, 1_000, 10);
        uint64 newer = place(2, false, 1_000, 10);

        (uint64 filled, uint256 cost) = take(3, true, 1_001, 15);

        equal(filled, 15, "filled");
        equal(cost, 15 * 1_000 * uint256(TICK), "cost");
        equal(lotsOf(older), 0, "older");
        equal(lotsOf(newer), 5, "newer");
        equal(lotsOf(dear), 10, "dear");
        equal(base.balanceOf(user(3)), FUNDS + 15 * uint256(LOT), "taker got");
        equal(quote.balanceOf(user(3)), FUNDS - cost, "taker paid");
        equal(book.quoteCredit(user(1)), 10 * 1_000 * uint256(TICK), "older maker");
        equal(book.quoteCredit(user(2)), 5 * 1_000 * uint256(TICK), "newer maker");
    }

    function test_sellers_meet_the_highest_bid() external {
        place(0, true, 900, 4);
        place(1, true, 950, 4);
        (uint64 filled, uint256 cost) = take(2, false, 1, 6);
        equal(filled, 6, "filled");
        equal(cost, (4 * 950 + 2 * 900) * uint256(TICK), "cost");
        equal(quote.balanceOf(user(2)), FUNDS + cost, "taker got");
        equal(book.baseCredit(user(1)), 4 * uint256(LOT), "maker");
        bestIs(true, 900);
    }

    function test_the_limit_holds() external {
        place(0, false, 1_000, 4);
        place(0, false, 1_002, 4);
        (uint64 filled,) = take(1, true, 1_001, 8);
        equal(filled, 4, "filled");
        bestIs(false, 1_002);
        vm.expectRevert(OrderBook.NothingToTake.selector);
        take(1, true, 1_001, 8);
    }

    function test_work_is_bounded() external {
        uint256 most = book.MAX_FILLS();
        for (uint256 index = 0; index <= most; ++index) place(0, false, 1_000, 1);
        (uint64 filled,) = take(1, true, 1_000, 100);
        equal(filled, most, "filled");
    }

    function test_makers_withdraw_what_they_earned() external {
        place(0, false, 1_000, 4);
        (, uint256 cost) = take(1, true, 1_000, 4);
        vm.prank(user(0));
        book.withdraw();
        equal(quote.balanceOf(user(0)), FUNDS + cost, "earned");
        equal(quote.balanceOf(address(book)), 0, "nothing is left");
        vm.prank(user(0));
        (uint256 baseAmount, uint256 quoteAmount) = book.withdraw();
        equal(baseAmount + quoteAmount, 0, "only once");
    }

    function test_cancelling_pays_the_rest_back() external {
        uint64 id = place(0, true, 900, 10);
        take(1, false, 900, 4);
        vm.prank(user(0));
        book.cancel(id);
        equal(quote.balanceOf(user(0)), FUNDS - 4 * 900 * uint256(TICK), "paid for 4");
        bestIs(true, 0);
        vm.prank(user(0));
        vm.expectRevert(abi.encodeWithSelector(OrderBook.NotYours.selector, id));
        book.cancel(id);
    }

    function test_cancelling_anywhere_in_a_level_keeps_its_order() external {
        for (uint256 gone = 0; gone < 5; ++gone) {
            // With itself, only one is cancelled.
            for (uint256 next = 0; next < 5; ++next) cancelTwo(gone, next);
        }
    }

    function cancelTwo(uint256 gone, uint256 next) private {
        uint64[5] memory ids;
        for (uint256 index = 0; index < 5; ++index) ids[index] = place(index, false, 1_000, 1);
        vm.prank(user(gone));
        book.cancel(ids[gone]);
        if (next != gone) {
            vm.prank(user(next));
            book.cancel(ids[next]);
        }
        // One more at the end, so that the newest was found right.
        uint64 last = place(5, false, 1_000, 1);
        for (uint256 index = 0; index < 5; ++index) {
            if (index == gone || index == next) continue;
            equal(book.level(false, 1_000).first, ids[index], "in turn");
            take(6, true, 1_000, 1);
        }
        equal(book.level(false, 1_000).first, last, "the last");
        take(6, true, 1_000, 1);
        bestIs(false, 0);
    }

    function test_what_is_refused() external {
        uint64 id = place(0, false, 1_000, 1);
        vm.expectRevert(OrderBook.ZeroSize.selector);
        place(1, true, 900, 0);
        vm.expectRevert(OrderBook.ZeroPrice.selector);
        place(1, true, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(OrderBook.Crosses.selector, 1_000));
        place(1, true, 1_000, 1);
        vm.expectRevert(abi.encodeWithSelector(OrderBook.NotYours.selector, id));
        vm.prank(user(1));
        book.cancel(id);
        place(1, true, 999, 1);
        vm.expectRevert(abi.encodeWithSelector(OrderBook.Crosses.selector, 999));
        place(0, false, 998, 1);
    }

    function testFuzz_the_best_price_is_found_wherever_it_is(uint16[8] memory ticks) external {
        (uint16 lowest, uint16 highest) = (type(uint16).max, 1);
        for (uint256 index = 0; index < ticks.length; ++index) {
            uint16 tick = uint16(within(ticks[index], 1, type(uint16).max));
            lowest = tick < lowest ? tick : lowest;
            highest = tick > highest ? tick : highest;
            if (tick > 1) place(0, false, tick, 1);
        }
        if (lowest > 1) bestIs(false, lowest);
        OrderBook other = new OrderBook(base, quote, LOT, TICK);
        vm.startPrank(user(0));
        quote.approve(address(other), type(uint256).max);
        for (uint256 index = 0; index < ticks.length; ++index) {
            other.place(true, uint16(within(ticks[index], 1, type(uint16).max)), 1);
        }
        vm.stopPrank();
        (, uint16 best) = other.best(true);
        equal(best, highest, "highest bid");
    }
}

/// Somebody who does all that the book allows, at random, and counts what it must hold.
contract Trader is Test {
    OrderBook private immutable book;
    uint64[] private ids;
    uint256 public baseInOrders;
    uint256 public quoteInOrders;

    constructor(OrderBook book_) {
        book = book_;
        book.base().approve(address(book), type(uint256).max);
        book.quote().approve(address(book), type(uint256).max);
    }

    function place(bool buy, uint16 tick, uint64 lots) external {
        tick = uint16(buy ? within(tick, 998, 999) : within(tick, 1_000, 1_001));
        lots = uint64(within(lots, 1, 100));
        ids.push(book.place(buy, tick, lots));
        if (buy) quoteInOrders += book.costOf(tick, lots);
        else baseInOrders += book.amountOf(lots);
    }

    function cancel(uint256 index) external {
        if (ids.length == 0) return;
        uint64 id = ids[index % ids.length];
        (address maker, uint64 lots, uint16 tick, bool buy,,) = book.orders(id);
        if (maker == address(0)) return;
        book.cancel(id);
        if (buy) quoteInOrders -= book.costOf(tick, lots);
        else baseInOrders -= book.amountOf(lots);
    }

    function take(bool buy, uint64 lots) external {
        (bool found,) = book.best(!buy);
        if (!found) return;
        uint64 most = uint64(within(lots, 1, 300));
        (uint64 filled, uint256 cost) = book.take(buy, buy ? type(uint16).max : 1, most);
        if (buy) baseInOrders -= book.amountOf(filled);
        else quoteInOrders -= cost;
    }

    function withdraw() external {
        book.withdraw();
    }
}

contract OrderBookInvariantTest is Test {
    OrderBook private book;
    Trader private trader;

    function setUp() external {
        book = new OrderBook(newToken(), newToken(), 1e15, 1e13);
        trader = new Trader(book);
        book.base().transfer(address(trader), 1e30);
        book.quote().transfer(address(trader), 1e30);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(trader);
    }

    function invariant_the_book_holds_what_it_owes() external view {
        equal(
            book.base().balanceOf(address(book)),
            trader.baseInOrders() + book.baseCredit(address(trader)),
            "base"
        );
        equal(
            book.quote().balanceOf(address(book)),
            trader.quoteInOrders() + book.quoteCredit(address(trader)),
            "quote"
        );
    }

    function invariant_levels_add_up() external view {
        uint256 lots;
        for (uint16 tick = 1_000; tick < 1_002; ++tick) {
            OrderBook.Level memory level = book.level(false, tick);
            uint256 sum;
            for (uint64 id = level.first; sum < level.lots;) {
                (, uint64 here, uint16 at,,, uint64 next) = book.orders(id);
                equal(at, tick, "in the right level");
                sum += here;
                if (sum == level.lots) equal(id, level.last, "the newest");
                id = next;
            }
            lots += sum;
        }
        equal(lots * 1e15, trader.baseInOrders(), "all levels");
    }
}
