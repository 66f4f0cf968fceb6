// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// Writes and then fails, in each way there is. Storage: slot 0 onward.
contract Reverter {
    mapping(uint256 => uint256) public cells;
    uint256 public survived;

    error Refused(uint256 key);

    /// REVERT with data.
    function write(uint256 key, uint256 value) external {
        cells[key] = value;
        revert Refused(key);
    }

    /// INVALID: takes all gas.
    function invalid(uint256 key) external {
        cells[key] += 1;
        assembly {
            invalid()
        }
    }

    /// Writes new slots until the gas is gone.
    function exhaust(uint256 key) external {
        while (true) {
            unchecked {
                cells[key++] += 1;
            }
        }
    }

    /// Reverts only if the cell is odd, else makes it odd.
    function flip(uint256 key) external {
        require(cells[key] % 2 == 0, "odd");
        unchecked {
            cells[key] += 1;
        }
    }

    /// Calls `write` or `exhaust` with little gas and outlives them.
    function outlive(uint256 key, uint256 gas_) external {
        try this.write(key, 7) {} catch {}
        try this.exhaust{gas: gas_}(key) {} catch {}
        survived += 1;
    }
}
