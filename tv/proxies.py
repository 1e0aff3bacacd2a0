"""The proxies in front of us, whose word is taken for where a request comes from."""

import ipaddress
from collections.abc import Iterable

LOCAL = ("127.0.0.1", "::1")


def trusted(proxies: Iterable[str]) -> list[str]:
    """These and those of this machine, for uvicorn.

    To it an address of IPv4 is another by way of IPv6 (RFC 4291, 2.5.5.2).
    """
    networks = [ipaddress.ip_network(proxy) for proxy in (*LOCAL, *proxies)]
    return [str(network) for network in networks] + [
        f"::ffff:{network.network_address}/{96 + network.prefixlen}"
        for network in networks
        if network.version == 4
    ]
