"""A real studio for tests: an aiortc peer that publishes by WHIP, on loopback, as it is told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtp import RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPsfbPacket, RtcpRrPacket, RtpPacket

from streaming.h264 import nal_units, parameter_sets
from streaming.packet import Packet

PICTURES, SOUNDS = 25, 50  # per second

# Lose(kind, packet) -> what is sent instead of the packet
Wire = Callable[[str, bytes], Iterable[bytes]]


class Reel(MediaStreamTrack):
    """A track of encoded packets, played in real time, over and over."""

    def __init__(self, kind: str, packets: Sequence[Packet], rate: int) -> None:
        super().__init__()
        self.kind = kind
        self.sent = 0
        self._packets = packets
        self._rate = rate
        self._began = 0.0

    async def recv(self) -> av.Packet:  # type: ignore[override]
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        packet = self._packets[self.sent % len(self._packets)]
        await asyncio.sleep(self._began + self.sent / self._rate - loop.time())
        made = av.Packet(annexb(packet) if self.kind == "video" else packet.data)
        made.pts, made.time_base = self.sent, Fraction(1, self._rate)
        self.sent += 1
        return made


def annexb(picture: Packet) -> bytes:
    """A picture as an encoder gives it out, its parameter sets before a keyframe."""
    units = [bytes(unit) for unit in nal_units(picture.data)]
    if picture.key:
        sps, pps = parameter_sets(picture.config)
        units = [*sps, *pps, *units]
    return b"".join(b"\0\0\0\1" + unit for unit in units)


class Publisher:
    """The peer, and what it was told."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self.connection = connection
        self.offer = self.answer = ""
        self.session: Any = None
        self.reports: list[RtcpRrPacket] = []
        self.keys_wanted: list[float] = []
        self.missed: list[int] = []
        self.sent: dict[str, list[bytes]] = {"video": [], "audio": []}
        self.closed = asyncio.Event()
        self.connected = asyncio.Event()
        self.told = asyncio.Event()

    async def until(self, fact: Callable[[], Any], seconds: float = 20) -> None:
        """Wait until what was told by RTCP makes `fact` true."""
        async with asyncio.timeout(seconds):
            while not fact():
                self.told.clear()
                await self.told.wait()

    def sender(self, kind: str) -> RTCRtpSender:
        return next(s for s in self.connection.getSenders() if s.kind == kind)

    @property
    def dtls(self) -> Any:
        return self.connection.getSenders()[0].transport

    async def send(self, data: bytes) -> None:
        """Send RTP or RTCP of the test's own making, encrypted as the rest."""
        await self.dtls._send_rtp(data)

    def vanish(self) -> None:
        """Pull the cable: nothing more leaves."""
        for protocol in self.dtls.transport._connection._protocols:
            protocol.transport.sendto = lambda data, address: None

    def put_on(self, wire: Wire) -> None:
        """Let `wire` do with each RTP packet what a network might."""
        send = self.dtls._send_rtp
        sources = {
            source: sender.kind
            for sender in self.connection.getSenders()
            for source in (sender._ssrc, sender._rtx_ssrc)
        }

        async def sent(data: bytes) -> None:
            kind = sources.get(int.from_bytes(data[8:12], "big"), "")
            if 192 <= data[1] <= 223 or not kind:
                await send(data)
                return
            self.sent[kind].append(data)
            for each in wire(kind, data):
                await send(each)

        self.dtls._send_rtp = sent

    def listen(self) -> None:
        for sender in self.connection.getSenders():
            self._listen(sender)

    def _listen(self, sender: Any) -> None:
        handle = sender._handle_rtcp_packet

        async def heard(packet: Any) -> None:
            if isinstance(packet, RtcpRrPacket) and packet.reports:
                self.reports.append(packet)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
                self.keys_wanted.append(time.monotonic())
            elif getattr(packet, "lost", None) and packet.fmt == RTCP_RTPFB_NACK:
                self.missed += packet.lost
            self.told.set()
            await handle(packet)

        sender._handle_rtcp_packet = heard


Ask = Callable[[str], Awaitable[tuple[Any, str]]]


@asynccontextmanager
async def publishing(
    ask: Ask,
    pictures: Sequence[Packet] = (),
    sounds: Sequence[Packet] = (),
    *,
    wire: Wire | None = None,
    change: Callable[[str], str] = lambda offer: offer,
) -> AsyncIterator[Publisher]:
    """A studio that offers what it has; `ask(offer)` returns (session, answer)."""
    connection = RTCPeerConnection(
        RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )
    publisher = Publisher(connection)

    @connection.on("connectionstatechange")
    def changed() -> None:
        if connection.connectionState == "connected":
            publisher.connected.set()
        if connection.connectionState in ("closed", "failed"):
            publisher.closed.set()

    try:
        if pictures:
            _offer_h264(connection, Reel("video", pictures, PICTURES))
        if sounds:
            connection.addTransceiver(Reel("audio", sounds, SOUNDS), "sendonly")
        _on_loopback(publisher.dtls.transport._connection)
        publisher.listen()
        if wire is not None:
            publisher.put_on(wire)
        await connection.setLocalDescription(await connection.createOffer())
        publisher.offer = change(connection.localDescription.sdp)
        publisher.session, publisher.answer = await ask(publisher.offer)
        await connection.setRemoteDescription(RTCSessionDescription(publisher.answer, "answer"))
        yield publisher
    finally:
        await connection.close()


def packets_of(publisher: Publisher, kind: str) -> list[RtpPacket]:
    return [RtpPacket.parse(data) for data in publisher.sent[kind]]


def _offer_h264(connection: RTCPeerConnection, track: MediaStreamTrack) -> None:
    transceiver = connection.addTransceiver(track, "sendonly")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [codec for codec in codecs if codec.mimeType in ("video/H264", "video/rtx")]
    transceiver.setCodecPreferences(wanted)


def _on_loopback(connection: Any) -> None:
    gather = connection.get_component_candidates

    async def only_loopback(component: int, addresses: list[str], timeout: int = 5) -> Any:
        return await gather(component, ["127.0.0.1"], timeout)

    connection.get_component_candidates = only_loopback
