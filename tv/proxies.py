"""The proxies in front of us, whose word is taken for where a request comes from."""

import ipaddress
from collections.abc import Iterable

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

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


class Clients:
    """The addresses of clients, for requests that pass none of uvicorn's middleware."""

    def __init__(self, behind: Iterable[str]) -> None:
        # All other requests have the header read by this same middleware.
        self._trusted = ProxyHeadersMiddleware(_nothing, trusted(behind)).trusted_hosts

    def address(self, peer: str, forwarded: str) -> str:
        """The client's address: `peer`, or the one in X-Forwarded-For if `peer` is a proxy."""
        if not forwarded or peer not in self._trusted:
            return peer
        return self._trusted.get_trusted_client_address(forwarded)[0] or peer


async def _nothing(*_: object) -> None:
    """No application: only the middleware's reading is used."""
