"""All that we use of aiortc, aioice and pylibsrtp beyond what they promise; nobody else does.

Their versions are pinned. tests/streaming/webrtc/test_contract.py names what moved when another
version is tried; what each name is for is said here. Taken are: from aioice the ICE agent, whose
sockets are ours; from aiortc the DTLS handshake that gives the keys; from pylibsrtp its sessions,
and libsrtp itself for who encrypts many packets at a time.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

import aioice
import pylibsrtp
from aioice.ice import CandidatePair, StunProtocol, candidate_pair_priority, get_host_addresses
from aioice.stun import Message, TransactionError
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceTransport
from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    SRTPProtectionProfile,
)
from OpenSSL import SSL
from pylibsrtp import _binding

from streaming.webrtc.flights import Flights
from streaming.webrtc.udp import LONGEST, Address, Endpoint

# libsrtp by cffi: `lib.srtp_protect(context, packet, length)` encrypts in place, where there is
# room for `Srtp.tag` bytes more; `length` is an `int *`. It returns 0 when it could.
ffi: Any = _binding.ffi
lib: Any = _binding.lib

REMEMBERED = 32  # addresses of the other side that an agent keeps
FAITHFUL = 2.0  # seconds since anything came by a path in which no lesser one takes its place

_AES_128_GCM = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
_TAGS = {  # bytes that SRTP adds to a packet (RFC 7714, 13.1; RFC 3711, 5.2)
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM: 16,
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM: 16,
    pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 10,
}
# As DTLS server we choose the cipher: AES-128-GCM costs a third less than AES-CM with SHA1.
_PROFILES = sorted(SRTP_PROFILES, key=lambda each: each.libsrtp_profile != _AES_128_GCM)


def host_addresses() -> list[str]:
    """This machine's addresses but for loopback, IPv4 and IPv6; not those of one link only."""
    return [str(address) for address in get_host_addresses(use_ipv4=True, use_ipv6=True)]


class Identity(RTCCertificate):
    """The certificate of all our connections, and what is made of it once instead of for each.

    A fingerprint that many connections share tells nothing that our address does not.
    """

    _made_fingerprints: list[RTCDtlsFingerprint] | None = None
    _made_context: SSL.Context | None = None

    @property
    def is_old(self) -> bool:
        """Whether it is time for another: it is valid for a month, and connections last."""
        return bool(self.expires - datetime.now(UTC) < timedelta(days=15))

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:
        if self._made_fingerprints is None:
            self._made_fingerprints = super().getFingerprints()[:1]  # SHA-256: all know it
        return self._made_fingerprints

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._made_context is None:
            self._made_context = super()._create_ssl_context(srtp_profiles)
            # Nobody resumes a session here; the context would keep 20,000 of them.
            self._made_context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self._made_context


@dataclass(frozen=True, eq=False)
class Srtp:
    """One direction of a connection's SRTP.

    `context` is libsrtp's `srtp_t`, which lives as long as `session`: who keeps the one must keep
    this. `profile` is a pylibsrtp.Policy.SRTP_PROFILE_…, `tag` the bytes that it adds to a packet.
    """

    session: pylibsrtp.Session
    context: Any
    profile: int
    tag: int

    def opened(self, data: bytes) -> bytes | None:
        """Decrypt a packet of RTP; None when it is forged, repeated or too long."""
        return _opened(lib.srtp_unprotect, self.context, data)

    def opened_control(self, data: bytes) -> bytes | None:
        """Decrypt RTCP; None as above."""
        return _opened(lib.srtp_unprotect_rtcp, self.context, data)


# One place to decrypt in, for all connections: nothing here waits in between.
_room: Any = ffi.new("char[]", LONGEST)
_place: Any = ffi.buffer(_room)
_length: Any = ffi.new("int *")


def _opened(unprotect: Callable[[Any, Any, Any], int], context: Any, data: bytes) -> bytes | None:
    size = len(data)
    if size > LONGEST:
        return None
    _place[0:size] = data
    _length[0] = size
    if unprotect(context, _room, _length):
        return None
    return bytes(_place[0 : _length[0]])


class Dtls(RTCDtlsTransport):
    """aiortc's DTLS, on an agent of ours: a handshake, and keys for SRTP."""

    def __init__(self, agent: "Agent", identity: Identity, *, active: bool) -> None:
        super().__init__(cast(RTCIceTransport, agent), [identity])
        self.over = asyncio.Event()  # the other side has closed it
        self.outgoing: Srtp | None = None
        self.incoming: Srtp | None = None
        self._srtp_profiles = _PROFILES
        self._set_role("client" if active else "server")
        self.on("statechange", self._note)

    async def shake_hands(self, other: RTCDtlsParameters) -> None:
        """Agree on keys. Raises ConnectionError. It takes as long as the other side lets it."""
        await self.start(other)
        if self.state != "connected" or self._ssl is None:
            raise ConnectionError("the DTLS handshake failed")
        name = self._ssl.get_selected_srtp_profile()
        profile = next(p.libsrtp_profile for p in _PROFILES if p.openssl_profile == name)
        self.outgoing, self.incoming = (
            Srtp(session, session._srtp[0], profile, _TAGS[profile])
            for session in (self._tx_srtp, self._rx_srtp)
        )

    async def close(self) -> None:
        """Say good-bye, and let go of OpenSSL's and libsrtp's memory, which no collector counts."""
        task = self._task
        await self.stop()
        if task is not None:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()
        self.remove_all_listeners()
        self._ssl = self.outgoing = self.incoming = None
        self._tx_srtp = self._rx_srtp = cast(pylibsrtp.Session, None)  # as before the handshake

    def _note(self) -> None:
        if self.state in ("closed", "failed"):
            self.over.set()


class Lane(StunProtocol):
    """An agent's place on one of the shared sockets, where aioice has a socket of its own.

    `asked` holds the agents' own checks that wait for an answer, by transaction: for all of them,
    as an answer does not name the user.
    """

    def __init__(
        self,
        agent: "Agent",
        endpoint: Endpoint,
        candidate: aioice.Candidate,
        asked: dict[bytes, "Lane"],
    ) -> None:
        super().__init__(agent)
        self.local_candidate = candidate
        self.endpoint = endpoint
        self._asked = asked

    @property
    def agent(self) -> "Agent":
        return cast(Agent, self.receiver)

    async def request(
        self,
        request: Message,
        addr: Address,
        integrity_key: bytes | None = None,
        retransmissions: int | None = None,
    ) -> tuple[Message, Address]:
        number = request.transaction_id
        self._asked[number] = self
        try:
            reply: tuple[Message, Address] = await super().request(
                request, addr, integrity_key, retransmissions
            )
            return reply
        finally:
            self._asked.pop(number, None)

    def answered(self, message: Message, address: Address) -> None:
        """Take the answer to a check of ours."""
        if (transaction := self.transactions.get(message.transaction_id)) is not None:
            transaction.response_received(message, address)

    async def send_data(self, data: bytes, addr: Address) -> None:
        self.endpoint.sendto(data, addr)

    def send_stun(self, message: Message, addr: Address) -> None:
        self.endpoint.sendto(bytes(message), addr)

    async def close(self) -> None:
        """Nothing: the socket serves others."""


class Owner(Protocol):
    """Whom an agent tells what happens."""

    def proved(self, lane: Lane, address: Address) -> None:
        """A check came from `address` that knows our password."""

    def proved_at(self, lane: Lane, address: Address) -> float:
        """When the last one came from there, by time.monotonic; 0.0: never."""

    def moved(self) -> None:
        """`Agent.path` is another now."""


@dataclass(frozen=True)
class Path:
    """Where a connection's media goes, as both sides have agreed."""

    endpoint: Endpoint
    address: Address


class Agent(aioice.Connection):
    """One connection's ICE agent (RFC 8445): aioice's, on lanes of shared sockets.

    It gathers nothing and looks up no names. What aioice calls a protocol is a `Lane`.
    """

    def __init__(self, owner: Owner) -> None:
        super().__init__(
            ice_controlling=False,
            local_username=secrets.token_hex(8),
            local_password=secrets.token_hex(16),
        )
        self.path: Path | None = None
        self._owner = owner
        self._flights = Flights()
        self._chosen: CandidatePair | None = None  # in this session: a restart begins another

    @property
    def role(self) -> str:
        """As aiortc's DTLS asks its transport."""
        return "controlling" if self.ice_controlling else "controlled"

    @property
    def waiting(self) -> int:
        """Datagrams of a handshake that nobody has looked at yet."""
        return int(self._queue.qsize())

    def settle_on(self, lanes: list[Lane], candidates: list[aioice.Candidate]) -> None:
        """Have these lanes, and offer these candidates: more, when some lead here from outside."""
        self._protocols += lanes
        self._local_candidates += candidates
        self._local_candidates_start = self._local_candidates_end = True

    def meet(self, username: str, password: str, *, lite: bool) -> None:
        """Know the other side."""
        self.remote_username, self.remote_password = username, password
        self.remote_is_lite = lite

    def add(self, candidate: aioice.Candidate) -> None:
        """Try an address of the other side; what is no address (.local) is not looked up."""
        if not self._closing and len(self._remote_candidates) < REMEMBERED:
            self._add_remote_candidate(candidate, candidate.host)

    def answers_to(self, user: bytes) -> bool:
        """Whether a check's USERNAME is ours and the other side's of now."""
        return bool(self._valid_username(user.decode("utf-8", "replace")))

    def is_proven(self, lane: Lane, address: Address) -> bool:
        """Whether checks succeed both ways between this lane and that address."""
        pair = self._pair(lane, address)
        return pair is not None and pair.state is CandidatePair.State.SUCCEEDED

    def restart(self, username: str, password: str) -> None:
        """Begin a new session (RFC 8445, 9), with new credentials on both sides.

        The path serves until the other side nominates one of the new session.
        """
        for pair in self._check_list:
            if pair.task is not None:
                pair.task.cancel()
        self._check_list.clear()
        self._early_checks.clear()
        self._remote_candidates.clear()
        self._chosen = None
        self.remote_username, self.remote_password = username, password
        self._local_username = secrets.token_hex(8)
        self._local_password = secrets.token_hex(16)

    async def ask(self) -> float:
        """Ask on the path whether we may send (RFC 7675); return the round trip in seconds.

        Raises ConnectionError when there is no path, or no answer within 1.5 s.
        """
        pair = self._nominated.get(1)
        if pair is None or self._closing:
            raise ConnectionError("there is no path")
        request = self.build_request(pair, nominate=False)
        asked = time.monotonic()
        key = (self.remote_password or "").encode()
        try:
            await pair.protocol.request(request, pair.remote_addr, key, retransmissions=1)
        except TransactionError as error:
            raise ConnectionError("a consent check was not answered") from error
        return time.monotonic() - asked

    # What aioice calls.

    def check_incoming(self, message: Message, addr: Address, protocol: StunProtocol) -> None:
        # aioice comes here only with checks that prove they know our password.
        lane = cast(Lane, protocol)
        pair = self._pair(lane, addr)
        if pair is not None and pair.task is not None and pair.task.done():
            # Given up when another pair was nominated: now the other side comes back to it.
            pair.task, pair.state = None, CandidatePair.State.WAITING
        super().check_incoming(message, addr, protocol)
        self._forget()
        self._owner.proved(lane, addr)

    def check_complete(self, pair: CandidatePair) -> None:
        before = self._nominated.get(1)
        super().check_complete(pair)
        now = self._nominated.get(1)
        if now is None or now is before:
            return
        if self._chosen is not None and self._stays(self._chosen, now):
            self._nominated[1] = self._chosen
            return
        self._chosen = now
        self.path = Path(cast(Lane, now.protocol).endpoint, now.remote_addr)
        self._owner.moved()

    async def query_consent(self) -> None:
        """Nothing: consent is our connection's to keep."""

    async def _recv(self) -> bytes:
        """As aiortc's DTLS reads."""
        data: bytes = await self.recv()
        for again in self._flights.came(data):
            await self.send(again)
        return data

    async def _send(self, data: bytes) -> None:
        """As aiortc's DTLS writes."""
        self._flights.sent(data)
        await self.send(data)

    def _pair(self, lane: Lane, address: Address) -> CandidatePair | None:
        for pair in self._check_list:
            if pair.protocol is lane and pair.remote_addr == address:
                return pair
        return None

    def _stays(self, before: CandidatePair, now: CandidatePair) -> bool:
        """Whether the pair that was chosen is alive and better (RFC 5245, 8.1.1.2).

        Chromium nominates every pair that it checks; aioice would follow the last check.
        """
        heard = self._owner.proved_at(cast(Lane, before.protocol), before.remote_addr)
        if time.monotonic() - heard > FAITHFUL:
            return False
        return max(before, now, key=self._priority) is before

    def _priority(self, pair: CandidatePair) -> int:
        ours, theirs = pair.local_candidate, pair.remote_candidate
        return candidate_pair_priority(ours, theirs, self.ice_controlling)

    def _forget(self) -> None:
        """Bound the addresses that the other side may have checked us from, the oldest first."""
        chosen = self._chosen.remote_candidate if self._chosen else None
        while len(self._remote_candidates) > REMEMBERED:
            forgotten = next(c for c in self._remote_candidates if c is not chosen)
            self._remote_candidates.remove(forgotten)
            for pair in [p for p in self._check_list if p.remote_candidate is forgotten]:
                if pair.task is not None:
                    pair.task.cancel()
                self._check_list.remove(pair)
