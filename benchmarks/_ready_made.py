"""A WHEP server that only sends: ready-made packets, by aiortc's own senders or by our relay.

    python -m benchmarks._ready_made stock|relay PACKETS    (prints its port, then serves)

Both have the same process around them, so that what differs is the way to viewers. Stock aiortc
does the least that it can: tracks whose packets need no encoding. Only loopback is offered, which
aiortc leaves out by itself: so that it sends by the same path as the others.
"""

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import aioice.ice
import av
import uvicorn
import uvloop
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import _film
from streaming import h264
from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.relay import Relay

WAITING = 60  # packets that a track keeps for its sender
RATES = (90_000, 48_000)  # of H.264 and Opus


class Server(Protocol):
    async def answer(self, sdp: str) -> tuple[str, str]:
        """The session's name and the SDP answer."""

    async def hangup(self, session: str) -> object: ...

    def send(self, kind: int, at: float, data: bytes) -> None:
        """Send a packet (0: H.264 as Annex B, 1: Opus) to everybody."""


class Track(MediaStreamTrack):
    """What one viewer's sender takes its packets from."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.packets: asyncio.Queue[av.Packet[Any]] = asyncio.Queue(WAITING)

    async def recv(self) -> Any:
        return await self.packets.get()


class Stock:
    def __init__(self) -> None:
        self._sessions: dict[str, tuple[RTCPeerConnection, list[Track]]] = {}

    async def answer(self, sdp: str) -> tuple[str, str]:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        tracks = []
        for transceiver in connection.getTransceivers():
            tracks.append(Track(transceiver.kind))
            transceiver.sender.replaceTrack(tracks[-1])
            transceiver.direction = "sendonly"
        await connection.setLocalDescription(await connection.createAnswer())
        session = secrets.token_urlsafe(8)
        self._sessions[session] = connection, tracks
        return session, connection.localDescription.sdp

    async def hangup(self, session: str) -> None:
        connection, _ = self._sessions.pop(session)
        await connection.close()

    def send(self, kind: int, at: float, data: bytes) -> None:
        packet = av.Packet(data)
        packet.pts = packet.dts = round(at * RATES[kind])
        packet.time_base = Fraction(1, RATES[kind])
        for _, tracks in self._sessions.values():
            if not tracks[kind].packets.full():
                tracks[kind].packets.put_nowait(packet)


class Ours:
    def __init__(self) -> None:
        self._feed = Feed()
        self._relay = Relay(self._feed)
        self._config = b""
        self.answer, self.hangup = self._relay.answer, self._relay.hangup

    def send(self, kind: int, at: float, data: bytes) -> None:
        if kind:
            self._feed.opus.append(Packet(data, at, at, True))
            return
        picture, sps, pps = h264.to_avcc(data)
        if sps:
            self._config = h264.make_config(sps, pps)
        self._feed.webrtc.append(Packet(picture, at, at, bool(sps), self._config))


async def play(server: Server, packets: list[tuple[int, float, bytes]]) -> None:
    """Send the film's packets in time, for ever."""
    began, passed = time.monotonic(), 0.0
    while True:
        for kind, at, data in packets:
            wait = began + passed + at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            server.send(kind, passed + at, data)
        passed += _film.SECONDS


def door(server: Server, packets: list[tuple[int, float, bytes]]) -> Starlette:
    async def offer(request: Request) -> Response:
        session, answer = await server.answer((await request.body()).decode())
        return Response(answer, 201, {"location": f"/whep/{session}"}, "application/sdp")

    async def hangup(request: Request) -> Response:
        await server.hangup(request.path_params["session"])
        return Response()

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(play(server, packets))
        yield
        task.cancel()

    routes = [
        Route("/whep", offer, methods=["POST"]),
        Route("/whep/{session}", hangup, methods=["DELETE"]),
    ]
    return Starlette(routes=routes, lifespan=life)


async def serve(which: str, packets: Path) -> None:
    server: Server = Stock() if which == "stock" else Ours()
    app = door(server, _film.read_packets(packets))
    front = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    async with asyncio.TaskGroup() as group:
        group.create_task(front.serve())
        while not front.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
        print(front.servers[0].sockets[0].getsockname()[1], flush=True)


if __name__ == "__main__":
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    uvloop.run(serve(sys.argv[1], Path(sys.argv[2])))
