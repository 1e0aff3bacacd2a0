"""Where we are reached: the addresses of this machine, on one port, and those that we are told."""

import ipaddress
import logging
import time
from collections.abc import Container, Sequence

import aioice
from aioice.candidate import candidate_foundation, candidate_priority

from streaming.errors import StreamingError
from streaming.webrtc.private import host_addresses
from streaming.webrtc.udp import Endpoint, Receive

logger = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "::1")
SOCKET_LIMIT = 32
LOOK_AGAIN = 5.0  # seconds for which this machine's addresses are taken as known


class Addresses:
    """A socket on each address of this machine; new ones come and go with its networks.

    `outside` are offered first: public ones that lead to this port. `endpoints` are the sockets by
    address. Raises StreamingError for what is not an address.
    """

    def __init__(self, port: int, outside: Sequence[str], receive: Receive) -> None:
        self.port = port
        self.endpoints: dict[str, Endpoint] = {}
        self._outside = [_checked(address) for address in outside]
        self._receive = receive
        self._candidates: list[aioice.Candidate] = []
        self._looked_at = float("-inf")
        self._without: set[str] = set()  # addresses that we said we have no socket on
        self._unsent = 0  # by sockets that are closed

    @property
    def unsent(self) -> int:
        """Datagrams that the kernel had no room for."""
        return self._unsent + sum(endpoint.unsent for endpoint in self.endpoints.values())

    def look(self, used: Container[Endpoint]) -> list[aioice.Candidate]:
        """What to offer now, the best first. Sockets in use stay, even when their address is gone.

        Raises StreamingError when there is no socket at all.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_AGAIN:
            return self._candidates
        try:
            here = host_addresses()
        except OSError as error:
            logger.warning("webrtc: this machine does not tell its addresses: %s", error)
            here = [host for host in self.endpoints if host not in LOOPBACK]
        for host in set(self.endpoints).difference(LOOPBACK, here):
            if self.endpoints[host] not in used:
                self._close(host)
        for host in (*LOOPBACK, *here):
            if host not in self.endpoints and len(self.endpoints) < SOCKET_LIMIT:
                self._bind(host)
            if not self.endpoints:
                raise StreamingError(f"UDP port {self.port} is taken or not allowed")
        self._looked_at = now
        places = dict.fromkeys([*self._outside, *here, *LOOPBACK])
        offered = [host for host in places if host in self._outside or host in self.endpoints]
        if [candidate.host for candidate in self._candidates] != offered:
            self._candidates = [_candidate(host, self.port, at) for at, host in enumerate(offered)]
        return self._candidates

    def close(self) -> None:
        for host in tuple(self.endpoints):
            self._close(host)
        self._looked_at = float("-inf")

    def _bind(self, host: str) -> None:
        try:
            endpoint = Endpoint(host, self.port, self._receive)
        except OSError as error:
            if host not in self._without:
                logger.info("webrtc: no UDP port on %s: %s", host, error.strerror)
                self._without.add(host)
            return
        self.port = endpoint.port
        self.endpoints[host] = endpoint
        self._without.discard(host)

    def _close(self, host: str) -> None:
        endpoint = self.endpoints.pop(host)
        endpoint.close()
        self._unsent += endpoint.unsent


def _candidate(host: str, port: int, place: int) -> aioice.Candidate:
    return aioice.Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=1,
        transport="udp",
        priority=candidate_priority(1, "host", 65535 - place),
        host=host,
        port=port,
        type="host",
    )


def _checked(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise StreamingError(f"« {address} » is not an IP address") from error
