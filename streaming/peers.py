"""Addresses of those who come to us, as they are compared and counted."""

import ipaddress


def read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """None for what is no address. IPv4 by way of IPv6 (RFC 4291, 2.5.5.2) is IPv4."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def network_of(address: str) -> str:
    """Whom to count: an IPv6 address stands for its /64, which one machine may have to itself."""
    found = read(address)
    if found is None:
        return address[:64]
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), False))
