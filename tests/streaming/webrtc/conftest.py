"""A studio's packets made by PyAV, and viewers that are real aiortc peers on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpSrPacket, RtpPacket

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.relay import Relay
from tests.streaming.webrtc.media import encode_pictures, encode_sounds


@pytest.fixture(scope="session")
def pictures() -> list[Packet]:
    return encode_pictures(100)


@pytest.fixture(scope="session")
def sounds() -> list[Packet]:
    """Two seconds of a tone."""
    return encode_sounds(100)


@dataclass
class Viewer:
    """A real peer that watches, and keeps what comes in."""

    connection: RTCPeerConnection
    session: str = ""
    offer: str = ""
    answer: str = ""
    packets: dict[str, list[RtpPacket]] = field(default_factory=lambda: {"video": [], "audio": []})
    reports: dict[str, list[RtcpSrPacket]] = field(
        default_factory=lambda: {"video": [], "audio": []}
    )
    came: asyncio.Event = field(default_factory=asyncio.Event)
    lose: Callable[[RtpPacket], bool] = lambda packet: False
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, fact: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until what came in makes `fact` true."""
        async with asyncio.timeout(seconds):
            while not fact():
                self.came.clear()
                await self.came.wait()

    def timestamps(self, kind: str) -> list[int]:
        """Each frame's RTP timestamp, in the order of sending."""
        packets = sorted(self.packets[kind], key=lambda packet: packet.sequence_number)
        return list(dict.fromkeys(packet.timestamp for packet in packets))

    def pictures(self) -> int:
        """How many have come to their end."""
        return sum(packet.marker for packet in self.packets["video"])

    def observe(self) -> None:
        for transceiver in self.connection.getTransceivers():
            self._observe(transceiver.receiver, transceiver.kind)
            _on_loopback(transceiver.receiver.transport.transport._connection)

    def _observe(self, receiver: Any, kind: str) -> None:
        handle_packet, handle_report = receiver._handle_rtp_packet, receiver._handle_rtcp_packet

        async def packet_came(packet: RtpPacket, arrival_time_ms: int) -> None:
            self.came.set()
            if not self.lose(packet):
                self.packets[kind].append(packet)
                await handle_packet(packet, arrival_time_ms)

        async def report_came(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                self.reports[kind].append(packet)
                self.came.set()
            await handle_report(packet)

        receiver._handle_rtp_packet, receiver._handle_rtcp_packet = packet_came, report_came


Watch = Callable[..., Any]


@asynccontextmanager
async def _watching(
    ask: Callable[[str], Awaitable[tuple[str, str]]],
    *,
    kinds: tuple[str, ...] = ("video", "audio"),
    lose: Callable[[RtpPacket], bool] = lambda packet: False,
    cipher: bytes = b"",
) -> AsyncIterator[Viewer]:
    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    connection = RTCPeerConnection(configuration)
    viewer = Viewer(connection, lose=lose)
    try:
        for kind in kinds:
            connection.addTransceiver(kind, "recvonly")
        viewer.observe()
        if cipher:
            transport = connection.getReceivers()[0].transport
            known = [each for each in transport._srtp_profiles if each.openssl_profile == cipher]
            transport._srtp_profiles = known

        @connection.on("connectionstatechange")
        def changed() -> None:
            if connection.connectionState in ("closed", "failed"):
                viewer.closed.set()

        await connection.setLocalDescription(await connection.createOffer())
        viewer.offer = connection.localDescription.sdp
        viewer.session, viewer.answer = await ask(viewer.offer)
        await connection.setRemoteDescription(RTCSessionDescription(viewer.answer, "answer"))
        yield viewer
    finally:
        await connection.close()


@pytest.fixture
def watching() -> Watch:
    """`async with watching(relay.answer) as viewer`: a peer that offers to receive."""
    return _watching


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def open_relay(feed: Feed) -> AsyncIterator[Callable[..., Relay]]:
    """Make relays of `feed` that are closed when the test ends."""
    relays: list[Relay] = []

    def open_(**settings: Any) -> Relay:
        relays.append(Relay(feed, **settings))
        return relays[-1]

    yield open_
    for relay in relays:
        await relay.close()


@pytest.fixture
def relay(open_relay: Callable[..., Relay]) -> Relay:
    return open_relay()


def _on_loopback(connection: Any) -> None:
    gather = connection.get_component_candidates

    async def only_loopback(component: int, addresses: list[str], timeout: int = 5) -> Any:
        return await gather(component, ["127.0.0.1"], timeout)

    connection.get_component_candidates = only_loopback
