"""A channel's WebRTC viewers: each frame is packed once, then encrypted for each of them."""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Literal

from streaming.errors import StreamingError, UnsupportedMedia
from streaming.feed import Feed
from streaming.h264 import nal_units, parameter_sets
from streaming.packet import Packet
from streaming.webrtc import rtp
from streaming.webrtc.mux import Mux
from streaming.webrtc.offer import Refusal, read_offer
from streaming.webrtc.peer import Peer
from streaming.webrtc.send import Output, Stream

logger = logging.getLogger(__name__)

Kind = Literal["video", "audio"]

VIEWER_LIMIT = 200
CONNECT_TIMEOUT = 10.0  # seconds from the answer until media flows
PATIENCE = 8.0  # seconds without a word from a viewer; browsers check every 2.5 s, Firefox every 5
CATCH_UP_INTERVAL = 0.005  # seconds
CATCH_UP_PACKETS = 64  # per interval and stream: 100 Mbps, which receivers' buffers can hold
CATCH_UP_TOTAL = 256  # per interval: about 3 ms of our loop, however many join at once
REPORT_INTERVAL = 1.0  # seconds


class OutOfOrder(Refusal):
    code = "b-frames"
    status = 406


class TooManyViewers(Refusal):
    code = "too-many-viewers"
    status = 503


class Viewer:
    """Someone who watches: a connection, and how far it has come in each stream."""

    def __init__(self, relay: "Relay", session: str, mux: Mux) -> None:
        self.session = session
        self.outputs: dict[str, Output] = {}
        self.joined_at = self.heard_at = time.monotonic()
        self._relay = relay
        self.peer = Peer(
            mux,
            {kind: stream.source for kind, stream in relay.streams.items()},
            on_ready=self._ready,
            on_loss=self._lost,
            on_alive=self._alive,
            on_gone=self._gone,
        )

    def waited_too_long(self, patience: float) -> str:
        """Why there is no use in keeping this viewer, or nothing."""
        now = time.monotonic()
        if now - self.heard_at > patience:
            return "vanished" if self.outputs else "never came"
        if not self.outputs and now - self.joined_at > CONNECT_TIMEOUT:
            return "never connected"
        return ""

    def report(self) -> None:
        for output in self.outputs.values():
            if output.packets:
                self.peer.send_report(output.report())

    def _ready(self, kind: str, payload_type: int, resend_type: int | None, source: int) -> None:
        stream = self._relay.streams[kind]
        output = Output(stream, payload_type, resend_type, source, self.peer.send)
        if stream.now():  # sound and picture are in sync from their first packets
            self.peer.send_report(output.report())
        output.begin()
        self.outputs[kind] = output
        self._relay.hurry()

    def _lost(self, kind: str, sequences: Iterable[int]) -> None:
        if (output := self.outputs.get(kind)) is not None:
            output.resend(sequences)

    def _alive(self) -> None:
        self.heard_at = time.monotonic()

    def _gone(self) -> None:
        self._relay.drop(self, "left")


class Relay:
    """Answers WHEP offers for a channel and sends its feed, until closed.

    Nothing is encoded here, and all that viewers can share is made once: what differs is the key.
    It takes its UDP sockets from `mux`, or opens its own on a free port and offers `addresses`
    first.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        addresses: Sequence[str] = (),
        mux: Mux | None = None,
        limit: int = VIEWER_LIMIT,
        patience: float = PATIENCE,
    ) -> None:
        self.streams: dict[str, Stream] = {
            "video": Stream(rtp.VIDEO_RATE),
            "audio": Stream(rtp.SOUND_RATE),
        }
        self._feed = feed
        self._mux = mux or Mux(addresses=addresses)
        self._owns_mux = mux is None
        self._limit = limit
        self._patience = patience
        self._viewers: dict[str, Viewer] = {}
        self._behind = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def viewers(self) -> int:
        """How many are being sent media."""
        return sum(1 for viewer in self._viewers.values() if viewer.outputs)

    async def answer(self, sdp: str) -> tuple[str, str]:
        """Take on a viewer: return the session's name and the SDP answer. Raises Refusal."""
        offer = read_offer(sdp)
        if "video" in offer.codecs and self._feed.out_of_order:
            raise OutOfOrder(
                "L’image du plateau a des images B, que WebRTC ne sait pas montrer. "
                "Regardez par HLS\u202f: la page le fait d’elle-même."
            )
        if len(self._viewers) >= self._limit:
            raise TooManyViewers(
                "Trop de spectateurs en direct immédiat. "
                "Regardez par HLS\u202f: la page le fait d’elle-même."
            )
        self._start()
        viewer = Viewer(self, secrets.token_urlsafe(12), self._mux)
        self._viewers[viewer.session] = viewer
        try:
            return viewer.session, await viewer.peer.answer(offer)
        except (StreamingError, asyncio.CancelledError):
            self.drop(viewer, "could not be answered")
            raise
        except Exception as error:
            # What read_offer let through and aiortc cannot use, it tells by any error.
            self.drop(viewer, "could not be answered")
            logger.info("webrtc: an offer is refused", exc_info=True)
            raise Refusal(
                "Ce lecteur demande une connexion que nous ne savons pas faire."
            ) from error

    async def hangup(self, session: str) -> bool:
        """End a session; False when there is none of that name."""
        viewer = self._viewers.get(session)
        if viewer is None:
            return False
        await self.drop(viewer, "hung up")
        return True

    async def close(self) -> None:
        """Part from all viewers."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for viewer in tuple(self._viewers.values()):
            self.drop(viewer, "the channel closes")
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._owns_mux:
            await self._mux.close()

    def drop(self, viewer: Viewer, why: str) -> asyncio.Future[None]:
        """Stop sending to a viewer at once; the connection is closed in the background."""
        if self._viewers.pop(viewer.session, None) is not None:
            logger.info("webrtc: a viewer %s, %d left", why, len(self._viewers))
        viewer.outputs.clear()
        task = asyncio.ensure_future(viewer.peer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def hurry(self) -> None:
        """Somebody has catching up to do."""
        self._behind.set()

    def _start(self) -> None:
        if not self._tasks:
            work = (self._show(), self._sound(), self._catch_up(), self._keep_house())
            self._tasks = [asyncio.create_task(coroutine) for coroutine in work]
            for task in self._tasks:
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Should our own work fail, viewers are let go: who asks again starts it anew."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        logger.error("webrtc: the relay failed", exc_info=error)
        tasks, self._tasks = self._tasks, []
        for each in tasks:
            each.cancel()
        for viewer in tuple(self._viewers.values()):
            self.drop(viewer, "is let go")

    async def _show(self) -> None:
        async for packet in self._feed.webrtc.follow():
            try:
                units: list[bytes | memoryview] = [*nal_units(packet.data)]
                if packet.key:
                    sps, pps = parameter_sets(packet.config)
                    units = [*sps, *pps, *units]
            except UnsupportedMedia as error:
                logger.warning("webrtc: a picture is left out: %s", error)
                continue
            self._send("video", rtp.h264_payloads(units), packet)

    async def _sound(self) -> None:
        async for packet in self._feed.opus.follow():
            self._send("audio", [packet.data], packet)

    def _send(self, kind: Kind, payloads: list[bytes], packet: Packet) -> None:
        stream = self.streams[kind]
        outputs = [
            (viewer, viewer.outputs[kind])
            for viewer in self._viewers.values()
            if kind in viewer.outputs
        ]
        live = [(viewer, output) for viewer, output in outputs if output.live]
        packets = stream.add(payloads, packet.pts, packet.key or kind == "audio")
        size = sum(map(len, payloads))
        clear: dict[int, list[bytes]] = {}
        for viewer, output in live:
            kept = clear.get(output.payload_type)
            if kept is None:
                kept = [rtp.packet(p, output.payload_type, stream.source) for p in packets]
                clear[output.payload_type] = kept
            try:
                output.pass_on(kept, size)
            except Exception:
                self._fail(viewer)
        for _, output in outputs:
            if output.position is None:
                output.begin()
                self.hurry()

    async def _catch_up(self) -> None:
        """Bring joiners from the newest keyframe to live, at a pace that their buffers can hold."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            joining = [
                (viewer, output)
                for viewer in self._viewers.values()
                for output in viewer.outputs.values()
                if output.behind
            ]
            share = CATCH_UP_TOTAL // max(1, len(joining))
            for viewer, output in joining:
                try:
                    output.catch_up(min(CATCH_UP_PACKETS, max(1, share)))
                except Exception:
                    self._fail(viewer)
                if output.behind:
                    self._behind.set()
            await asyncio.sleep(CATCH_UP_INTERVAL)

    async def _keep_house(self) -> None:
        """Report to viewers, and part from those who are gone."""
        while True:
            await asyncio.sleep(min(REPORT_INTERVAL, self._patience / 4))
            for viewer in tuple(self._viewers.values()):
                why = viewer.waited_too_long(self._patience)
                if not why and self._feed.out_of_order and "video" in viewer.outputs:
                    why = "cannot be shown B-frames"
                if why:
                    self.drop(viewer, why)
                    continue
                try:
                    viewer.report()
                except Exception:
                    self._fail(viewer)

    def _fail(self, viewer: Viewer) -> None:
        logger.warning("webrtc: sending to a viewer failed", exc_info=True)
        self.drop(viewer, "could not be sent to")
