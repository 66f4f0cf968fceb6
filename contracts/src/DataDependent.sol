// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// Which slot is written depends on what another one holds, so the set of
/// accesses is unknown before execution. Storage: slot 0 cursor, slot 1 cells.
contract DataDependent {
    uint256 public cursor;
    mapping(uint256 => uint256) public cells;

    /// Adds one to the cell under the cursor and moves the cursor by `stride`.
    function hop(uint256 stride) external {
        uint256 at = cursor;
        unchecked {
            cells[at] += 1;
            cursor = (at + stride) % 16;
        }
    }

    /// Follows `hops` links from cell `from` and writes `value` where they end.
    function chase(uint256 from, uint256 hops, uint256 value) external {
        for (uint256 i; i < hops; ++i) {
            from = cells[from] % 16;
        }
        cells[from] = value;
    }

    /// Writes cell `a` only while cell `b` is even.
    function branch(uint256 a, uint256 b) external {
        unchecked {
            if (cells[b] % 2 == 0) cells[a] += 1;
            else cells[b] += 1;
        }
    }
}
