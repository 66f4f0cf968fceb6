// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken, pull, push} from "./IToken.sol";

/// @title A central limit order book of one market, with price-time priority
/// @notice Makers place orders that rest, takers take the best of them: the best
/// price first, at one price the oldest first. What a maker sells is held here
/// until it is taken or the order is cancelled; what the maker gets for it is
/// credited, to be withdrawn, so that no maker can keep a taker from trading.
///
/// Prices are ticks from 1 to 65,535, amounts are lots: one lot is `lotSize` units
/// of the base token, and costs `tick * tickSize` units of the quote token.
///
/// Every call does bounded work. The orders at a tick are a list; which ticks have
/// orders is a bitmap of 256 words, and which words are not zero a summary of one
/// word, so the best tick is two reads away however far apart the prices are.
/// @dev Tokens must move exactly what they are told to, and return true.
contract OrderBook {
    struct Order {
        address maker;
        uint64 lots;
        uint16 tick;
        bool buy;
        // Neighbours at the same tick; outdated where the level says that there is
        // none, which saves a write to the next order when the first is filled.
        uint64 previous;
        uint64 next;
    }

    /// The orders at one tick, oldest first.
    struct Level {
        uint64 first;
        uint64 last;
        uint128 lots;
    }

    /// All that is keyed by rank: ticks counted from the best possible price.
    struct Side {
        uint256 summary;
        mapping(uint256 => uint256) words;
        mapping(uint256 => Level) levels;
    }

    /// The most orders that one call takes.
    uint256 public constant MAX_FILLS = 16;

    IToken public immutable base;
    IToken public immutable quote;
    uint64 public immutable lotSize;
    uint64 public immutable tickSize;

    /// The newest order; the first is 1.
    uint64 public lastId;
    Side private bids;
    Side private asks;
    mapping(uint256 => Order) public orders;
    /// What makers have got for their orders and not withdrawn yet.
    mapping(address => uint256) public baseCredit;
    mapping(address => uint256) public quoteCredit;

    event Placed(uint64 indexed id, address indexed maker, bool buy, uint16 tick, uint64 lots);
    event Cancelled(uint64 indexed id, uint64 lots);
    event Filled(uint64 indexed id, address indexed taker, uint16 tick, uint64 lots);
    event Withdrawn(address indexed maker, uint256 baseAmount, uint256 quoteAmount);

    error ZeroSize();
    error ZeroPrice();
    error Crosses(uint16 best);
    error NotYours(uint64 id);
    error NothingToTake();

    constructor(IToken base_, IToken quote_, uint64 lotSize_, uint64 tickSize_) {
        if (lotSize_ == 0 || tickSize_ == 0) revert ZeroSize();
        base = base_;
        quote = quote_;
        lotSize = lotSize_;
        tickSize = tickSize_;
    }

    /// @notice Adds an order that waits for a taker.
    /// @param buy Whether it buys the base token.
    /// @param tick Its price; one that the other side would meet at once is refused.
    /// @param lots Its size.
    function place(bool buy, uint16 tick, uint64 lots) external returns (uint64 id) {
        if (lots == 0) revert ZeroSize();
        if (tick == 0) revert ZeroPrice();
        (bool found, uint16 opposite) = best(!buy);
        if (found && (buy ? tick >= opposite : tick <= opposite)) revert Crosses(opposite);
        id = ++lastId;
        _append(id, Order(msg.sender, lots, tick, buy, 0, 0));
        emit Placed(id, msg.sender, buy, tick, lots);
        if (buy) pull(quote, msg.sender, address(this), costOf(tick, lots));
        else pull(base, msg.sender, address(this), amountOf(lots));
    }

    /// @notice Takes an order of the sender back, with what is left of it.
    function cancel(uint64 id) external {
        Order memory order = orders[id];
        if (order.maker != msg.sender) revert NotYours(id);
        _unlink(id, order);
        delete orders[id];
        emit Cancelled(id, order.lots);
        if (order.buy) push(quote, msg.sender, costOf(order.tick, order.lots));
        else push(base, msg.sender, amountOf(order.lots));
    }

    /// @notice Trades with the best orders of the other side, at their prices, until
    /// all is filled, the limit is reached, or `MAX_FILLS` orders are taken. What is
    /// not filled does not rest.
    /// @param buy Whether the sender buys the base token.
    /// @param limit The worst price.
    /// @param lots How many at most.
    /// @return filled How many were traded, at least one.
    /// @return cost The amount of the quote token that was traded for it.
    function take(bool buy, uint16 limit, uint64 lots)
        external
        returns (uint64 filled, uint256 cost)
    {
        for (uint256 fills = 0; fills < MAX_FILLS && filled < lots; ++fills) {
            (bool found, uint16 tick) = best(!buy);
            if (!found || (buy ? tick > limit : tick < limit)) break;
            uint64 part = _fillFirst(!buy, tick, lots - filled);
            filled += part;
            cost += costOf(tick, part);
        }
        if (filled == 0) revert NothingToTake();
        if (buy) {
            pull(quote, msg.sender, address(this), cost);
            push(base, msg.sender, amountOf(filled));
        } else {
            pull(base, msg.sender, address(this), amountOf(filled));
            push(quote, msg.sender, cost);
        }
    }

    /// @notice Pays the sender what the orders of the sender have earned.
    function withdraw() external returns (uint256 baseAmount, uint256 quoteAmount) {
        baseAmount = baseCredit[msg.sender];
        quoteAmount = quoteCredit[msg.sender];
        baseCredit[msg.sender] = 0;
        quoteCredit[msg.sender] = 0;
        emit Withdrawn(msg.sender, baseAmount, quoteAmount);
        if (baseAmount > 0) push(base, msg.sender, baseAmount);
        if (quoteAmount > 0) push(quote, msg.sender, quoteAmount);
    }

    /// @notice The best price of the buyers or of the sellers.
    function best(bool buy) public view returns (bool found, uint16 tick) {
        Side storage side = buy ? bids : asks;
        uint256 summary = side.summary;
        if (summary == 0) return (false, 0);
        uint256 word = _lowestBit(summary);
        return (true, uint16(_rank(buy, word << 8 | _lowestBit(side.words[word]))));
    }

    /// @notice The orders at a price: the oldest, the newest, all their lots.
    function level(bool buy, uint16 tick) external view returns (Level memory) {
        return (buy ? bids : asks).levels[_rank(buy, tick)];
    }

    /// @notice So many lots in units of the base token.
    function amountOf(uint64 lots) public view returns (uint256) {
        return uint256(lots) * lotSize;
    }

    /// @notice What so many lots cost in units of the quote token.
    function costOf(uint16 tick, uint64 lots) public view returns (uint256) {
        return uint256(lots) * tick * tickSize;
    }

    /// @dev Buyers' best price is the highest, so theirs are counted from the top:
    /// the best rank of both sides is the lowest. Its own inverse.
    function _rank(bool buy, uint256 tick) private pure returns (uint256) {
        return buy ? type(uint16).max - tick : tick;
    }

    function _append(uint64 id, Order memory order) private {
        Side storage side = order.buy ? bids : asks;
        uint256 rank = _rank(order.buy, order.tick);
        Level memory old = side.levels[rank];
        if (old.lots == 0) {
            _mark(side, rank);
            old.first = id;
        } else {
            order.previous = old.last;
            orders[old.last].next = id;
        }
        side.levels[rank] = Level(old.first, id, old.lots + order.lots);
        orders[id] = order;
    }

    function _unlink(uint64 id, Order memory order) private {
        Side storage side = order.buy ? bids : asks;
        uint256 rank = _rank(order.buy, order.tick);
        Level memory old = side.levels[rank];
        old.lots -= order.lots;
        if (old.lots == 0) {
            _unmark(side, rank);
            delete side.levels[rank];
            return;
        }
        if (old.first == id) {
            old.first = order.next;
        } else {
            orders[order.previous].next = order.next;
            if (old.last == id) old.last = order.previous;
            else orders[order.next].previous = order.previous;
        }
        side.levels[rank] = old;
    }

    /// @dev Fills the oldest order at a tick, all of it or up to so many lots.
    function _fillFirst(bool buy, uint16 tick, uint64 most) private returns (uint64 part) {
        Side storage side = buy ? bids : asks;
        uint256 rank = _rank(buy, tick);
        Level memory old = side.levels[rank];
        uint64 id = old.first;
        Order storage order = orders[id];
        (address maker, uint64 lots) = (order.maker, order.lots);
        part = most < lots ? most : lots;
        old.lots -= part;
        if (part < lots) {
            order.lots = lots - part;
        } else {
            old.first = order.next;
            delete orders[id];
        }
        if (old.lots == 0) {
            _unmark(side, rank);
            delete side.levels[rank];
        } else {
            side.levels[rank] = old;
        }
        if (buy) baseCredit[maker] += amountOf(part);
        else quoteCredit[maker] += costOf(tick, part);
        emit Filled(id, msg.sender, tick, part);
    }

    function _mark(Side storage side, uint256 rank) private {
        uint256 word = side.words[rank >> 8];
        if (word == 0) side.summary |= 1 << (rank >> 8);
        side.words[rank >> 8] = word | 1 << (rank & 0xff);
    }

    function _unmark(Side storage side, uint256 rank) private {
        uint256 word = side.words[rank >> 8] & ~(1 << (rank & 0xff));
        if (word == 0) side.summary &= ~(1 << (rank >> 8));
        side.words[rank >> 8] = word;
    }

    /// @dev Index of the lowest bit that is set; there must be one.
    function _lowestBit(uint256 word) private pure returns (uint256 index) {
        unchecked {
            word &= 0 - word;
        }
        if (word & type(uint128).max == 0) (index, word) = (128, word >> 128);
        if (word & type(uint64).max == 0) (index, word) = (index + 64, word >> 64);
        if (word & type(uint32).max == 0) (index, word) = (index + 32, word >> 32);
        if (word & type(uint16).max == 0) (index, word) = (index + 16, word >> 16);
        if (word & type(uint8).max == 0) (index, word) = (index + 8, word >> 8);
        if (word & 0xf == 0) (index, word) = (index + 4, word >> 4);
        if (word & 0x3 == 0) (index, word) = (index + 2, word >> 2);
        if (word & 0x1 == 0) index += 1;
    }
}
