// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IReceiver, MintNft} from "../src/MintNft.sol";
import {Test} from "./Test.sol";

contract Receiver is IReceiver {
    bytes4 private immutable answer;

    constructor(bytes4 answer_) {
        answer = answer_;
    }

    function onERC721Received(address, address, uint256, bytes calldata)
        external
        view
        returns (bytes4)
    {
        return answer;
    }
}

contract MintNftTest is Test {
    MintNft private nft;

    function setUp() external {
        nft = new MintNft(3);
    }

    function mint(uint256 to) private returns (uint256) {
        vm.prank(user(to));
        return nft.mint();
    }

    function test_numbers_are_given_in_order() external {
        equal(mint(0), 1, "first");
        equal(mint(1), 2, "second");
        equal(nft.ownerOf(1), user(0), "owner of the first");
        equal(nft.ownerOf(2), user(1), "owner of the second");
        equal(nft.totalSupply(), 2, "supply");
        equal(nft.balanceOf(user(0)), 1, "balance");
    }

    function test_the_collection_is_limited() external {
        for (uint256 index = 0; index < 3; ++index) mint(index);
        vm.expectRevert(MintNft.SoldOut.selector);
        mint(3);
    }

    function test_the_owner_moves_a_token() external {
        uint256 id = mint(0);
        vm.prank(user(0));
        nft.transferFrom(user(0), user(1), id);
        equal(nft.ownerOf(id), user(1), "owner");
        equal(nft.balanceOf(user(0)), 0, "from");
        equal(nft.balanceOf(user(1)), 1, "to");
    }

    function test_nobody_else_does_unless_approved() external {
        uint256 id = mint(0);
        bytes memory refused = abi.encodeWithSelector(MintNft.NotAllowed.selector, id);
        vm.expectRevert(refused);
        nft.transferFrom(user(0), user(1), id);
        vm.prank(user(0));
        nft.approve(address(this), id);
        nft.transferFrom(user(0), user(1), id);
        equal(nft.getApproved(id), address(0), "an approval is for once");
        vm.expectRevert(refused);
        nft.transferFrom(user(1), user(0), id);
        vm.prank(user(1));
        nft.setApprovalForAll(address(this), true);
        nft.transferFrom(user(1), user(0), id);
        equal(nft.ownerOf(id), user(0), "by an operator");
    }

    function test_a_contract_must_want_it() external {
        uint256 id = mint(0);
        address wants = address(new Receiver(IReceiver.onERC721Received.selector));
        address wantsNot = address(new Receiver(0));
        vm.prank(user(0));
        vm.expectRevert(abi.encodeWithSelector(MintNft.NotReceived.selector, wantsNot));
        nft.safeTransferFrom(user(0), wantsNot, id);
        vm.prank(user(0));
        nft.safeTransferFrom(user(0), wants, id);
        equal(nft.ownerOf(id), wants, "owner");
    }

    function test_what_does_not_exist() external {
        vm.expectRevert(abi.encodeWithSelector(MintNft.NoToken.selector, 1));
        nft.ownerOf(1);
        vm.expectRevert(MintNft.ZeroAddress.selector);
        nft.balanceOf(address(0));
    }

    function test_interfaces() external view {
        yes(nft.supportsInterface(0x80ac58cd), "ERC-721");
        yes(nft.supportsInterface(0x01ffc9a7), "ERC-165");
        yes(!nft.supportsInterface(0xffffffff), "not this one");
    }
}
