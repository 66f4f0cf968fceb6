// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

interface IReceiver {
    function onERC721Received(address operator, address from, uint256 id, bytes calldata data)
        external
        returns (bytes4);
}

/// @title A collection that anyone mints from, one token after the other (ERC-721)
/// @notice The next number is in one slot that every mint writes: the order of the
/// mints decides who gets which.
contract MintNft {
    string public constant name = "Parallax Collection";
    string public constant symbol = "PLXC";
    uint256 public immutable maxSupply;

    /// The number of the newest token; the first is 1.
    uint256 public totalSupply;
    mapping(address => uint256) private balances;
    mapping(uint256 => address) private owners;
    mapping(uint256 => address) private approvals;
    mapping(address => mapping(address => bool)) public isApprovedForAll;

    event Transfer(address indexed from, address indexed to, uint256 indexed id);
    event Approval(address indexed owner, address indexed approved, uint256 indexed id);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    error SoldOut();
    error ZeroAddress();
    error NoToken(uint256 id);
    error NotAllowed(uint256 id);
    error NotReceived(address to);

    constructor(uint256 maxSupply_) {
        maxSupply = maxSupply_;
    }

    /// @notice Mints the next token for the sender.
    function mint() external returns (uint256 id) {
        id = totalSupply + 1;
        if (id > maxSupply) revert SoldOut();
        totalSupply = id;
        owners[id] = msg.sender;
        unchecked {
            // At most `totalSupply`.
            balances[msg.sender] += 1;
        }
        emit Transfer(address(0), msg.sender, id);
    }

    function balanceOf(address owner) external view returns (uint256) {
        if (owner == address(0)) revert ZeroAddress();
        return balances[owner];
    }

    function ownerOf(uint256 id) public view returns (address owner) {
        owner = owners[id];
        if (owner == address(0)) revert NoToken(id);
    }

    function getApproved(uint256 id) external view returns (address) {
        ownerOf(id);
        return approvals[id];
    }

    function approve(address approved, uint256 id) external {
        address owner = ownerOf(id);
        if (msg.sender != owner && !isApprovedForAll[owner][msg.sender]) revert NotAllowed(id);
        approvals[id] = approved;
        emit Approval(owner, approved, id);
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function transferFrom(address from, address to, uint256 id) public {
        address owner = ownerOf(id);
        bool allowed = msg.sender == owner || msg.sender == approvals[id]
            || isApprovedForAll[owner][msg.sender];
        if (owner != from || !allowed) revert NotAllowed(id);
        if (to == address(0)) revert ZeroAddress();
        delete approvals[id];
        owners[id] = to;
        unchecked {
            // The owner has this one.
            balances[from] -= 1;
            balances[to] += 1;
        }
        emit Transfer(from, to, id);
    }

    function safeTransferFrom(address from, address to, uint256 id) external {
        safeTransferFrom(from, to, id, "");
    }

    function safeTransferFrom(address from, address to, uint256 id, bytes memory data) public {
        transferFrom(from, to, id);
        if (to.code.length == 0) return;
        bytes4 answer = IReceiver(to).onERC721Received(msg.sender, from, id, data);
        if (answer != IReceiver.onERC721Received.selector) revert NotReceived(to);
    }

    /// @notice ERC-165: that interface itself, and ERC-721.
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == 0x01ffc9a7 || interfaceId == 0x80ac58cd;
    }
}
