"""Connections behind one UDP port, which note what they are told, and peers that come to them."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aioice import Connection as Ice
from aioice import stun
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import read_offer
from streaming.webrtc.party import Claim, Party
from streaming.webrtc.peer import Peer
from streaming.webrtc.udp import Address

VIDEO, AUDIO = 1, 2  # our sources


class Host(Peer):
    """Our side of one viewer's connection."""

    connect_within: ClassVar[float] = 9.5

    def __init__(self, mux: Mux) -> None:
        self.ready: list[str] = []
        self.lost: list[int] = []
        self.alive = self.moves = self.ends = 0
        self.told = asyncio.Event()
        super().__init__(
            mux,
            {"video": VIDEO, "audio": AUDIO},
            on_ready=self._note_ready,
            on_loss=self._note_loss,
            on_alive=self._note_alive,
            on_moved=self._note_move,
            on_gone=self._note_end,
        )

    async def until(self, fact: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not fact():
                self.told.clear()
                await self.told.wait()

    @property
    def party(self) -> Party:
        assert self._party is not None
        return self._party

    @property
    def claims(self) -> list[Claim]:
        return self.party.claims

    def _note_ready(self, kind: str, *rest: Any) -> None:
        self.ready.append(kind)
        self.told.set()

    def _note_loss(self, kind: str, sequences: Iterable[int]) -> None:
        self.lost += sequences
        self.told.set()

    def _note_alive(self) -> None:
        self.alive += 1
        self.told.set()

    def _note_move(self) -> None:
        self.moves += 1
        self.told.set()

    def _note_end(self) -> None:
        self.ends += 1
        self.told.set()


@dataclass
class Guest:
    """A viewer: a real aiortc peer, and our side of it."""

    peer: RTCPeerConnection
    host: Host
    came: list[bytes] = field(default_factory=list)  # RTP, decrypted
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def dtls(self) -> Any:
        return self.peer.getReceivers()[0].transport

    @property
    def ice(self) -> Ice:
        ice: Ice = self.dtls.transport._connection
        return ice

    @property
    def pair(self) -> Any:
        return self.ice._nominated[1]

    @property
    def address(self) -> Address:
        """Where we hear it."""
        path = self.host.path
        assert path is not None
        return path.address

    def check(
        self, *, nominate: bool = True, role: str = "ICE-CONTROLLING", priority: int = 1
    ) -> stun.Message:
        """A connectivity check as it would make one, not sealed yet."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.ice.remote_username}:{self.ice.local_username}"
        request.attributes["PRIORITY"] = priority
        request.attributes[role] = 2**64 - 1
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        return request

    @property
    def key(self) -> bytes:
        """What its checks are sealed with."""
        return (self.ice.remote_password or "").encode()

    def sealed(self, **about: Any) -> bytes:
        request = self.check(**about)
        request.add_message_integrity(self.key)
        return bytes(request)

    async def ask(self, request: stun.Message) -> stun.Message:
        """Send a check from its own socket; return the answer. Raises TransactionError."""
        answer, _ = await self.pair.protocol.request(request, self.pair.remote_addr, self.key)
        assert isinstance(answer, stun.Message)
        return answer

    def say(self, data: bytes) -> None:
        """Send a datagram from its own socket."""
        self.pair.protocol.transport.sendto(data, self.pair.remote_addr)

    def report(self, data: bytes) -> None:
        """Send RTCP."""
        self.say(self.dtls._tx_srtp.protect_rtcp(data))

    async def gets(self, data: bytes, seconds: float = 10) -> None:
        """Be sent a packet, and wait until it comes."""
        self.host.send(data)
        async with asyncio.timeout(seconds):
            while data not in self.came:
                self.arrived.clear()
                await self.arrived.wait()


def packet(number: int) -> bytes:
    """A packet of RTP."""
    return b"\x80\x60" + number.to_bytes(2, "big") + bytes(4) + VIDEO.to_bytes(4, "big") + b"hello"


@asynccontextmanager
async def visiting(
    mux: Mux,
    *,
    host: type[Host] = Host,
    addresses: Iterable[str] = ("127.0.0.1",),
    change: Callable[[str], str] = lambda offer: offer,
    connects: bool = True,
    handshake: Callable[[bytes], bytes] | None = None,
    everywhere: bool = False,
) -> AsyncIterator[Guest]:
    """A viewer that comes in from `addresses`; `change` is done to its offer on the way.

    It hears of our loopback addresses, as long as it should not come `everywhere`: so it is known
    which path it takes. With `handshake`, which is done to what it says of DTLS, it need not come
    to connect.
    """
    peer = RTCPeerConnection(
        RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )
    guest = Guest(peer, host(mux))
    connected = asyncio.Event()

    @peer.on("connectionstatechange")
    def changed() -> None:
        if peer.connectionState == "connected":
            connected.set()

    try:
        peer.addTransceiver("video", "recvonly")
        _gather_on(guest.ice, list(addresses))
        await peer.setLocalDescription(await peer.createOffer())
        offer = read_offer(change(peer.localDescription.sdp))
        answer = await guest.host.answer(offer)
        if not everywhere:
            answer = re.sub(r"a=candidate:(?!.* (?:127\.0\.0\.1|::1) ).*\r\n", "", answer)
        if handshake is not None:
            _pass_by(guest.ice, handshake)
            await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        elif connects:
            await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            await guest.host.until(lambda: guest.host.ready == ["video"])
            async with asyncio.timeout(10):
                await connected.wait()
            _listen(guest)
        yield guest
    finally:
        await guest.host.close()
        await peer.close()


def _listen(guest: Guest) -> None:
    """Note what comes."""

    async def came(data: bytes, arrival_time_ms: int) -> None:
        guest.came.append(data)
        guest.arrived.set()

    guest.dtls._handle_rtp_data = came


def _pass_by(ice: Ice, change: Callable[[bytes], bytes]) -> None:
    """Let its DTLS through `change`."""
    for protocol in ice._protocols:
        transport: Any = protocol.transport
        send = transport.sendto

        def sendto(data: bytes, address: Address, send: Any = send) -> None:
            send(change(data) if 19 < data[0] < 64 else data, address)

        transport.sendto = sendto


def _gather_on(ice: Any, there: list[str]) -> None:
    gather = ice.get_component_candidates

    async def only_there(component: int, addresses: list[str], timeout: int = 5) -> Any:
        return await gather(component, there, timeout)

    ice.get_component_candidates = only_there
