// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// What a factory deploys. Storage: slot 0 value, slot 1 generation.
contract Child {
    uint256 public value;
    uint256 public generation;

    constructor(uint256 generation_) payable {
        generation = generation_;
    }

    function set(uint256 value_) external {
        value = value_;
    }

    function destroy(address payable heir) external {
        selfdestruct(heir);
    }

    receive() external payable {}
}

/// Creates, destroys and creates again. Storage: slot 0 created, slot 1 last.
contract Factory {
    uint256 public created;
    address public last;

    /// CREATE: the address depends on this contract's nonce.
    function create() external payable returns (address) {
        created += 1;
        last = address(new Child{value: msg.value}(created));
        return last;
    }

    /// CREATE2: fails while there is code at the address.
    function create2(bytes32 salt) external payable returns (address) {
        created += 1;
        last = address(new Child{salt: salt, value: msg.value}(1));
        return last;
    }

    /// Creates, writes, destroys in one transaction, so that the account is
    /// gone at its end under every rule for SELFDESTRUCT (EIP-6780).
    function flash(bytes32 salt, address payable heir) external payable {
        Child child = new Child{salt: salt, value: msg.value}(1);
        child.set(uint256(salt) + 1);
        child.destroy(heir);
        created += 1;
    }

    function set(bytes32 salt, uint256 value) external {
        Child(payable(predict(salt))).set(value);
    }

    function destroy(bytes32 salt, address payable heir) external {
        Child(payable(predict(salt))).destroy(heir);
    }

    function predict(bytes32 salt) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(Child).creationCode, uint256(1)));
        return address(
            uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, code))))
        );
    }
}
