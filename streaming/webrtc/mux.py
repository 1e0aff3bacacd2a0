"""One UDP port for all viewers and studios: who a datagram is from, told by what it says.

aioice opens a socket per connection. Here a connection gets lanes of shared sockets instead, one
per address of the machine: requests find their connection by its user name (RFC 8445, 7.2.2), our
own checks' answers by their transaction, and media by the address that such a request came from.
"""

import asyncio
import ipaddress
import logging
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol
from aioice.stun import Message

from streaming.errors import StreamingError

logger = logging.getLogger(__name__)

MAGIC_COOKIE = b"\x21\x12\xa4\x42"  # RFC 8489, section 5
REQUEST, USERNAME = b"\0\x01", b"\0\x06"

SOCKET_LIMIT = 32
ADDRESSES_PER_VIEWER = 16  # and per studio
CANDIDATE_LIMIT = 32  # addresses of one viewer or studio that ICE remembers
TRANSACTION_LIMIT = 4096
WAITING_LIMIT = 256  # datagrams of a handshake that we have not looked at yet
BACKLOG = 4 * 1024 * 1024  # bytes that wait for the kernel; what comes beyond is dropped
SEND_BUFFER = 4 * 1024 * 1024
RECEIVE_BUFFER = 1024 * 1024

Address = tuple[str, int]
Consent: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


@dataclass(eq=False)
class _Party:
    """A connection: where it hears, and who takes its SRTP and SRTCP."""

    on_media: Callable[[bytes], None]
    lanes: "dict[_Socket, StunProtocol]" = field(default_factory=dict)


class Mux:
    """The shared sockets, on one port (0: a free one).

    `addresses` are offered first: public ones that lead to this port. Raises StreamingError for
    what is not an address.
    """

    def __init__(self, port: int = 0, addresses: Sequence[str] = ()) -> None:
        self._port = port
        self._addresses = [_checked(address) for address in addresses]
        self._sockets: dict[str, _Socket] = {}
        self._opening = asyncio.Lock()
        self._connections: dict[str, _Party] = {}
        self._claims: dict[tuple[_Socket, Address], StunProtocol] = {}
        self._transactions: dict[bytes, StunProtocol] = {}
        self.refused = 0  # datagrams that made no sense
        self._complained_at = float("-inf")

    async def open(self) -> None:
        """Take the port on this machine, so that a taken one is known at once.

        Raises StreamingError.
        """
        await self._listen(["127.0.0.1"])

    def attach(
        self,
        connection: Connection,
        on_alive: Callable[[], None],
        on_media: Callable[[bytes], None],
        keep_consent: Consent | None = None,
    ) -> None:
        """Give `connection` our sockets.

        `on_alive` is called for each check of the other side, `on_media` with each datagram of SRTP
        and SRTCP that comes from where such a check came from. `keep_consent` runs from when the
        connection is made; without it a viewer lives by its own checks and reports, as with a lite
        agent: see the relay.
        """
        party = _Party(on_media)
        connection._local_username = name = secrets.token_hex(8)
        self._connections[name] = party
        check_incoming = connection.check_incoming

        async def gather(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
            await self._listen([*addresses, "127.0.0.1"])
            return self._candidates(connection, party, component, [*addresses, "127.0.0.1"])

        def heard(message: Message, address: Address, protocol: StunProtocol) -> None:
            # aioice comes here only with checks that prove they know our password.
            self._claim(address, protocol)
            on_alive()
            _forget_candidates(connection)
            check_incoming(message, address, protocol)

        async def no_consent_checks() -> None:
            pass

        patched = cast(Any, connection)  # aioice has no seams here: see tests/…/test_contract.py
        patched.get_component_candidates = gather
        patched.check_incoming = heard
        patched.query_consent = keep_consent or no_consent_checks

    def restart(
        self, connection: Connection, username: str, password: str
    ) -> tuple[str, str, list[str]]:
        """Begin a new ICE session (RFC 8445, 9), with the other side's new credentials.

        Return our new ones, and our candidates. What was nominated serves until the other side
        nominates a pair of the new session; its checks are answered for the new session only.
        """
        party = self._connections.pop(connection.local_username)
        for pair in connection._check_list:
            if pair.task is not None:
                pair.task.cancel()
        connection._check_list.clear()
        connection._early_checks.clear()
        connection._remote_candidates.clear()
        connection.remote_username, connection.remote_password = username, password
        connection._local_username = name = secrets.token_hex(8)
        connection._local_password = secrets.token_hex(16)
        self._connections[name] = party
        candidates = [candidate.to_sdp() for candidate in connection.local_candidates]
        return name, connection._local_password, candidates

    def detach(self, connection: Connection) -> None:
        """Forget a connection that is over."""
        party = self._connections.pop(connection.local_username, None)
        gone = set(party.lanes.values()) if party else set()
        self._claims = {key: lane for key, lane in self._claims.items() if lane not in gone}
        self._transactions = {
            key: lane for key, lane in self._transactions.items() if lane not in gone
        }

    async def close(self) -> None:
        endpoints = list(self._sockets.values())
        self._sockets.clear()
        for endpoint in endpoints:
            await endpoint.close()

    def received(self, data: bytes, address: Address, endpoint: "_Socket") -> None:
        """Pass a datagram on to whom it is for. Strangers are not answered."""
        kind = data[0]  # RFC 7983, 7
        if kind < 4:
            protocol = self._addressee(data, endpoint)
        else:
            protocol = self._claims.get((endpoint, address))
        if protocol is None:
            return
        if 127 < kind < 192:
            self._pass_on(data, cast(_Lane, protocol.transport))
        elif kind < 4 or protocol.receiver._queue.qsize() < WAITING_LIMIT:
            try:
                protocol.datagram_received(data, address)
            except Exception:
                # aioice's parser trusts its input: whatever is malformed ends it with any error.
                self.refused += 1
                logger.debug("webrtc: STUN that is not understood", exc_info=True)

    def _pass_on(self, data: bytes, lane: "_Lane") -> None:
        try:
            lane.on_media(data)
        except Exception:
            # A mistake of ours about one packet must not cost the others theirs.
            self.refused += 1
            now = asyncio.get_running_loop().time()
            if now - self._complained_at >= 1.0:
                self._complained_at = now
                logger.exception("webrtc: a packet of media failed (%d refused)", self.refused)

    def asked(self, data: bytes, protocol: StunProtocol) -> None:
        """Note a check of ours, so that its answer finds the way back."""
        if data[:2] == REQUEST and len(data) >= 20:
            self._transactions[data[8:20]] = protocol
            if len(self._transactions) > TRANSACTION_LIMIT:
                del self._transactions[next(iter(self._transactions))]

    def _addressee(self, data: bytes, endpoint: "_Socket") -> StunProtocol | None:
        if len(data) < 20 or data[4:8] != MAGIC_COOKIE:
            return None
        if data[:2] != REQUEST:
            return self._transactions.pop(data[8:20], None)
        party = self._connections.get(_named(data))
        return party.lanes.get(endpoint) if party else None

    def _claim(self, address: Address, protocol: StunProtocol) -> None:
        lane = cast(_Lane, protocol.transport)
        key = (lane.endpoint, address)
        if self._claims.get(key) is protocol:
            return
        self._claims[key] = protocol
        lane.claimed.append(key)
        if len(lane.claimed) > ADDRESSES_PER_VIEWER:
            oldest = lane.claimed.pop(0)
            if self._claims.get(oldest) is protocol:
                del self._claims[oldest]

    async def _listen(self, addresses: Iterable[str]) -> None:
        """Have a socket on each address; new ones come and go with the machine's networks."""
        async with self._opening:
            for address in addresses:
                if address in self._sockets or len(self._sockets) >= SOCKET_LIMIT:
                    continue
                try:
                    self._sockets[address] = await self._open_socket(address)
                except OSError as error:
                    logger.info("webrtc: no UDP port on %s: %s", address, error.strerror)
            if not self._sockets:
                raise StreamingError(f"UDP port {self._port} is taken or not allowed")

    async def _open_socket(self, address: str) -> "_Socket":
        loop = asyncio.get_running_loop()
        transport, endpoint = await loop.create_datagram_endpoint(
            lambda: _Socket(self), local_addr=(address, self._port)
        )
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._port = self._port or raw.getsockname()[1]
        return endpoint

    def _candidates(
        self,
        connection: Connection,
        party: _Party,
        component: int,
        addresses: list[str],
    ) -> list[Candidate]:
        places = [*self._addresses, *(a for a in addresses if a in self._sockets)]
        candidates = []
        for place, address in enumerate(places):
            candidate = Candidate(
                foundation=candidate_foundation("host", "udp", address),
                component=component,
                transport="udp",
                priority=candidate_priority(component, "host", 65535 - place),
                host=address,
                port=self._port,
                type="host",
            )
            candidates.append(candidate)
            endpoint = self._sockets.get(address)
            if endpoint is not None and endpoint not in party.lanes:
                protocol = StunProtocol(connection)
                protocol.connection_made(_Lane(self, endpoint, protocol, party.on_media))
                protocol.local_candidate = candidate
                party.lanes[endpoint] = protocol
                connection._protocols.append(protocol)
        return candidates


class _Socket(asyncio.DatagramProtocol):
    """One shared socket."""

    def __init__(self, mux: Mux) -> None:
        self._mux = mux
        self._transport: Any = None  # typeshed does not know a datagram transport's buffer
        self._closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        if data:
            self._mux.received(data, (address[0], address[1]), self)

    def connection_lost(self, error: Exception | None) -> None:
        self._closed.set()

    def error_received(self, error: Exception) -> None:
        """Who is gone answers by ICMP; that is noticed by silence."""

    def sendto(self, data: bytes, address: Address) -> None:
        transport = self._transport
        if not transport.is_closing() and transport.get_write_buffer_size() < BACKLOG:
            transport.sendto(data, address)

    async def close(self) -> None:
        self._transport.close()
        await self._closed.wait()


class _Lane(asyncio.DatagramTransport):
    """What aioice takes for a connection's own socket."""

    def __init__(
        self,
        mux: Mux,
        endpoint: _Socket,
        protocol: StunProtocol,
        on_media: Callable[[bytes], None],
    ) -> None:
        super().__init__()
        self.endpoint = endpoint
        self.on_media = on_media
        self.claimed: list[tuple[_Socket, Address]] = []
        self._mux = mux
        self._protocol = protocol

    def sendto(self, data: Any, address: Any = None) -> None:
        if data[0] < 4:
            self._mux.asked(data, self._protocol)
        self.endpoint.sendto(data, address)

    def close(self) -> None:
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)


def _forget_candidates(connection: Connection) -> None:
    """Bound the addresses that the other side may have checked us from, the oldest first.

    The pair that was nominated keeps what it needs by itself.
    """
    while len(connection._remote_candidates) > CANDIDATE_LIMIT:
        forgotten = connection._remote_candidates.pop(0)
        for pair in [p for p in connection._check_list if p.remote_candidate is forgotten]:
            if pair.task is not None:
                pair.task.cancel()
            connection._check_list.remove(pair)


def _checked(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise StreamingError(f"« {address} » is not an IP address") from error


def _named(request: bytes) -> str:
    """Our half of the USERNAME in a STUN request, or nothing."""
    position = 20
    while position + 4 <= len(request):
        size = int.from_bytes(request[position + 2 : position + 4], "big")
        if request[position : position + 2] == USERNAME:
            name = request[position + 4 : position + 4 + size]
            return name.partition(b":")[0].decode("ascii", "replace")
        position += 4 + (size + 3 & ~3)
    return ""
