"""Tags of networks: which devices share an address, without keeping any address.

A tag is a keyed digest of an IPv4 address, or of the /56 of an IPv6 address, cut to 12 bits: limits
count by it, and no one can tell an address from it, as a million have the same.
"""

import functools
import hashlib
import hmac
import ipaddress

KNOWN = 4_096  # addresses whose tag is at hand
PREFIX = 56  # bits of an IPv6 address that one customer of a provider keeps


class Networks:
    """The tags of an installation."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"network", "sha256")
        self.tag = functools.lru_cache(KNOWN)(self._tag)

    def _tag(self, host: str) -> str:
        """The tag of an address; "" for what is none, as the peer of a Unix socket."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return ""
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        packed = address.packed if address.version == 4 else address.packed[: PREFIX // 8]
        return hmac.digest(self._key, packed, hashlib.sha256).hex()[:3]
