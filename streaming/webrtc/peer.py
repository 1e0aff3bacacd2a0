"""One viewer's connection: aiortc for SDP, ICE, DTLS and RTCP, without its way of sending.

This module and `mux` are all that touches private names of aiortc, aioice and pylibsrtp. They are
held by tests/streaming/webrtc/test_contract.py, which names what moved.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import pylibsrtp
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import is_rtx
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
)

from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import Offer

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 5.0  # seconds
STREAM_NAME = "fabrique-tv"  # sound and picture of one name are played in sync

# Ready(kind, payload type, payload type of retransmissions if any, their source)
Ready = Callable[[str, int, int | None, int], None]


class Peer:
    """A connection that receives one picture and one sound.

    `sources` are our streams by kind. `on_ready` is called for each when media may flow, `on_loss`
    with the numbers of packets that the viewer misses, `on_alive` whenever the viewer proves to be
    there, and `on_gone` once, when the connection is over.
    """

    def __init__(
        self,
        mux: Mux,
        sources: Mapping[str, int],
        *,
        on_ready: Ready,
        on_loss: Callable[[str, Iterable[int]], None],
        on_alive: Callable[[], None],
        on_gone: Callable[[], None],
    ) -> None:
        self._mux = mux
        self._sources = sources
        self._on_ready = on_ready
        self._on_loss = on_loss
        self._on_alive = on_alive
        self._on_gone = on_gone
        self.pictures_lost = 0
        # No STUN server: aiortc would ask a public one by default, and wait for it.
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._connection.on("connectionstatechange", self._changed)
        self._dtls: RTCDtlsTransport | None = None
        self._ice: Any = None

    async def answer(self, offer: Offer) -> str:
        """Open the connection's own side and return the SDP answer."""
        connection = self._connection
        await connection.setRemoteDescription(RTCSessionDescription(offer.narrowed, "offer"))
        transceivers = connection.getTransceivers()
        self._dtls = dtls = transceivers[0].receiver.transport
        self._ice = dtls.transport._connection
        self._mux.attach(self._ice, self._on_alive)
        # As DTLS server we choose the cipher: AES-128-GCM costs a third less than AES-CM with SHA1.
        dtls._srtp_profiles = sorted(dtls._srtp_profiles, key=_cipher_rank)
        if not offer.we_are_active:
            dtls._set_role("server")
        for transceiver in transceivers:
            sender = _Sender(transceiver.kind, dtls, self)
            cast(Any, transceiver)._RTCRtpTransceiver__sender = sender
            transceiver.direction = "sendonly"
            transceiver._codecs = offer.codecs[transceiver.kind]
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

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        self._connection.remove_all_listeners("connectionstatechange")
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._connection.close()
        except TimeoutError:
            logger.warning("a viewer's connection does not close, it is forgotten")
        finally:
            if self._ice is not None:
                self._mux.detach(self._ice)

    def _send(self, data: bytes) -> None:
        pair = self._ice._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)

    def _changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._connection.remove_all_listeners("connectionstatechange")
            self._on_gone()

    def _heard(self, kind: str, packet: AnyRtcpPacket) -> None:
        self._on_alive()
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            self._on_loss(kind, packet.lost)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            # Numbers are shared, so nobody gets a keyframe of his own: the next one is near.
            self.pictures_lost += 1


class _Sender(RTCRtpSender):
    """Stands where aiortc keeps the task that packs and sends: it only says what was agreed."""

    def __init__(self, kind: str, transport: RTCDtlsTransport, peer: Peer) -> None:
        super().__init__(kind, transport)
        self._ssrc = peer._sources[kind]
        self._stream_id = STREAM_NAME
        self._peer = peer
        self._registered = False

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        if self._registered:
            return
        self._registered = True
        self.transport._register_rtp_sender(self, parameters)
        types = [cast(int, codec.payloadType) for codec in parameters.codecs]
        resend = next((c.payloadType for c in parameters.codecs if is_rtx(c)), None)
        self._peer._on_ready(self.kind, types[0], resend, self._rtx_ssrc)

    async def stop(self) -> None:
        if self._registered:
            self.transport._unregister_rtp_sender(self)

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        self._peer._heard(self.kind, packet)


def _cipher_rank(profile: Any) -> int:
    order = (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,)
    return order.index(profile.libsrtp_profile) if profile.libsrtp_profile in order else len(order)
