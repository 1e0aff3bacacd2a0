"""One WebRTC connection: aiortc for SDP, ICE and DTLS, without its way of sending and receiving.

Media goes straight between the shared socket and SRTP, encrypted and decrypted here; aiortc's own
pump sees the DTLS handshake only. This module and `mux` are all that touches private names of
aiortc, aioice and pylibsrtp. They are held by tests/streaming/webrtc/test_contract.py, which names
what moved.
"""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import pylibsrtp
from aioice.stun import TransactionError
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceCandidate, candidate_to_aioice
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters, RTCRtpSendParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender

from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import Offer

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 5.0  # seconds
STREAM_NAME = "fabrique-tv"  # sound and picture of one name are played in sync
SOURCE_LIMIT = 64  # libsrtp keeps every source for ever, and looks for one in a list
CONSENT_INTERVAL = 5.0  # seconds, about (RFC 7675, 5.1)
CONSENT_EXPIRES = 30.0  # seconds without an answer to our checks


class Connection(ABC):
    """A connection that answers an offer; what it carries is its subclasses' to say.

    Everything that the other side sends is counted in `refused` when it cannot be used: nothing of
    it raises. `sources` are the RTP sources that are ours, by kind. `round_trip` is in seconds, 0.0
    while nobody has measured it.
    """

    direction: ClassVar[str]  # of our side, in the answer
    receives: ClassVar[bool]  # whether RTP comes in, and is worth asking whether the sender lives

    def __init__(self, mux: Mux, sources: Mapping[str, int]) -> None:
        self.refused = 0
        self.round_trip = 0.0
        self._sources = sources
        self._resend_sources: dict[str, int] = {}
        self._mux = mux
        # No STUN server: aiortc would ask a public one by default, and wait for it.
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._connection.on("connectionstatechange", self._changed)
        self._dtls: RTCDtlsTransport | None = None
        self._ice: Any = None
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

    # Its life.

    async def answer(self, offer: Offer) -> str:
        """Open the connection's own side and return the SDP answer."""
        connection = self._connection
        await connection.setRemoteDescription(RTCSessionDescription(offer.narrowed, "offer"))
        transceivers = connection.getTransceivers()
        self._dtls = dtls = transceivers[0].receiver.transport
        self._ice = dtls.transport._connection
        consent = self._keep_consent if self.receives else None
        self._mux.attach(self._ice, self._alive, self._receive, consent)
        # As DTLS server we choose the cipher: AES-128-GCM costs a third less than AES-CM with SHA1.
        dtls._srtp_profiles = sorted(dtls._srtp_profiles, key=_cipher_rank)
        if not offer.we_are_active:
            dtls._set_role("server")
        for transceiver in transceivers:
            kind, inner = transceiver.kind, cast(Any, transceiver)
            inner._RTCRtpTransceiver__sender = sender = _Sender(kind, dtls, self._sources)
            inner._RTCRtpTransceiver__receiver = _Receiver(kind, dtls)
            self._resend_sources[kind] = sender._rtx_ssrc
            transceiver.direction = self.direction
            transceiver._codecs = offer.codecs[kind]
            transceiver._headerExtensions = []
        await connection.setLocalDescription(await connection.createAnswer())
        return offer.complete(connection.localDescription.sdp)

    @property
    def connected(self) -> bool:
        return self._connection.connectionState == "connected"

    def send(self, packet: bytes) -> None:
        """Encrypt and send one RTP packet; it is lost if the connection is."""
        if self._dtls is not None and self._dtls._tx_srtp is not None:
            self._send(self._dtls._tx_srtp.protect(packet))

    def send_report(self, packet: bytes) -> None:
        """Encrypt and send RTCP."""
        if self._dtls is not None and self._dtls._tx_srtp is not None:
            self._send(self._dtls._tx_srtp.protect_rtcp(packet))

    async def add_candidates(self, candidates: Sequence[RTCIceCandidate]) -> None:
        """Try these addresses of the other side too."""
        for candidate in candidates:
            await self._ice.add_remote_candidate(candidate_to_aioice(candidate))

    def restart(self, name: str, password: str) -> tuple[str, str, list[str]]:
        """Begin a new ICE session with the other side's new credentials (RFC 8445, 9).

        Return our new ones, and our candidates as SDP has them. Media goes on by the old path until
        the other side has chosen a new one.
        """
        return self._mux.restart(self._ice, name, password)

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        self._connection.remove_all_listeners("connectionstatechange")
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._connection.close()
        except TimeoutError:
            logger.warning("webrtc: a connection does not close, it is forgotten")
        finally:
            if self._ice is not None:
                self._mux.detach(self._ice)

    def _send(self, data: bytes) -> None:
        pair = self._ice._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._opened()
        elif state in ("failed", "closed"):
            self._connection.remove_all_listeners("connectionstatechange")
            self._gone()

    def _receive(self, data: bytes) -> None:
        """Decrypt what came from an address that has proved to be the other side's."""
        session = None if self._dtls is None else self._dtls._rx_srtp
        if session is None or len(data) < 12:
            return
        control = 192 <= data[1] <= 223  # RFC 5761, 4
        if not control and not self.receives:
            return
        source = data[4:8] if control else data[8:12]
        if source not in self._known and len(self._known) >= SOURCE_LIMIT:
            self.refused += 1
            return
        try:
            clear = session.unprotect_rtcp(data) if control else session.unprotect(data)
        except (pylibsrtp.Error, ValueError):  # forged, repeated, or longer than it can be
            self.refused += 1
            return
        self._known.add(source)
        if control:
            self._take_rtcp(clear)
        else:
            self._take_rtp(clear)

    async def _keep_consent(self) -> None:
        """Ask again and again whether we may send, and how far away the other side is."""
        ice, loop = self._ice, asyncio.get_running_loop()
        granted = loop.time()
        while loop.time() - granted < CONSENT_EXPIRES:
            await asyncio.sleep(CONSENT_INTERVAL * random.uniform(0.8, 1.2))
            pair, asked = ice._nominated.get(1), loop.time()
            if pair is None:
                continue
            request = ice.build_request(pair, nominate=False)
            key = ice.remote_password.encode()
            try:
                await pair.protocol.request(request, pair.remote_addr, key, retransmissions=1)
            except TransactionError:
                continue
            granted = loop.time()
            self.round_trip = granted - asked
            self._alive()
        logger.info("webrtc: consent to send has expired")
        self._connection.remove_all_listeners("connectionstatechange")
        self._gone()


class _Sender(RTCRtpSender):
    """Stands where aiortc keeps the task that packs and sends."""

    def __init__(self, kind: str, transport: RTCDtlsTransport, sources: Mapping[str, int]) -> None:
        super().__init__(kind, transport)
        self._ssrc = sources.get(kind, self._ssrc)
        self._stream_id = STREAM_NAME

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Nothing: what is sent goes to `Connection.send`."""

    async def stop(self) -> None:
        """Nothing was started."""


class _Receiver(RTCRtpReceiver):
    """Stands where aiortc keeps a jitter buffer and a decoder."""

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Nothing: what comes in goes to `Connection._take_rtp`."""

    async def stop(self) -> None:
        """Nothing was started."""


def _cipher_rank(profile: Any) -> int:
    order = (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,)
    return order.index(profile.libsrtp_profile) if profile.libsrtp_profile in order else len(order)
