"""STUN as bytes (RFC 8489): checks told apart, their proofs verified, and the usual answer to them.

aioice does the same with objects, in twenty times the time; what is not usual is left to it.
"""

import hashlib
import hmac
import ipaddress
import zlib

MAGIC_COOKIE = b"\x21\x12\xa4\x42"
REQUEST, RESPONSE = b"\0\x01", b"\x01\x01"  # of the method Binding

# The end of a check as ICE agents make it: MESSAGE-INTEGRITY, of 24 bytes, and FINGERPRINT, of 8
# (RFC 8445, 7.1; RFC 8489, 14.5 and 14.7).
ENDING = 32

_USERNAME = b"\0\x06"
_USE_CANDIDATE = b"\0\x25"
_INTEGRITY = b"\0\x08\0\x14"
_FINGERPRINT = b"\x80\x28\0\x04"
_FINGERPRINT_XOR = 0x5354554E
_ATTRIBUTE_LIMIT = 24  # that are looked at; browsers send eight


def is_message(data: bytes) -> bool:
    """Whether a datagram can be STUN (6.3), for a first look."""
    return (
        len(data) >= 20
        and data[4:8] == MAGIC_COOKIE
        and not len(data) & 3
        and int.from_bytes(data[2:4], "big") == len(data) - 20
    )


def named(request: bytes) -> bytes:
    """The USERNAME of a request, or nothing."""
    return _attribute(request, _USERNAME) or b""


def nominates(request: bytes) -> bool:
    """Whether a check has USE-CANDIDATE (RFC 8445, 7.1.2)."""
    return _attribute(request, _USE_CANDIDATE) is not None


def is_sealed(data: bytes) -> bool:
    """Whether it ends with MESSAGE-INTEGRITY and FINGERPRINT, whatever these say."""
    return len(data) >= 20 + ENDING and data[-32:-28] == _INTEGRITY and data[-8:-4] == _FINGERPRINT


def is_genuine(data: bytes, key: bytes) -> bool:
    """Whether a sealed message was made by who knows `key`, and came unbroken."""
    covered = b"%b%b%b" % (data[:2], (len(data) - 28).to_bytes(2, "big"), data[4:-32])
    proof = hmac.digest(key, covered, hashlib.sha1)
    if not hmac.compare_digest(proof, data[-28:-8]):
        return False
    return zlib.crc32(data[:-8]) ^ _FINGERPRINT_XOR == int.from_bytes(data[-4:], "big")


def mapped(address: tuple[str, int]) -> tuple[bytes, bytes]:
    """The attribute XOR-MAPPED-ADDRESS of `address` (14.2): its head, and what is yet to be XORed.

    The second is empty for IPv4, whose mask is the magic cookie and nothing else.
    """
    host, port = ipaddress.ip_address(address[0]), address[1] ^ 0x2112
    if host.version == 4:
        masked = int(host) ^ 0x2112A442
        return b"\0\x20\0\x08\0\x01" + port.to_bytes(2, "big") + masked.to_bytes(4, "big"), b""
    return b"\0\x20\0\x14\0\x02" + port.to_bytes(2, "big"), host.packed


def answer(request: bytes, key: bytes, where: tuple[bytes, bytes]) -> bytes:
    """The success response to a check (7.3.1.1), `where` being its source as `mapped`."""
    transaction, (attribute, packed) = request[4:20], where
    if packed:
        mask = int.from_bytes(packed, "big") ^ int.from_bytes(transaction, "big")
        attribute += mask.to_bytes(16, "big")
    size = len(attribute)
    head = b"\x01\x01\0%c%b%b" % (size + 24, transaction, attribute)
    proof = hmac.digest(key, head, hashlib.sha1)
    sealed = b"\x01\x01\0%c%b%b%b%b" % (size + 32, transaction, attribute, _INTEGRITY, proof)
    print_ = zlib.crc32(sealed) ^ _FINGERPRINT_XOR
    return sealed + _FINGERPRINT + print_.to_bytes(4, "big")


def _attribute(message: bytes, kind: bytes) -> bytes | None:
    position, end = 20, len(message)
    for _ in range(_ATTRIBUTE_LIMIT):
        if position + 4 > end:
            break
        size = int.from_bytes(message[position + 2 : position + 4], "big")
        if message[position : position + 2] == kind:
            return message[position + 4 : position + 4 + size]
        position += 4 + (size + 3 & ~3)
    return None
