// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {CoverPool} from "../src/CoverPool.sol";
import {IToken} from "../src/IToken.sol";
import {Test} from "./Test.sol";

contract CoverPoolTest is Test {
    uint40 private constant START = 1_000_000;
    uint40 private constant SEASON = 100_000;
    uint128 private constant CAPITAL = 1_000_000;
    uint16 private constant RATE = 500;
    address private constant CURATOR = address(0xc0);
    address private constant ORACLE = address(0x0c);
    uint256 private constant PROVIDER = 9;

    IToken private asset;
    CoverPool private pool;

    function setUp() external {
        vm.warp(START - 1_000);
        asset = newToken();
        pool = new CoverPool(asset, CURATOR, ORACLE);
        for (uint256 index = 0; index < 8; ++index) {
            fund(asset, user(index), 1_000_000, address(pool));
        }
        fund(asset, user(PROVIDER), 10 * CAPITAL, address(pool));
        vm.prank(user(PROVIDER));
        pool.deposit(CAPITAL);
    }

    function open(uint128 capacity) private returns (uint256) {
        vm.prank(CURATOR);
        return pool.open(50, START, START + SEASON, RATE, capacity);
    }

    function buy(uint256 id, uint256 holder, uint128 cover) private returns (uint256) {
        vm.prank(user(holder));
        return pool.buy(id, cover);
    }

    function report(uint256 id, uint128 value) private returns (bool) {
        vm.prank(ORACLE);
        return pool.report(id, value);
    }

    function wrongStage(uint256 id, CoverPool.Stage stage) private {
        vm.expectRevert(abi.encodeWithSelector(CoverPool.WrongStage.selector, id, stage));
    }

    function test_an_event_pays_everyone_who_is_covered() external {
        uint256 id = open(500_000);
        equal(buy(id, 0, 100_000), 5_000, "premium");
        buy(id, 1, 200_000);
        buy(id, 1, 50_000);
        vm.warp(START + SEASON / 2);
        yes(report(id, 50), "triggered");

        // What is due is no longer the providers'; the whole premium is.
        equal(pool.capital(), CAPITAL + 17_500 - 350_000, "capital");
        equal(pool.locked(), 0, "locked");
        equal(pool.claim(id, user(0)), 100_000, "first");
        vm.prank(user(7));
        equal(pool.claim(id, user(1)), 250_000, "second, by someone else");
        equal(asset.balanceOf(user(0)), 1_000_000 - 5_000 + 100_000, "first got it");
        equal(asset.balanceOf(user(1)), 1_000_000 - 12_500 + 250_000, "second got it");
        equal(asset.balanceOf(address(pool)), pool.capital(), "nothing is owed");

        vm.expectRevert(CoverPool.NothingToClaim.selector);
        pool.claim(id, user(0));
        wrongStage(id, CoverPool.Stage.Triggered);
        pool.accrue(id);
    }

    function test_below_the_threshold_nothing_is_due() external {
        uint256 id = open(500_000);
        buy(id, 0, 100_000);
        vm.warp(START);
        yes(!report(id, 49), "not triggered");
        wrongStage(id, CoverPool.Stage.Open);
        pool.claim(id, user(0));
    }

    function test_the_premium_is_earned_evenly() external {
        uint256 id = open(500_000);
        buy(id, 0, 200_000);
        equal(pool.accrue(id), 0, "before the start");
        vm.warp(START + SEASON / 4);
        equal(pool.accrue(id), 2_500, "a quarter");
        equal(pool.accrue(id), 0, "once");
        vm.warp(START + SEASON / 2);
        equal(pool.accrue(id), 2_500, "another quarter");
        vm.warp(START + 2 * SEASON);
        equal(pool.accrue(id), 5_000, "the rest");
        equal(pool.capital(), CAPITAL + 10_000, "capital");
    }

    function test_closing_unlocks_the_capital() external {
        uint256 id = open(CAPITAL);
        buy(id, 0, 200_000);
        vm.warp(START + SEASON + pool.GRACE());
        vm.expectRevert(abi.encodeWithSelector(CoverPool.WrongTime.selector, id));
        pool.close(id);
        vm.warp(START + SEASON + pool.GRACE() + 1);
        vm.expectRevert(abi.encodeWithSelector(CoverPool.WrongTime.selector, id));
        report(id, 50);
        pool.close(id);
        equal(pool.locked(), 0, "locked");
        vm.prank(user(PROVIDER));
        equal(pool.withdraw(CAPITAL), CAPITAL + 10_000, "capital and premium");
        equal(asset.balanceOf(address(pool)), 0, "all is out");
    }

    function test_sold_cover_is_never_without_capital() external {
        uint256 id = open(600_000);
        vm.expectRevert(abi.encodeWithSelector(CoverPool.NotEnough.selector, 400_000));
        open(400_001);
        vm.prank(user(PROVIDER));
        vm.expectRevert(abi.encodeWithSelector(CoverPool.NotEnough.selector, 400_000));
        pool.withdraw(400_001);
        buy(id, 0, 590_000);
        vm.expectRevert(abi.encodeWithSelector(CoverPool.NotEnough.selector, 10_000));
        buy(id, 1, 20_000);
    }

    function test_sales_end_at_the_start() external {
        uint256 id = open(500_000);
        vm.warp(START);
        vm.expectRevert(abi.encodeWithSelector(CoverPool.WrongTime.selector, id));
        buy(id, 0, 10_000);
    }

    function test_what_is_refused() external {
        vm.expectRevert(CoverPool.NotAllowed.selector);
        pool.open(50, START, START + SEASON, RATE, 10_000);
        vm.prank(CURATOR);
        vm.expectRevert(CoverPool.BadTerms.selector);
        pool.open(50, START, START, RATE, 10_000);
        uint256 id = open(500_000);
        vm.expectRevert(abi.encodeWithSelector(CoverPool.NotWhole.selector, 10_001));
        buy(id, 0, 10_001);
        wrongStage(7, CoverPool.Stage.Unknown);
        buy(7, 0, 10_000);
        vm.expectRevert(abi.encodeWithSelector(CoverPool.WrongTime.selector, id));
        report(id, 50);
        vm.warp(START);
        vm.expectRevert(CoverPool.NotAllowed.selector);
        pool.report(id, 50);
    }

    function test_who_comes_later_pays_for_what_was_earned() external {
        uint256 id = open(CAPITAL);
        buy(id, 0, CAPITAL);
        vm.warp(START + SEASON);
        pool.accrue(id);
        fund(asset, user(10), CAPITAL, address(pool));
        vm.prank(user(10));
        equal(pool.deposit(CAPITAL / 2 + 25_000), CAPITAL / 2, "shares at 1.05");
    }
}

/// Somebody in all roles, who does at random what is allowed.
contract Customers is Test {
    CoverPool public pool;
    uint256 public dueCover;
    uint256 public unearned;

    constructor(IToken asset) {
        pool = new CoverPool(asset, address(this), address(this));
        asset.approve(address(pool), type(uint256).max);
    }

    function deposit(uint256 amount) external {
        if (pool.capital() == 0 && pool.totalShares() > 0) return;
        pool.deposit(uint128(within(amount, 1e9, 1e12)));
    }

    function withdraw(uint256 shares) external {
        uint256 held = pool.sharesOf(address(this));
        uint256 free = pool.capital() - pool.locked();
        if (held == 0 || free == 0) return;
        shares = within(shares, 1, held * free / pool.capital() + 1);
        if (shares > held || shares * pool.capital() / held > free) return;
        pool.withdraw(shares);
    }

    function open(uint256 capacity, uint16 rate) external {
        uint256 free = pool.capital() - pool.locked();
        if (free == 0) return;
        uint40 start = uint40(block.timestamp + 100);
        capacity = within(capacity, 1, free);
        pool.open(50, start, start + 1_000, uint16(within(rate, 0, 10_000)), uint128(capacity));
    }

    function buy(uint256 id, uint256 cover) external {
        if (pool.riskCount() == 0) return;
        id %= pool.riskCount();
        (, uint40 start,,, CoverPool.Stage stage, uint128 capacity, uint128 sold,) = pool.risks(id);
        uint128 units = (capacity - sold) / pool.UNIT();
        if (stage != CoverPool.Stage.Open || block.timestamp >= start || units == 0) return;
        unearned += pool.buy(id, uint128(within(cover, 1, units)) * pool.UNIT());
    }

    function accrue(uint256 id) external {
        if (pool.riskCount() == 0) return;
        id %= pool.riskCount();
        (,,,, CoverPool.Stage stage,,,) = pool.risks(id);
        if (stage == CoverPool.Stage.Open) unearned -= pool.accrue(id);
    }

    function report(uint256 id, uint256 value) external {
        if (pool.riskCount() == 0) return;
        id %= pool.riskCount();
        (, uint40 start, uint40 end,, CoverPool.Stage stage,,,) = pool.risks(id);
        if (stage != CoverPool.Stage.Open || block.timestamp < start) return;
        if (block.timestamp > end + pool.GRACE()) return;
        uint256 left = premiumLeft(id);
        if (pool.report(id, uint128(within(value, 0, 100)))) {
            unearned -= left;
            (,,,,,, uint128 sold,) = pool.risks(id);
            dueCover += sold;
        }
    }

    function claim(uint256 id) external {
        if (pool.riskCount() == 0) return;
        id %= pool.riskCount();
        (,,,, CoverPool.Stage stage,,,) = pool.risks(id);
        if (stage != CoverPool.Stage.Triggered || pool.coverOf(id, address(this)) == 0) return;
        dueCover -= pool.claim(id, address(this));
    }

    function close(uint256 id) external {
        if (pool.riskCount() == 0) return;
        id %= pool.riskCount();
        (,, uint40 end,, CoverPool.Stage stage,,,) = pool.risks(id);
        if (stage != CoverPool.Stage.Open || block.timestamp <= end + pool.GRACE()) return;
        unearned -= premiumLeft(id);
        pool.close(id);
    }

    function wait_(uint256 time) external {
        vm.warp(block.timestamp + within(time, 1, 1_000));
    }

    function premiumLeft(uint256 id) private view returns (uint256) {
        (,,, uint16 rate,,, uint128 sold, uint128 earned) = pool.risks(id);
        return uint256(sold) * rate / pool.UNIT() - earned;
    }
}

contract CoverPoolInvariantTest is Test {
    IToken private asset;
    Customers private customers;
    CoverPool private pool;

    function setUp() external {
        asset = newToken();
        customers = new Customers(asset);
        pool = customers.pool();
        asset.transfer(address(customers), 1e30);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(customers);
    }

    function invariant_the_balance_is_capital_premiums_and_payouts() external view {
        uint256 owed = pool.capital() + customers.unearned() + customers.dueCover();
        equal(asset.balanceOf(address(pool)), owed, "balance");
    }

    function invariant_what_is_locked_is_there() external view {
        yes(pool.locked() <= pool.capital(), "locked");
        uint256 capacities;
        for (uint256 id = 0; id < pool.riskCount(); ++id) {
            (,,,, CoverPool.Stage stage, uint128 capacity, uint128 sold,) = pool.risks(id);
            yes(sold <= capacity, "sold");
            if (stage == CoverPool.Stage.Open) capacities += capacity;
        }
        equal(pool.locked(), capacities, "the capacities of all open risks");
    }
}
