"""One WebRTC connection: ICE and DTLS of aioice and aiortc, and what goes over it straight in SRTP.

Media goes between the shared socket and SRTP, encrypted and decrypted here; aiortc's own pump sees
the DTLS handshake only.
"""

import asyncio
import contextlib
import logging
import random
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceCandidate, candidate_to_aioice
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from streaming.webrtc import description
from streaming.webrtc.description import STREAM_NAME as STREAM_NAME
from streaming.webrtc.description import Section, Transport
from streaming.webrtc.mux import Mux
from streaming.webrtc.party import Party
from streaming.webrtc.private import Agent, Dtls, Path, Srtp
from streaming.webrtc.sdp import Offer, finished

logger = logging.getLogger(__name__)

KINDS = ("video", "audio")
CONNECT_TIMEOUT = 9.5  # seconds from the answer until media may flow
CLOSE_TIMEOUT = 5.0  # seconds
SOURCE_LIMIT = 64  # libsrtp keeps every source for ever, and looks for one in a list
CONSENT_INTERVAL = 5.0  # seconds, about (RFC 7675, 5.1)
CONSENT_EXPIRES = 30.0  # seconds without an answer to our checks


class Connection(ABC):
    """A connection that answers an offer, or makes one; what it carries is its subclasses' to say.

    Everything that the other side sends is counted in `refused` when it cannot be used: nothing of
    it raises. `sources` are the RTP sources that are ours, by kind. `round_trip` is in seconds, 0.0
    while nobody has measured it. `path` is where media goes and `srtp` what encrypts it, both None
    until it may flow; the path may change.
    """

    direction: ClassVar[str]  # of our side
    receives: ClassVar[bool]  # whether RTP comes in, and is worth asking whether the sender lives
    allowance: ClassVar[int]  # datagrams a second that are looked at
    connect_within: ClassVar[float] = CONNECT_TIMEOUT

    def __init__(self, mux: Mux, sources: Mapping[str, int]) -> None:
        self.refused = 0
        self.round_trip = 0.0
        self._sources = sources
        self._resend_sources = {kind: secrets.randbits(32) for kind in KINDS}
        self._mux = mux
        self._party: Party | None = None
        self._dtls: Dtls | None = None
        self._life: asyncio.Task[None] | None = None
        self._over = False
        self._proved_at = 0.0  # when the other side last sealed a check or media for us
        self._known: set[bytes] = set()  # sources that have proved to be the other side's

    # What is made of it.

    @abstractmethod
    def _opened(self) -> None:
        """Media may flow."""

    @abstractmethod
    def _alive(self) -> None:
        """The other side has proved to be there."""

    @abstractmethod
    def _gone(self) -> None:
        """The connection is over; said once."""

    @abstractmethod
    def _take_rtp(self, data: bytes) -> None:
        """Take a packet of RTP, decrypted."""

    @abstractmethod
    def _take_rtcp(self, data: bytes) -> None:
        """Take RTCP, decrypted."""

    def _moved(self) -> None:  # noqa: B027  # few care
        """Media goes another way from now on: see `path`."""

    # Its life.

    async def answer(self, offer: Offer) -> str:
        """Open the connection's own side and return the SDP answer. Raises StreamingError."""
        sections = SessionDescription.parse(offer.narrowed).media
        lead = sections[0]
        party = self._attach(controlling=lead.ice is not None and lead.ice.iceLite)
        role = "client" if offer.we_are_active else "server"
        kinds = {section.kind: section.rtp.muxId for section in sections}
        answer = self._describe(party, kinds, offer.codecs, role)
        self._begin(party, lead, role)
        return offer.complete(answer)

    async def propose(self, codecs: Mapping[str, list[RTCRtpCodecParameters]]) -> str:
        """Open the connection's own side and return an SDP offer of ours, with these codecs.

        Its sections are called by their number. Raises StreamingError.
        """
        party = self._attach(controlling=True)  # RFC 8445, 6.1.1
        kinds = {kind: str(place) for place, kind in enumerate(codecs)}
        return finished(self._describe(party, kinds, codecs, "auto"))

    async def accept(self, answer: Offer) -> None:
        """Take the answer to that offer."""
        assert self._party is not None, "an answer comes after an offer"
        lead = SessionDescription.parse(answer.narrowed).media[0]
        self._begin(self._party, lead, "client" if answer.we_are_active else "server")

    @property
    def connected(self) -> bool:
        """Whether media may flow."""
        return not self._over and self.srtp is not None

    @property
    def path(self) -> Path | None:
        return None if self._party is None else self._party.agent.path

    @property
    def srtp(self) -> Srtp | None:
        return None if self._dtls is None else self._dtls.outgoing

    def send(self, packet: bytes) -> None:
        """Encrypt and send one RTP packet; it is lost if the connection is."""
        if (srtp := self.srtp) is not None:
            self._send(srtp.session.protect(packet))

    def send_report(self, packet: bytes) -> None:
        """Encrypt and send RTCP."""
        if (srtp := self.srtp) is not None:
            self._send(srtp.session.protect_rtcp(packet))

    async def add_candidates(self, candidates: Sequence[RTCIceCandidate]) -> None:
        """Try these addresses of the other side too."""
        for candidate in candidates:
            self._ice.add(candidate_to_aioice(candidate))

    def restart(self, name: str, password: str) -> tuple[str, str, list[str]]:
        """Begin a new ICE session with the other side's new credentials (RFC 8445, 9).

        Return our new ones, and our candidates as SDP has them. Media goes on by the old path until
        the other side has chosen a new one.
        """
        assert self._party is not None, "a connection is restarted once it has begun"
        return self._mux.restart(self._party, name, password)

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        self._over = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if self._life is not None:
                    self._life.cancel()
                    await asyncio.wait([self._life])
                if self._dtls is not None:
                    await self._dtls.close()
                if self._party is not None:
                    await self._party.agent.close()
        except TimeoutError:
            logger.warning("webrtc: a connection does not close, it is forgotten")
        finally:
            if self._party is not None:
                self._mux.detach(self._party)

    # What the mux tells.

    def heard(self) -> None:
        self._proved_at = time.monotonic()
        if not self._over:
            self._alive()

    def moved(self) -> None:
        if not self._over:
            self._moved()

    def flooded(self) -> None:
        self._end("the other side floods us")

    def received(self, data: bytes) -> bool:
        """Decrypt what came from an address that has proved to be the other side's.

        Return whether this proves it again.
        """
        incoming = None if self._dtls is None else self._dtls.incoming
        if incoming is None or len(data) < 12 or self._over:
            return False
        control = 192 <= data[1] <= 223  # RFC 5761, 4
        if not control and not self.receives:
            return False
        source = data[4:8] if control else data[8:12]
        if source not in self._known and len(self._known) >= SOURCE_LIMIT:
            self.refused += 1
            return False
        clear = incoming.opened_control(data) if control else incoming.opened(data)
        if clear is None:  # forged, repeated, or longer than it can be
            self.refused += 1
            return False
        self._known.add(source)
        self._proved_at = time.monotonic()
        if control:
            self._take_rtcp(clear)
        else:
            self._take_rtp(clear)
        return True

    # Inside.

    @property
    def _ice(self) -> Agent:
        assert self._party is not None, "there is no ICE before an offer or an answer"
        return self._party.agent

    def _send(self, data: bytes) -> None:
        if (path := self.path) is not None:
            path.endpoint.sendto(data, path.address)

    def _attach(self, *, controlling: bool) -> Party:
        self._party = self._mux.attach(self, self.allowance)
        self._party.agent.ice_controlling = controlling
        return self._party

    def _describe(
        self,
        party: Party,
        mids: Mapping[str, str],
        codecs: Mapping[str, list[RTCRtpCodecParameters]],
        role: str,
    ) -> str:
        sections = [
            Section(kind, mid, codecs[kind], self._sources.get(kind, 0), self._resend_sources[kind])
            for kind, mid in mids.items()
        ]
        ice, fingerprints = party.agent, party.identity.getFingerprints()
        name, password = ice.local_username, ice.local_password
        transport = Transport(name, password, ice.local_candidates, fingerprints, role)
        return description.write(sections, transport, self.direction)

    def _begin(self, party: Party, other: MediaDescription, role: str) -> None:
        """Connect to the other side, as a section of its description says who it is."""
        assert other.ice is not None, "sdp has seen to it"
        assert other.dtls is not None, "sdp has seen to it"
        ice = party.agent
        name, password = other.ice.usernameFragment or "", other.ice.password or ""
        ice.meet(name, password, lite=other.ice.iceLite)
        for candidate in other.ice_candidates:
            ice.add(candidate_to_aioice(candidate))
        self._dtls = dtls = Dtls(ice, party.identity, active=role == "client")
        self._life = asyncio.create_task(self._live(ice, dtls, other.dtls))

    async def _live(self, ice: Agent, dtls: Dtls, other: RTCDtlsParameters) -> None:
        why = "it was closed by the other side"
        try:
            async with asyncio.timeout(self.connect_within):
                await ice.connect()
                await dtls.shake_hands(other)
            self._opened()
            if self.receives:
                await self._keep_consent(ice, dtls)
            else:
                await dtls.over.wait()
        except TimeoutError:
            why = "it never came about"
        except ConnectionError as error:
            why = str(error)
        except Exception:
            # aiortc tells by any error that it cannot go on, OpenSSL's among them.
            logger.info("webrtc: a connection failed", exc_info=True)
            why = "it failed"
        self._end(why)

    async def _keep_consent(self, ice: Agent, dtls: Dtls) -> None:
        """Ask again and again whether we may send, and how far away the other side is."""
        granted = time.monotonic()
        while time.monotonic() - granted < CONSENT_EXPIRES:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONSENT_INTERVAL * random.uniform(0.8, 1.2)):  # noqa: S311 -- jitter
                    await dtls.over.wait()
                return
            with contextlib.suppress(ConnectionError):
                self.round_trip = await ice.ask()
                granted = time.monotonic()
                self._alive()
            # libav's WHIP sends and asks, but never answers: what only it can have sealed will do.
            granted = max(granted, self._proved_at)
        raise ConnectionError("consent to send has expired")

    def _end(self, why: str) -> None:
        if not self._over:
            self._over = True
            logger.info("webrtc: a connection ends: %s", why)
            self._gone()
