// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// A ring of slots in which each step reads one and writes the next.
/// Storage: slots 0 to SIZE - 1.
contract Ring {
    uint256 public constant SIZE = 1024;

    uint256[SIZE] public slots;

    /// Writes slot `i` plus one to slot `i + 1`.
    function step(uint256 i) external {
        unchecked {
            slots[(i + 1) % SIZE] = slots[i % SIZE] + 1;
        }
    }

    /// Takes `count` steps from slot `i`.
    function run(uint256 i, uint256 count) external {
        unchecked {
            for (uint256 end = i + count; i != end; ++i) {
                slots[(i + 1) % SIZE] = slots[i % SIZE] + 1;
            }
        }
    }
}
