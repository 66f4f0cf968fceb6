// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IToken, pull, push} from "./IToken.sol";

/// @title Parametric cover: many policies, one pool of capital
/// @notice A risk is a peril in a place and a season: rain at a weather station in
/// May, the delay of a flight. Cover is sold until the season starts, the premium
/// is earned evenly over the season, and if the oracle reports a value at or above
/// the threshold, everyone who is covered gets paid, without a proof of loss.
///
/// ```text
/// open ──> buy ... ──> start ──> accrue ... ──> end ──> close
///                        └──> report >= threshold ──> claim ...
/// ```
///
/// Opening a risk locks its capacity, so every payout is there whatever happens. A
/// sale then touches the risk and the policy, and a claim only the policy: the
/// pool's own slots are written when capital or a risk changes as a whole, so that
/// customers meet nowhere but in the token.
///
/// Providers of capital hold shares of it. They leave with what is not locked; the
/// price of a share does not know an event that the oracle has not reported yet.
/// @dev The token must move exactly what it is told to, and return true. Its balance
/// here is capital, premiums not earned yet, and payouts not claimed yet.
contract CoverPool {
    enum Stage {
        Unknown,
        Open,
        Triggered,
        Closed
    }

    struct Risk {
        uint128 threshold;
        uint40 start;
        uint40 end;
        /// Premium for the season, in parts of `UNIT`.
        uint16 rate;
        Stage stage;
        uint128 capacity;
        uint128 sold;
        /// The part of the premiums that belongs to the capital already.
        uint128 earned;
    }

    /// Cover is sold in multiples of this, so that premiums are whole numbers.
    uint128 public constant UNIT = 10_000;
    /// How long after the end the oracle can report what happened in the season.
    uint256 public constant GRACE = 3 days;

    IToken public immutable asset;
    address public immutable curator;
    address public immutable oracle;

    uint128 public capital;
    uint128 public locked;
    uint256 public riskCount;
    uint256 public totalShares;
    mapping(address => uint256) public sharesOf;
    mapping(uint256 => Risk) public risks;
    mapping(uint256 => mapping(address => uint256)) public coverOf;

    event Deposited(address indexed provider, uint256 amount, uint256 shares);
    event Withdrawn(address indexed provider, uint256 amount, uint256 shares);
    event Opened(uint256 indexed id, uint128 threshold, uint40 start, uint40 end, uint128 capacity);
    event Bought(uint256 indexed id, address indexed holder, uint256 cover, uint256 premium);
    event Accrued(uint256 indexed id, uint256 premium);
    event Reported(uint256 indexed id, uint256 value, bool triggered);
    event Claimed(uint256 indexed id, address indexed holder, uint256 amount);
    event Closed(uint256 indexed id);

    error NotAllowed();
    error ZeroAmount();
    error NotWhole(uint256 cover);
    error BadTerms();
    error NotEnough(uint256 available);
    error WrongStage(uint256 id, Stage stage);
    error WrongTime(uint256 id);
    error NothingToClaim();

    constructor(IToken asset_, address curator_, address oracle_) {
        asset = asset_;
        curator = curator_;
        oracle = oracle_;
    }

    /// @notice Adds capital for a share of it.
    function deposit(uint128 amount) external returns (uint256 shares) {
        // Shares of nothing would take a part of what comes later.
        if (capital == 0 && totalShares > 0) revert NotEnough(0);
        shares = totalShares == 0 ? amount : amount * totalShares / capital;
        if (shares == 0) revert ZeroAmount();
        capital += amount;
        totalShares += shares;
        sharesOf[msg.sender] += shares;
        emit Deposited(msg.sender, amount, shares);
        pull(asset, msg.sender, address(this), amount);
    }

    /// @notice Takes capital out that no risk needs.
    function withdraw(uint256 shares) external returns (uint256 amount) {
        uint256 held = sharesOf[msg.sender];
        if (held < shares) revert NotEnough(held);
        if (shares == 0) revert ZeroAmount();
        amount = shares * capital / totalShares;
        if (amount > capital - locked) revert NotEnough(capital - locked);
        capital -= uint128(amount);
        totalShares -= shares;
        sharesOf[msg.sender] = held - shares;
        emit Withdrawn(msg.sender, amount, shares);
        push(asset, msg.sender, amount);
    }

    /// @notice Offers cover, and locks capital for all of it.
    /// @param threshold The least value that pays.
    /// @param start Until when cover is sold.
    /// @param end When the season is over.
    /// @param rate Premium in parts of `UNIT`.
    /// @param capacity The most cover that is sold.
    function open(uint128 threshold, uint40 start, uint40 end, uint16 rate, uint128 capacity)
        external
        returns (uint256 id)
    {
        if (msg.sender != curator) revert NotAllowed();
        if (threshold == 0 || start <= block.timestamp || end <= start) revert BadTerms();
        if (rate > UNIT || capacity == 0) revert BadTerms();
        if (capacity > capital - locked) revert NotEnough(capital - locked);
        locked += capacity;
        id = riskCount++;
        risks[id] = Risk(threshold, start, end, rate, Stage.Open, capacity, 0, 0);
        emit Opened(id, threshold, start, end, capacity);
    }

    /// @notice Buys cover for the sender, or more of it.
    function buy(uint256 id, uint128 cover) external returns (uint256 premium) {
        Risk storage risk = _atStage(id, Stage.Open);
        if (block.timestamp >= risk.start) revert WrongTime(id);
        if (cover == 0) revert ZeroAmount();
        if (cover % UNIT != 0) revert NotWhole(cover);
        (uint128 capacity, uint128 sold) = (risk.capacity, risk.sold);
        if (cover > capacity - sold) revert NotEnough(capacity - sold);
        premium = uint256(cover) * risk.rate / UNIT;
        coverOf[id][msg.sender] += cover;
        risk.sold = sold + cover;
        emit Bought(id, msg.sender, cover, premium);
        pull(asset, msg.sender, address(this), premium);
    }

    /// @notice Adds the premium that was earned since the last time to the capital.
    /// Anyone may call it.
    function accrue(uint256 id) external returns (uint256 premium) {
        premium = _earn(id, _atStage(id, Stage.Open), block.timestamp);
    }

    /// @notice What the oracle has measured in the season. At the threshold or above
    /// it, all cover becomes due, and the rest of the premium is earned.
    function report(uint256 id, uint128 value) external returns (bool triggered) {
        if (msg.sender != oracle) revert NotAllowed();
        Risk storage risk = _atStage(id, Stage.Open);
        if (block.timestamp < risk.start || block.timestamp > risk.end + GRACE) {
            revert WrongTime(id);
        }
        triggered = value >= risk.threshold;
        if (triggered) {
            _earn(id, risk, risk.end);
            risk.stage = Stage.Triggered;
            // Cannot underflow: what is sold is within the capacity, which is
            // locked, and what is locked is within the capital.
            capital -= risk.sold;
            locked -= risk.capacity;
        }
        emit Reported(id, value, triggered);
    }

    /// @notice Pays someone who is covered. Anyone may call it.
    function claim(uint256 id, address holder) external returns (uint256 amount) {
        _atStage(id, Stage.Triggered);
        amount = coverOf[id][holder];
        if (amount == 0) revert NothingToClaim();
        coverOf[id][holder] = 0;
        emit Claimed(id, holder, amount);
        push(asset, holder, amount);
    }

    /// @notice Ends a risk that nothing happened to, and unlocks its capital. Anyone
    /// may call it.
    function close(uint256 id) external {
        Risk storage risk = _atStage(id, Stage.Open);
        if (block.timestamp <= risk.end + GRACE) revert WrongTime(id);
        _earn(id, risk, risk.end);
        risk.stage = Stage.Closed;
        locked -= risk.capacity;
        emit Closed(id);
    }

    function _atStage(uint256 id, Stage stage) private view returns (Risk storage risk) {
        risk = risks[id];
        if (risk.stage != stage) revert WrongStage(id, risk.stage);
    }

    function _earn(uint256 id, Risk storage risk, uint256 time) private returns (uint128 premium) {
        premium = _earnedAt(risk, time) - risk.earned;
        risk.earned += premium;
        capital += premium;
        emit Accrued(id, premium);
    }

    function _earnedAt(Risk storage risk, uint256 time) private view returns (uint128) {
        (uint256 start, uint256 end) = (risk.start, risk.end);
        if (time <= start) return 0;
        // Fits: at most what is sold, as the rate is at most one.
        uint256 premium = uint256(risk.sold) * risk.rate / UNIT;
        if (time >= end) return uint128(premium);
        return uint128(premium * (time - start) / (end - start));
    }
}
